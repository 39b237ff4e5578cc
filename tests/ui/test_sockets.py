"""Too much, from one socket, one session, one address: the running portal stops it, and nobody else feels it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from canaries import fill
from operators import audited
from page import Page, boot_event, handler_name
from server import RunningPortal, running_portal
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from portal_app import clock
from portal_app.commands.use_session import revoke_sessions_of_customer
from portal_app.ui import connections
from portal_app.ui.frames import MOST_UNREADABLE
from portal_app.ui.gate import RENEW

pytestmark = pytest.mark.xdist_group("sockets")

STRICT = {"PORTAL_LIMIT_EVENTS": "60 per 3 seconds", "PORTAL_TRUSTED_PROXIES": "127.0.0.1,::1"}
IMPATIENT = """
from portal_app.ui import connections
connections.SILENT_SECONDS = 2.0
connections.MOST_STRANGERS_OF_AN_ADDRESS = 8
from portal_app.ui import tokens
tokens.OPENINGS_OF_A_LINK = "8/hour"
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with running_portal(tmp_path_factory.mktemp("strict"), fill=fill, environment=STRICT, prelude=IMPATIENT) as portal:
        yield portal


def keep_sending(page: Page) -> None:
    """Send what a living page sends, for some seconds."""
    for _ in range(100):
        page.send_frame("3")
        page.listen(0.05)


@pytest.mark.threat("T38")
def test_of_a_flood_of_events_few_run_and_the_socket_ends(strict, tally):
    sent = 0
    with Page(strict) as bystander, Page(strict, first=boot_event(strict.token("globex"), "/invoices")) as flooding:
        bystander.boot(strict.token("acme")).wait_for_data("overview")
        flooding.wait_for_data("invoices")
        before = len(flooding.events)
        with suppress(ConnectionClosed):
            for number in range(20_000):
                flooding.call(handler_name("invoices", "search"), "/invoices", text=f"{number}")
                sent += 1
                if number % 500 == 0:
                    flooding.listen(0.05)
        assert sent < 20_000
        ran = len(flooding.events) - before
        assert ran <= 120
        bystander.call(handler_name("invoices", "load"), "/invoices")
        bystander.wait_for_data("invoices")
    tally("flood of events from one socket", sent, 0)


@pytest.mark.threat("T38")
def test_a_session_has_so_many_sockets_and_the_next_is_told_so_until_one_is_closed(strict):
    token = strict.token("acme")
    pages = [Page(strict).boot(token) for _ in range(connections.MOST_OF_A_SESSION)]
    assert {page.shows("status") for page in pages} == {"open"}
    with Page(strict) as one_more:
        assert one_more.boot(token).shows("status") == "crowded"
        assert not one_more.shows("profile")["name"]
        pages.pop().close()
        deadline = time.monotonic() + 20
        while one_more.shows("status") != "open" and time.monotonic() < deadline:
            one_more.call(RENEW, "/", token=token)
            one_more.listen(0.3)
        assert one_more.shows("status") == "open"
    for page in pages:
        page.close()


@pytest.mark.threat("T38")
def test_a_socket_that_presents_nothing_is_closed(strict):
    with Page(strict) as silent:
        silent.listen(5.0)
        with pytest.raises(ConnectionClosed):
            keep_sending(silent)


@pytest.mark.threat("T38")
def test_a_websocket_that_greets_nobody_is_closed(strict):
    address = f"{strict.origin.replace('http', 'ws', 1)}/_event/?EIO=4&transport=websocket&token=x"
    with connect(address, origin=Origin(strict.origin)) as websocket:
        websocket.recv(5)  # what Engine.IO says of itself
        with pytest.raises(ConnectionClosed):
            websocket.recv(10)


@pytest.mark.threat("T36")
def test_nobody_fills_the_audit_log_by_presenting_a_link_again_and_again(strict):
    good, ended = strict.token("globex"), strict.token("acme")
    with strict.database.writing() as session:
        revoke_sessions_of_customer(session, "acme", "over", "tests", clock.utc_now())
    opened, refused = (len(audited(strict.database, f"session.{what}")) for what in ("opened", "refused"))
    with Page(strict) as page:
        for _ in range(15):
            page.boot(good).boot(ended)
        page.boot(good).wait_for("open")
    assert len(audited(strict.database, "session.opened")) - opened == 8
    assert len(audited(strict.database, "session.refused")) - refused == 6


NOT_OF_A_PAGE = (
    '42/_event,["disconnect"]', '42/_event,["connect",{"QUERY_STRING":"token=x"}]', "40/_event,", "41/_event,", "49",
    '451-/_event,["event",{"_placeholder":true,"num":0}]', '42/_event,7["event",{}]', "43/_event,1[]", b"x", "4[]",
    '42/other,["event",{}]', '42["event",{}]', '42/_event,["link_token_to_sid","x","y"]',
)  # fmt: skip


@pytest.mark.threat("T15", "T38")
def test_whoever_sends_what_no_page_sends_is_closed_at_once(strict):
    """An event in parts would be kept until its last part comes, and one called `disconnect` lifts every limit."""
    for frame in NOT_OF_A_PAGE:
        with Page(strict) as page:
            page.boot(strict.token("globex"))
            page.send_frame(frame)
            with pytest.raises(ConnectionClosed):
                keep_sending(page)


@pytest.mark.threat("T22")
def test_of_frames_that_cannot_be_read_the_log_has_a_line_for_each_socket(strict):
    before = len(strict.printed())
    with Page(strict) as page:
        page.boot(strict.token("globex"))
        for _ in range(10):
            page.send_frame('42/_event,["event",' + json.dumps('x\n{"level": "info"}') + "]")
        page.settle()
    told = [line for line in strict.printed()[before:].splitlines() if "could not be read" in line]
    assert len(told) == 1
    assert "Traceback" not in strict.printed()[before:]


@pytest.mark.threat("T38")
@pytest.mark.parametrize("name", ["nobody.knows", [], "null"], ids=str)
def test_a_socket_that_names_events_that_are_none_is_closed_and_nothing_is_kept_of_them(portal, name):
    before = len(portal.printed())
    with Page(portal) as page, suppress(ConnectionClosed):
        page.boot(portal.token("acme"))
        for _ in range(20):
            for _ in range(100):
                page.call(name)
            page.listen(0.05)
        raise AssertionError("it is still open")
    assert "Error processing event queue entry" not in portal.printed()[before:]


@pytest.mark.threat("T38")
def test_whoever_goes_on_sending_what_cannot_be_read_is_closed(strict):
    with Page(strict) as page:
        page.boot(strict.token("globex"))
        for _ in range(MOST_UNREADABLE + 1):
            page.send_frame('42/_event,["event",{')
        with pytest.raises(ConnectionClosed):
            keep_sending(page)


@pytest.mark.threat("T38")
def test_strangers_of_one_address_are_so_many_and_those_of_another_are_not_turned_away(strict):
    opened: list[Page] = []
    with suppress(AssertionError, ConnectionClosed, InvalidStatus):
        while len(opened) < 20:
            opened.append(Page(strict, forwarded="198.51.100.1", patience=3).boot("nonsense"))
    assert len(opened) == 8
    with Page(strict, forwarded="198.51.100.2") as other:
        assert other.boot(strict.token("acme")).shows("status") == "open"
    for page in opened:
        page.close()


@pytest.mark.threat("T40")
def test_what_one_customer_asks_of_the_database_through_its_pages_keeps_no_other_waiting(portal, knobs):
    with Page(portal) as other, ExitStack() as stack:
        pages = [stack.enter_context(Page(portal)) for _ in range(connections.MOST_OF_A_SESSION)]
        for page in pages:
            page.boot(portal.token("acme"), "/nowhere").wait_for("open")
        other.boot(portal.token("globex"), "/nowhere").wait_for("open")
        knobs.turn("slow")
        for page in pages:
            page.call(handler_name("overview", "load"))
            page.listen(0.2)
        other.call(handler_name("invoices", "load"), "/invoices")
        other.wait_for_data("invoices")
        assert not other.tab("invoices")["failed"]
        knobs.back()
        for page in pages:
            page.wait_for_data("overview")
