"""Attacks by the thousand on a running portal: forged tokens on every carrier, foreign ids in every argument.

The server believes that it is the moment of the corpus and has its keys, and its register has the session
that the corpus forges: each forgery differs from what would be let in by its one oddity alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import cast
import httpx2
import pytest
import token_corpus as corpus
from canaries import fill, secrets_of, seen
from page import ON_LOAD, Page, handler_name, handlers
from server import RunningPortal, running_portal
from sqlmodel import select

from portal_app.billing.statuses import RecordStatus
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice

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
