"""A fresh token on a page that is open, or that was: what stays, what goes, and where it leads back to."""

from contextlib import ExitStack
from datetime import timedelta

import cast
import pytest
from canaries import fill, seen
from page import Page, handler_name
from server import running_portal
from sqlmodel import select

from portal_app import clock
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.commands.use_session import revoke_session
from portal_app.models.access import PortalSession
from portal_app.settings import get_settings
from portal_app.ui.connections import MOST_OF_A_SESSION
from portal_app.ui.gate import RENEW, Portal

BACK = "https://northwind.example/billing?from=portal"


def mint(portal, external_id="acme", ago=timedelta(0), terms=None):
    """Mint a token and return it with the id of its session."""
    with portal.database.writing() as session:
        now = clock.utc_now() - ago
        minted = mint_session(session, get_settings(), external_id, "tests", now, terms or MintTerms())
        return minted.token, session.exec(select(PortalSession.jti).order_by(PortalSession.id.desc())).first()


def revoke(portal, jti):
    with portal.database.writing() as session:
        revoke_session(session, jti, "tests", "tests", clock.utc_now())


def renew(page, token, path="/invoices"):
    page.call(RENEW, path, token=token)


def test_a_token_of_the_same_customer_takes_over_and_nothing_is_lost(portal):
    first, jti = mint(portal)
    second, _ = mint(portal)
    with Page(portal) as page:
        page.boot(first, "/invoices?q=acme").wait_for_data("invoices")
        term, before = page.shows("term"), len(page.frames)
        renew(page, second, "/invoices?q=acme")
        page.until(lambda: page.shows("term") != term)
        assert page.shows("portal_token") == second
        assert "is_loaded" not in "".join(page.frames[before:])
        revoke(portal, jti)
        page.call(handler_name("credits", "load"), "/credits")
        page.wait_for_data("credits")
        assert page.shows("status") == "open"
        assert page.tab("invoices")["query"] == "acme"


@pytest.mark.threat("T9", "T12")
def test_a_token_of_another_customer_wipes_first_and_leads_to_the_start(portal, acmes):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
        before = len(page.text)
        renew(page, portal.token("globex"))
        page.until(lambda: (page.shows("profile") or {}).get("name") == "Globex Canary")
        page.wait_for_data("invoices").settle()
        assert any(event["name"] == "_redirect" and event["payload"]["path"] == "/" for event in page.events)
        assert not seen(acmes, page.text[before:])


@pytest.mark.threat("T7")
@pytest.mark.parametrize("kind", ["nonsense", "missing", "expired", "revoked"])
def test_a_token_that_is_no_good_changes_nothing_on_an_open_page(portal, kind):
    token, jti = mint(portal, ago=timedelta(hours=2) if kind == "expired" else timedelta(0))
    if kind == "revoked":
        revoke(portal, jti)
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        renew(page, {"nonsense": "a.b.c", "missing": ""}.get(kind, token))
        page.until(lambda: page.shows("refused") == 1)
        assert page.shows("status") == "open"
        page.call(handler_name("credits", "load"), "/credits")
        page.wait_for_data("credits")


def test_a_page_whose_session_is_over_opens_again_on_its_tab(portal):
    expired, _ = mint(portal, ago=timedelta(hours=2))
    with Page(portal) as page:
        page.boot(expired, "/invoices?q=acme").wait_for("expired")
        renew(page, portal.token("acme"), "/invoices?q=acme")
        page.wait_for("open").wait_for_data("invoices")
        assert page.tab("invoices")["query"] == "acme"


def test_a_page_that_was_unavailable_opens_when_it_presents_its_token_again(portal, knobs):
    token = portal.token("acme")
    knobs.turn("unavailable")
    with Page(portal) as page:
        page.boot(token, "/invoices").wait_for("unavailable")
        knobs.back()
        renew(page, token)
        page.wait_for("open").wait_for_data("invoices")


@pytest.mark.threat("T9")
def test_who_only_knows_the_client_token_cannot_renew_anything(portal, acmes):
    with Page(portal) as owner:
        owner.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        with Page(portal, owner.client_token) as thief:
            renew(thief, portal.token("globex"))
            thief.settle()
            assert not seen(acmes, thief.text)
        assert owner.shows("status") == "open"


@pytest.mark.threat("T26")
@pytest.mark.parametrize("status", ["open", "expired", "revoked"])
def test_the_way_back_is_the_one_that_was_given_with_the_link(portal, status):
    ago = timedelta(hours=2) if status == "expired" else timedelta(0)
    token, jti = mint(portal, ago=ago, terms=MintTerms(return_url=BACK))
    if status == "revoked":
        revoke(portal, jti)
    with Page(portal) as page:
        page.boot(token).wait_for(status)
        assert page.shows("operator")["return_url"] == BACK


def test_without_one_it_is_the_operators(portal):
    with Page(portal) as page:
        page.boot(portal.token("acme")).wait_for("open")
        assert page.shows("operator")["return_url"] == "https://northwind.example/account"


def test_the_page_is_told_when_its_session_ends_by_the_servers_clock(portal):
    with Page(portal) as page:
        page.boot(cast.mint(portal.database, "acme", clock.utc_now() - timedelta(minutes=50)).token).wait_for("open")
        ends, now = map(int, page.shows("term").split("/"))
        assert 590_000 < ends - now <= 600_000


def test_a_fresh_session_that_is_open_too_often_changes_nothing_on_an_open_page(portal):
    fresh, _ = mint(portal)
    with ExitStack() as stack:
        for _ in range(MOST_OF_A_SESSION):
            stack.enter_context(Page(portal)).boot(fresh)
        page = stack.enter_context(Page(portal)).boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        renew(page, fresh)
        page.until(lambda: page.shows("refused") == 1)
        assert page.shows("status") == "open"
        assert page.shows("portal_token") != fresh


@pytest.mark.parametrize("served", ["memory"], indirect=True)
def test_a_fresh_token_that_cannot_be_written_down_changes_nothing_and_the_page_is_told(portal):
    fresh, _ = mint(portal)
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        with portal.database.writing():
            renew(page, fresh)
            page.until(lambda: page.shows("refused") == 1, 20)
        assert page.shows("status") == "open"
        assert page.shows("portal_token") != fresh
        renew(page, fresh)
        page.until(lambda: page.shows("portal_token") == fresh)


def test_a_page_that_is_over_is_told_that_what_it_presented_is_over_too(portal):
    with Page(portal) as page:
        page.boot(mint(portal, ago=timedelta(hours=2))[0], "/invoices").wait_for("expired")
        renew(page, mint(portal, ago=timedelta(hours=3))[0])
        page.until(lambda: page.shows("refused") == 1)
        assert page.shows("status") == "expired"


def test_a_page_that_believes_its_session_over_is_told_the_end_anew(portal):
    with Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        term = page.shows("term")
        page.call(f"{Portal.get_full_name()}.confirm", "/invoices")
        page.until(lambda: page.shows("term") != term)
        assert page.shows("term").partition("/")[0] == term.partition("/")[0]


def test_a_session_that_took_over_is_watched_from_then_on(tmp_path):
    """The server asks the register for a page alone every thirty seconds, and for all that wait every two."""
    with running_portal(tmp_path, fill=fill) as portal, Page(portal) as page:
        page.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        page.listen(1.0)
        fresh, jti = mint(portal)
        renew(page, fresh)
        page.until(lambda: page.shows("portal_token") == fresh)
        revoke(portal, jti)
        page.until(lambda: page.shows("status") == "revoked", 10)
