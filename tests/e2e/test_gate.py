"""The door as a browser meets it: the token leaves the address, a closed door is calm, expiry empties the page."""

from contextlib import suppress
from datetime import timedelta

import cast
import pytest
from browsing import loaded, open_tab
from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

from portal_app import clock
from portal_app.access.tokens import SESSION, verify
from portal_app.commands.use_session import revoke_session
from portal_app.settings import get_settings


def screen(page, status):
    found = page.locator(f"[data-screen={status}]")
    expect(found).to_be_visible()
    return found


def test_the_token_leaves_the_address_before_anything_else_is_asked_for(page, portal):
    asked = []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    token = portal.token()
    page.goto(f"{portal.origin}/?token={token}")
    loaded(page)
    assert page.url == f"{portal.origin}/"
    assert [url for url, referer in asked if token in url or token in referer] == [f"{portal.origin}/?token={token}"]
    assert page.evaluate("history.length") <= 2


def test_a_token_behind_the_hash_works_too_and_reaches_no_server(page, portal):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    token = portal.token()
    page.goto(f"{portal.origin}/#token={token}")
    loaded(page)
    assert token not in page.url
    assert not [url for url in asked if token in url.partition("#")[0]]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [("", "missing", "Open your billing page from your account"), ("?token=abc", "invalid", "This link does not work")],
)
def test_without_a_good_token_there_is_a_calm_screen(page, portal, query, status, words):
    page.goto(f"{portal.origin}/{query}")
    shown = screen(page, status)
    expect(shown).to_contain_text(words)
    expect(shown.get_by_role("link", name="Back to Northwind")).to_have_attribute(
        "href", "https://northwind.example/account"
    )
    expect(shown.get_by_role("link", name="billing@northwind.example")).to_be_visible()


def test_an_expired_link_says_so(page, portal):
    token = cast.mint(portal.database, now=clock.utc_now() - timedelta(hours=2)).token
    page.goto(f"{portal.origin}/?token={token}")
    expect(screen(page, "expired")).to_contain_text("This link has expired")


def test_a_revoked_link_says_so(page, portal):
    token = portal.token()
    revoke(portal, token)
    page.goto(f"{portal.origin}/?token={token}")
    expect(screen(page, "revoked")).to_contain_text("This link was ended")


def test_at_expiry_an_open_page_empties_itself(page, portal):
    token = cast.mint(portal.database, now=clock.utc_now() - timedelta(seconds=3600 - 6)).token
    page.goto(f"{portal.origin}/credits?token={token}")
    loaded(page)
    expect(page.get_by_text("$36.58")).to_be_visible()
    screen(page, "expired")
    assert "36.58" not in page.content()
    assert "Acme" not in page.content()


def test_after_revocation_the_next_click_shows_nothing_more(page, portal):
    token = portal.token()
    page.goto(f"{portal.origin}/?token={token}")
    loaded(page)
    revoke(portal, token)
    with suppress(TooLate):  # the page may have emptied itself before the click
        page.get_by_role("link", name="Credits", exact=True).click(timeout=5000)
    screen(page, "revoked")
    assert "Acme" not in page.content()


def test_another_customers_link_in_the_same_tab_leaves_nothing_of_the_first(page, portal):
    open_tab(page, portal, "acme", "/credits")
    open_tab(page, portal, "globex", "/credits")
    expect(page.locator(".kpi")).to_contain_text("500")
    assert "Acme" not in page.content()
    page.go_back()
    loaded(page)
    assert "Acme" not in page.content()


def test_two_tabs_of_two_customers_do_not_meet(context, portal):
    first, second = context.new_page(), context.new_page()
    open_tab(first, portal, "acme", "/credits")
    open_tab(second, portal, "globex", "/credits")
    first.reload()
    loaded(first)
    expect(first.locator(".kpi")).to_contain_text("434.2")
    assert "Globex" not in first.content()


def test_a_fresh_link_revives_an_expired_tab(page, portal):
    expired = cast.mint(portal.database, now=clock.utc_now() - timedelta(hours=2)).token
    page.goto(f"{portal.origin}/?token={expired}")
    screen(page, "expired")
    open_tab(page, portal)
    expect(page.locator(".kpi").first).to_contain_text("434.2")


def test_another_customers_invoice_does_not_exist(page, portal, browser):
    open_tab(page, portal, "globex", "/invoices")
    page.locator("table.invoices a.cover").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    foreign = page.url
    with browser.new_context() as context:
        other = context.new_page()
        other.goto(portal.link("acme", "/invoices") + "&" + foreign.partition("?")[2])
        loaded(other)
        expect(other.get_by_role("dialog")).to_contain_text("No such invoice")


def revoke(portal, token):
    claims = verify(SESSION, get_settings().signing_keys(), token, clock.utc_now())
    with portal.database.writing() as session:
        revoke_session(session, claims.jti, "test", "tests", clock.utc_now())
