"""Attacks by the thousand on a running portal: forged tokens on every carrier, foreign ids in every argument, floods.

The server believes that it is the moment of the corpus and has its keys, and its register has the session
that the corpus forges: each forgery differs from what would be let in by its one oddity alone.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import cast
import httpx2
import pytest
import token_corpus as corpus
from canaries import fill, secrets_of, seen
from operators import audited
from page import ON_LOAD, Page, boot_event, handler_name, handlers
from server import RunningPortal, running_portal
from sqlmodel import select
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from portal_app import clock
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.use_session import revoke_sessions_of_customer
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice
from portal_app.ui import connections
from portal_app.ui.frames import MOST_UNREADABLE
from portal_app.ui.gate import RENEW

pytestmark = pytest.mark.xdist_group("attacks")

AT_ITS_MOMENT = f"""
from datetime import UTC, datetime
from portal_app import clock
from portal_app.settings import Settings
clock.utc_now = lambda: datetime.fromtimestamp({corpus.ISSUED}, UTC)
Settings.signing_keys = lambda self: {corpus.KEYS!r}
"""
FORGERIES = dict(corpus.cases())
REFUSED = {"error": "Invalid or expired session token"}, {"error": "Session token required"}


def _fits_a_frame(forgery: object) -> bool:
    try:
        return len(json.dumps(forgery)) <= 60_000
    except TypeError:
        return False


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    def with_the_forged_session(session) -> None:
        acme = cast.add_customer(session, "acme", name="Acme Canary", public_id=corpus.CLAIMS["sub"])
        times = {"created_at": cast.NOW, "updated_at": cast.NOW, "expires_at": cast.NOW.replace(hour=13)}
        session.add(PortalSession(jti=corpus.CLAIMS["jti"], customer_id=acme, minted_by="tests", **times))

    folder = tmp_path_factory.mktemp("attacked")
    with running_portal(folder, fill=with_the_forged_session, prelude=AT_ITS_MOMENT) as portal:
        yield portal


@pytest.mark.threat("T1", "T2", "T3", "T4")
def test_no_forgery_opens_a_page(attacked, tally):
    sent = 0
    for name, forgery in FORGERIES.items():
        if not _fits_a_frame(forgery):
            continue
        sent += 1
        with Page(attacked) as page:
            page.boot(forgery)
            assert page.shows("status") in {"invalid", "missing"}, name
            assert "Acme Canary" not in page.text, name
    with Page(attacked) as page:
        assert page.boot(corpus.good_token()).shows("status") == "open"
    assert sent >= 150
    tally("A1 forged tokens through the socket", sent, 0)


@pytest.mark.threat("T1", "T2", "T3", "T4")
def test_no_forgery_opens_the_api_by_header_or_address(attacked, tally):
    sent = 0
    with httpx2.Client(base_url=attacked.origin) as client:
        for name, forgery in FORGERIES.items():
            text = str(forgery)
            if not text.isascii() or not text.isprintable() or text != text.strip() or len(text) > 8000:
                continue  # no header and no address can carry it
            by_header = client.get("/v1/customer/portal/info", headers={"X-Session-Token": text})
            by_address = client.get("/v1/customer/portal/info", params={"token": text})
            page = client.get("/", params={"token": text})
            assert (by_header.status_code, by_address.status_code) == (401, 401), name
            assert by_header.json() in REFUSED, name
            assert page.status_code == 200, name
            assert "Acme" not in page.text, name
            sent += 1
        good = client.get("/v1/customer/portal/info", headers={"X-Session-Token": corpus.good_token()})
        assert good.status_code == 200
    assert sent >= 150
    tally("A1 forged tokens in X-Session-Token", sent, 0)
    tally("A1 forged tokens in addresses", 2 * sent, 0)


# Another customer's ids, in whatever an event takes.


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    def fill_and_delete(session) -> None:
        fill(session)
        cast.add_bill(session, cast.add_customer(session, "gone"), "GONE-1")
        gone = session.exec(select(Customer).where(Customer.external_id == "gone")).one()
        gone.status = RecordStatus.DELETED
        session.add(gone)

    with running_portal(tmp_path_factory.mktemp("shared"), fill=fill_and_delete) as portal:
        yield portal


def foreign_ids(portal) -> list[str]:
    """Return ids of Globex's, of a customer that is gone, of nobody, and what is none."""
    theirs = sorted(secret for secret in secrets_of(portal, "globex") if "_" in secret)
    with portal.database.reading() as session:
        gone = session.exec(select(Customer).where(Customer.external_id == "gone")).one()
        theirs += [gone.public_id, session.exec(select(Invoice.public_id).where(Invoice.customer_id == gone.id)).one()]
    nobodys = [f"{one[:-4]}ZZZZ" for one in theirs[::4]]
    malformed = ["%", "*", "' OR 1=1 --", "../" * 9, "0", "-1", "null", "x" * 3000, "${7*7}", "<b>", "\u202e", "1e308"]
    return [*theirs, *nobodys, *malformed]


def addresses(word: str) -> list[str]:
    """Return addresses that name something."""
    return [
        f"/invoices?invoice={word}", f"/invoices?q={word}", f"/credits?wallet={word}", f"/usage?why={word}",
        f"/usage?features={word}&folded={word}", f"/?wallet={word}&customer_id={word}",
    ]  # fmt: skip


def attack(portal, words: list[str]) -> tuple[int, int]:
    """Send every event with every one of `words` as Acme; return how many were sent, and what of Globex's came back."""
    attempts = 0
    secrets = secrets_of(portal, "globex") - {word.lower() for word in words} - set(words)
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        for word in words:
            before = len(page.frames)
            for name, arguments in handlers():
                for address in addresses(word) if not arguments else ("/invoices",):
                    page.call(name, address, **dict.fromkeys(arguments, word))
                    attempts += 1
            for address in addresses(word):
                page.call(ON_LOAD, address)
                attempts += 1
            page.call(handler_name("invoices", "search"), "/invoices", text=f"done {attempts}")
            page.until(lambda now=f"done+{attempts}": now in page.frames[-1])
            assert not seen(secrets, "\n".join(page.frames[before:])), word
        files = [event for event in page.events if event["name"] == "_download"]
        with httpx2.Client(base_url=portal.origin) as client:
            leaks = sum(_shows_globex(client, event) for event in files)
    return attempts, leaks


def _shows_globex(client: httpx2.Client, event) -> bool:
    answer = client.get(event["payload"]["url"])
    return answer.status_code == 200 and "globex" in answer.text.lower()


@pytest.mark.threat("T11", "T12")
def test_no_argument_of_any_event_reaches_another_customer(shared, tally):
    attempts, leaks = attack(shared, foreign_ids(shared))
    assert attempts >= 1000
    assert leaks == 0
    tally("B1 foreign ids in events of the socket", attempts, leaks)


@pytest.mark.long
@pytest.mark.threat("T11", "T12")
def test_a_hundred_thousand_arguments_reach_no_other_customer(shared, tally):
    chance, attempts, leaks = random.Random(7), 0, 0
    ids = foreign_ids(shared)
    while attempts < 100_000:
        words = ["".join(chance.choice((character, character.swapcase(), "_")) for character in one) for one in ids]
        more, leaked = attack(shared, words)
        attempts, leaks = attempts + more, leaks + leaked
    assert leaks == 0
    tally("B1 foreign ids in events of the socket", attempts, leaks)


# Too much, from one socket, one session, one address.

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


@pytest.mark.threat("T38")
@pytest.mark.threat("T15")
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
def test_a_socket_that_names_events_that_are_none_is_closed_and_nothing_is_kept_of_them(shared, name):
    with Page(shared) as page, suppress(ConnectionClosed):
        page.boot(shared.token("acme"))
        for _ in range(20):
            for _ in range(100):
                page.call(name)
            page.listen(0.05)
        raise AssertionError("it is still open")
    assert "Error processing event queue entry" not in shared.printed()


@pytest.mark.threat("T38")
def test_whoever_goes_on_sending_what_cannot_be_read_is_closed(strict):
    with Page(strict) as page:
        page.boot(strict.token("globex"))
        for _ in range(MOST_UNREADABLE + 1):
            page.send_frame('42/_event,["event",{')
        with pytest.raises(ConnectionClosed):
            keep_sending(page)


def keep_sending(page: Page) -> None:
    """Send what a living page sends, for some seconds."""
    for _ in range(100):
        page.send_frame("3")
        page.listen(0.05)


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
