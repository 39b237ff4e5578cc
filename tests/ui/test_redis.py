"""Where REFLEX_REDIS_URL is set, pages' states are in Redis: for as long as a page is open, and no longer."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest
import redis
from canaries import seen
from page import Page
from redis.asyncio import Redis
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

from portal_app.build import ROOT
from portal_app.settings import get_settings
from portal_app.ui.redis_locks import pass_locks_on

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


async def cancelled_after(turns: int, address: str) -> tuple[float, float]:
    """Cancel one of two that want a state some turns of the loop after it asked, both alone and behind another.

    Return the seconds until the next could have it.
    """
    manager = StateManagerRedis(redis=Redis.from_url(address))
    pass_locks_on(manager)
    await manager.redis.ping()  # connected: what is asked is on its way within a few turns

    async def hold(name: str) -> None:
        async with manager.modify_state(BaseStateToken(ident=name, cls=State)):
            await asyncio.sleep(0.01)

    async def seconds_after_a_cancelled_one(name: str, *before: asyncio.Task[None]) -> float:
        asking = asyncio.create_task(hold(name))
        for _ in range(turns):
            await asyncio.sleep(0)
        start = time.monotonic()
        asking.cancel()
        await asyncio.wait_for(hold(name), 20)
        await asyncio.gather(asking, *before, return_exceptions=True)
        return time.monotonic() - start

    alone = await seconds_after_a_cancelled_one(f"alone-{turns}")
    first = asyncio.create_task(hold(f"queue-{turns}"))
    await asyncio.sleep(0)
    behind = await seconds_after_a_cancelled_one(f"queue-{turns}", first)
    await manager.close()
    return alone, behind


@pytest.mark.parametrize("turns", range(1, 12))
def test_whoever_is_cancelled_while_it_waits_for_a_state_keeps_no_other_waiting(redis_address, turns):
    assert max(asyncio.run(cancelled_after(turns, redis_address))) < 5
