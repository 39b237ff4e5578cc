"""Where REFLEX_REDIS_URL is set, pages' states are in Redis: for as long as a page is open, and no longer."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
import redis
from canaries import seen
from page import Page

from portal_app.build import ROOT
from portal_app.settings import get_settings

MODE = "from rxconfig import config; print(config.state_manager_mode, config.redis_token_expiration)"


def holding(address: str, secrets: set[str]) -> set[str]:
    """Return the keys under which Redis holds any of these secrets."""
    with redis.Redis.from_url(address) as client:
        keys = [key for key in client.scan_iter() if client.type(key) == b"string"]
        return {str(key) for key, value in zip(keys, client.mget(keys), strict=True) if seen(secrets, str(value))}


@pytest.mark.parametrize(("address", "mode"), [("", "memory"), ("redis://:a-password@localhost:1", "redis")])
def test_states_are_in_redis_if_one_is_named_and_outlive_every_token(address, mode):
    environment = os.environ | {"REFLEX_REDIS_URL": address, "__REFLEX_SKIP_COMPILE": "true"}
    ran = subprocess.run(
        [sys.executable, "-c", MODE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [mode, str(get_settings().session_ttl_seconds + 600)]


@pytest.mark.threat("T9")
@pytest.mark.parametrize("served", ["redis"], indirect=True)
def test_what_a_page_showed_leaves_redis_with_the_page(portal, redis_address, acmes):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        assert [key for key in holding(redis_address, acmes) if page.client_token in key]
    deadline = time.monotonic() + 20
    while holding(redis_address, acmes) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert holding(redis_address, acmes) == set()
