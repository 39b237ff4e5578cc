"""A session's life on the page: the last minutes, the end, the sleep over it, and the way back."""

import re
from datetime import timedelta

import cast
from browsing import loaded, open_tab
from playwright.sync_api import expect

from portal_app import clock
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.settings import get_settings

BACK = "https://northwind.example/billing"


def link(portal, seconds_left):
    ago = timedelta(seconds=3600 - seconds_left)
    return f"{portal.origin}/credits?token={cast.mint(portal.database, now=clock.utc_now() - ago).token}"


def test_in_the_last_five_minutes_the_page_counts_down_and_a_fresh_link_ends_that(page, portal):
    page.goto(link(portal, 250))
    loaded(page)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"This page closes in [34]:\d\d\. Open a fresh one"))
    open_tab(page, portal, path="/credits")
    expect(page.get_by_role("timer")).to_be_hidden()


def test_a_page_that_slept_over_its_end_wakes_up_without_data(page, portal):
    page.clock.install()
    open_tab(page, portal, path="/credits")
    expect(page.get_by_role("timer")).to_be_hidden()
    page.context.set_offline(True)  # the server has not slept: asked anew, it would say that the session goes on
    page.clock.fast_forward("02:00:00")
    expect(page.get_by_text("This link has expired")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator("header")).to_be_hidden()


def test_a_page_whose_clock_was_set_forward_is_told_that_its_session_goes_on(page, portal):
    page.clock.install()
    open_tab(page, portal, path="/credits")
    page.evaluate(
        "new MutationObserver(() => (window.wasOver ||= document.documentElement.classList.contains('over')))"
        ".observe(document.documentElement, { attributeFilter: ['class'] })"
    )
    page.clock.fast_forward("02:00:00")
    page.wait_for_function("window.wasOver")
    expect(page.locator("main")).to_be_visible()
    page.clock.run_for(20_000)
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("html")).not_to_have_class(re.compile("over"))


def test_the_way_back_given_with_a_link_is_the_one_that_the_page_shows(page, portal):
    with portal.database.writing() as session:
        terms = MintTerms(expires_in=60, return_url=BACK)
        minted = mint_session(session, get_settings(), "acme", "tests", clock.utc_now() - timedelta(seconds=48), terms)
    page.goto(f"{portal.origin}/credits?token={minted.token}")
    loaded(page)
    expect(page.get_by_role("link", name="Back to Northwind")).to_have_attribute("href", BACK)
    expect(page.locator("[data-screen=expired]")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="Back to Northwind")).to_have_attribute("href", BACK)


def test_the_address_chooses_looks_and_they_stay_while_one_goes_about(page, portal):
    page.goto(f"{portal.link(path='/usage')}&theme=dark&range=7d&locale=de&header=0")
    expect(page.locator("html")).to_have_class(re.compile("dark"))
    expect(page.get_by_role("link", name="7d: the last 7 days")).to_have_attribute("aria-current", "true")
    expect(page.locator("header")).to_be_hidden()
    page.get_by_role("link", name="Credits", exact=True).click()
    expect(page.locator(".kpi").first).to_contain_text("434,2")
    expect(page.locator("header")).to_be_hidden()
