"""Tokens, links and keys go through everything, with every logger at DEBUG: none is printed, none is stored."""

from __future__ import annotations

import json
from pathlib import Path

import cast
import httpx2
import pytest
from bent import Knobs
from canaries import fill
from links import file_link, live_principal
from page import BOOT, Page, boot_event, handler_name
from server import running_portal

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.access.downloads import FileKind
from portal_app.build import ROOT
from portal_app.settings import get_settings

DEBUG = "import logging\nlogging.basicConfig(level=1)\n"


@pytest.mark.threat("T8", "T35")
def test_no_secret_is_printed_or_stored(tmp_path):
    knobs = Knobs(tmp_path)
    with running_portal(tmp_path, fill=fill, prelude=DEBUG + knobs.prelude) as portal:
        token, refused = portal.token("acme"), portal.token("globex").rpartition(".")[0] + ".AAAA"
        link = file_link(
            live_principal(portal.database, "acme", clock.utc_now()), FileKind.INVOICES_CSV, "", clock.utc_now()
        )
        key = cast.api_key(portal.database, Scope.MINT, now=clock.utc_now())
        wrong_key = cast.api_key(portal.database, Scope.READ, now=clock.utc_now())
        minted = _over_http(portal.origin, token, link, key, wrong_key)
        _over_the_socket(portal, token, refused, key)
        knobs.turn(
            "broken", f"cannot use {token} nor {link} nor {key} nor {get_settings().session_keys.get_secret_value()}"
        )
        _over_http(portal.origin, token, link, key, wrong_key)
        _over_the_socket(portal, token, refused, key)
        knobs.back()
        printed = portal.printed()
    assert "DEBUG" in printed
    assert "cannot use [hidden] nor /files/[hidden] nor [hidden] nor t1:[hidden]" in printed
    secrets = [*_parts(token), *_parts(refused)[:1], *_parts(link), *_parts(minted), key[-51:], wrong_key[-51:]]
    secrets += get_settings().secrets()
    assert not [secret for secret in secrets if secret in printed]
    kept = b"".join(path.read_bytes() for path in Path(tmp_path).glob("portal.db*"))
    assert not [secret for secret in secrets if secret.encode() in kept]
    assert not (ROOT / ".states").exists()


def _parts(token: str) -> list[str]:
    """Return what is secret in a token: its claims, by which it could be known, and its signature."""
    return token.rpartition("/")[2].split(".")[1:]


def _over_http(origin: str, token: str, link: str, key: str, wrong_key: str) -> str:
    with httpx2.Client(base_url=origin, timeout=60, headers={"Connection": "close"}) as client:
        for path in (f"/?token={token}", f"/invoices?token={token}&q=x", f"/v1/x?token={token}", f"/nowhere/{token}",
                     link, link[:-3], f"/files/{token}", f"/files/{key}", f"/v1/customers/portal/{token}"):  # fmt: skip
            client.get(path)
        for headers in ({"x-api-key": wrong_key}, {"x-api-key": token}, {"Authorization": f"Bearer {key}"}, {"x": key}):
            client.post("/v1/customers/portal/acme", headers=headers)
        return client.post("/v1/customers/portal/acme", headers={"x-api-key": key}).json()["token"]


def _over_the_socket(portal, token: str, refused: str, key: str) -> None:
    odd = [
        token, {"name": token}, {"name": BOOT, "payload": {"vars": [token]}}, {"name": BOOT, "payload": token},
        {"name": BOOT, "router_data": token}, {"name": "x.y", "payload": {"vars": {"token": token}}}, [token, key],
        {"name": handler_name("invoices", "search"), "payload": {"texts": token}, "router_data": {"asPath": token}},
        {"k": token},
    ]  # fmt: skip
    with Page(portal, client_token=token) as page:
        for wrong in (refused, token):
            page.boot(wrong, f"/?token={token}")
        for event in odd:
            page.send(event)
            page.send_frame("42/_event," + json.dumps(["event", json.dumps(event)]))
            page.send_frame("42/_event," + json.dumps(["client_error", {"message": token, "error_type": key}]))
        page.send_frame(f"42/_event,[{token}")
        page.listen(0.3)
    with Page(portal, first={"name": BOOT, "payload": token}) as page:
        page.send(boot_event(token))
        page.listen(0.3)
