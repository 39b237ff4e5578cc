"""When the server or its database is away: said plainly, never as zeros, and over by itself."""

import re
import sqlite3
from contextlib import contextmanager

import cast
import pytest
from bent import Knobs
from browsing import loaded, open_tab
from playwright.sync_api import expect
from server import running_portal
from usage_cast import ingest, sent
from usage_world import fill_portal

from portal_app import clock
from portal_app.billing.statuses import TransactionReason


@pytest.fixture
def own_portal(tmp_path):
    """A portal of this test's own, whose database it may break. A locked one is given up after one second."""

    def fill(session):
        wallet = cast.add_wallet(session, cast.add_customer(session, "acme"))
        bought = TransactionReason.PURCHASED_CREDIT_DIRECT
        cast.post(session, wallet, cast.credit("434.2", cast.days_ago(10), bought))

    prelude = "from portal_app import database; database.TIMEOUT_SECONDS = 1.0"
    with running_portal(tmp_path, fill=fill, prelude=prelude) as portal:
        yield portal


@contextmanager
def away(portal, table):
    """Take a table away for a while: what a reader meets is a database that cannot answer."""
    with sqlite3.connect(portal.database.engine.url.database, isolation_level=None) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO away")
        yield
        connection.execute(f"ALTER TABLE away RENAME TO {table}")
    connection.close()


def test_a_section_whose_data_is_away_says_so_and_comes_back_with_retry(page, own_portal):
    open_tab(page, own_portal, path="/credits")
    with away(own_portal, "wallet_transaction"):
        page.get_by_role("link", name="Overview", exact=True).click()
        failure = page.get_by_role("alert").first
        expect(failure).to_contain_text("This could not be loaded.")
        expect(failure).to_contain_text(re.compile(r"Reference\s+[0-9A-F]{8}"))
        assert "0 credits" not in page.locator("main").inner_text()
        expect(page.get_by_text("No current subscription")).to_be_visible()
    page.get_by_role("button", name="Retry").first.click()
    expect(page.locator(".kpi").first).to_contain_text("434.2")


def test_a_link_opened_while_the_database_is_away_says_unavailable(page, own_portal):
    link = own_portal.link()
    with away(own_portal, "portal_session"):
        page.goto(link)
        expect(page.locator("[data-screen=unavailable]")).to_contain_text("Billing is unavailable right now")
    page.get_by_role("button", name="Try again").click()
    loaded(page)
    expect(page.locator(".kpi").first).to_contain_text("434.2")


def test_a_restarted_server_finds_the_page_again(page, tmp_path):
    def fill(session):
        cast.add_wallet(session, cast.add_customer(session, "acme"))

    with running_portal(tmp_path / "one", fill=fill) as first:
        port = int(first.origin.rpartition(":")[2])
        open_tab(page, first, path="/credits")
        database_url = first.database.url
    expect(page.get_by_text("Connection lost. Trying again…")).to_be_visible()
    with running_portal(tmp_path / "two", database_url=database_url, port=port):
        expect(page.get_by_text("Connection lost. Trying again…")).to_be_hidden()
        page.get_by_role("link", name="Overview", exact=True).click()
        expect(page.locator(".kpi").first).to_contain_text("0 credits")


IMPATIENT = """
from datetime import timedelta
from portal_app import database
from portal_app.ui import usage_asked

database.TIMEOUT_SECONDS = 2.0
usage_asked.FRESH = timedelta(0)
"""


@pytest.fixture
def own_metered_portal(tmp_path):
    """A portal of this test's own whose customers use something, with knobs to bend it."""
    knobs = Knobs(tmp_path)
    prelude = f"{knobs.prelude}\n{IMPATIENT}"
    with running_portal(tmp_path, fill=fill_portal, prelude=prelude) as portal:
        yield portal, knobs


def test_usage_fails_alone_and_comes_back_with_retry(page, own_metered_portal):
    portal, _ = own_metered_portal
    open_tab(page, portal, path="/credits")
    with away(portal, "usage_cell"):
        page.get_by_role("link", name="Overview", exact=True).click()
        expect(page.get_by_role("alert")).to_have_count(1)
        expect(page.locator(".usage").get_by_role("alert")).to_contain_text("This could not be loaded.")
        expect(page.get_by_text("Plan Base")).to_be_visible()
        expect(page.get_by_text("No invoices yet")).to_be_visible()
        assert "No usage" not in page.locator("main").inner_text()
    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()


def test_while_another_range_is_on_its_way_the_graph_stays_dimmed(page, own_metered_portal):
    portal, knobs = own_metered_portal
    open_tab(page, portal, path="/usage")
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()
    knobs.turn("slow")
    page.get_by_role("link", name="7d: the last 7 days").click()
    expect(page.locator(".usage .dimmed")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("link", name="7d: the last 7 days")).to_have_attribute("aria-current", "true")
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()
    expect(page.get_by_text("in the last 30 days")).to_be_visible()
    knobs.back()
    expect(page.get_by_text("in the last 7 days")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_a_page_that_is_looked_at_shows_what_comes_in(page, own_metered_portal):
    portal, _ = own_metered_portal
    page.clock.install()
    open_tab(page, portal, path="/usage")
    events = page.locator("table.breakdown tr", has_text="Feature B").locator(".c-events")
    expect(events).to_contain_text("113")
    with portal.database.writing() as session:
        now = clock.utc_now()
        ingest(session, sent("one more", now, "Feature B", n=1), now=now)
    page.clock.fast_forward("01:00")
    expect(events).to_contain_text("114")
