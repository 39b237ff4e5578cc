"""The operator's pages as a person meets them: in, to a customer, a link handed on, looked at, ended."""

import re

import pytest
from browsing import NARROW, WIDE, loaded
from desk import enter, fits, grave
from operators import audited
from page import Page, handler_name
from playwright.sync_api import expect

from portal_app.access.operator_roles import Role


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_customer_gets_a_working_link_in_two_clicks(context, page, operator, width):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    enter(page, operator)
    page.get_by_label("Actions for Acme Corp").click()
    page.get_by_role("button", name="Copy portal link").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"Anyone with this link sees the billing of Acme Corp until \d"))
    expect(dialog.get_by_text("Copied.")).to_be_visible()
    assert grave(page) == []
    link = page.evaluate("navigator.clipboard.readText()")
    customer = context.new_page()
    customer.goto(link)
    expect(loaded(customer).locator(".kpi").first).to_contain_text("434.2")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_portal_opens_in_a_new_tab_and_each_way_leaves_one_row(context, page, operator, width):
    enter(page, operator)
    before = len(audited(operator.database, "session.minted"))
    page.get_by_label("Actions for Globex").click()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open customer portal").click()
    expect(opened.value.locator("header .who")).to_contain_text("Globex")
    assert len(audited(operator.database, "session.minted")) == before + 1


def test_a_revoked_links_open_page_is_empty_within_seconds(context, page, operator):
    enter(page, operator)
    page.get_by_label("Actions for Acme Corp").click()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Open customer portal").click()
    customer = loaded(opened.value)
    page.get_by_role("link", name="Acme Corp").click()
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("button", name="Revoke all").click()
    expect(customer.locator("[data-screen=revoked]")).to_be_visible(timeout=5_000)
    assert "Acme" not in customer.content()


def test_a_preview_shows_the_data_and_counts_no_visit(page, operator):
    enter(page, operator)
    page.get_by_role("link", name="Trial & Error GmbH").click()
    page.get_by_role("link", name="Preview").click()
    page.get_by_role("button", name="Show preview").click()
    expect(page.frame_locator("iframe").locator(".kpi").first).to_be_visible()
    page.get_by_role("link", name="Sessions").click()
    expect(page.locator("table.links")).to_contain_text("preview, not counted")


def test_a_viewer_sees_but_neither_mints_nor_revokes(page, operator):
    enter(page, operator, role=Role.VIEWER)
    page.get_by_label("Actions for Acme Corp").click()
    expect(page.get_by_role("link", name="View details")).to_be_visible()
    expect(page.get_by_role("button", name="Copy portal link")).to_have_count(0)


def test_the_branding_that_is_saved_is_what_customers_see(page, operator):
    enter(page, operator, "/operator/branding")
    page.get_by_label("Accent colour").fill("#77ccff")
    expect(page.get_by_text("1.8 : 1, needs 4.5 : 1")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("The nearest is #")
    page.get_by_role("button", name="Use #").click()
    expect(page.get_by_label("Accent colour")).not_to_have_value("#77ccff")
    page.locator("input[name=label_credits]").fill("Wallet")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto(operator.link("acme"))
    expect(loaded(page).get_by_role("link", name="Wallet", exact=True)).to_be_visible()


def test_the_audit_log_is_kept_as_a_file(page, operator):
    enter(page, operator, "/operator/audit?action=operator.signed_in")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert "operator.signed_in" in lines[1]


def test_what_branding_hides_is_nowhere_and_reset_brings_it_back(context, page, operator):
    enter(page, operator, "/operator/branding")
    preview = page.locator(".sample")
    expect(preview).to_contain_text("Overview")
    page.get_by_label("Theme").select_option("dark")
    page.locator("input[name=shown_credits]").uncheck()
    page.locator("input[name=part_overview_subscriptions]").uncheck()
    page.locator("input[name=range_1d]").uncheck()
    page.get_by_label("Graphs open with").select_option("1d")
    page.get_by_label("Language and formats").fill("de_DE")
    page.get_by_label("Legal name").fill("Northwind Traders Ltd")
    expect(preview.locator(".fake-tabs")).to_have_text("OverviewInvoicesUsage")
    expect(preview).to_have_class(re.compile("in-dark"))
    expect(page.locator("address")).to_contain_text("Northwind Traders Ltd")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("must be one of those that are offered")
    page.get_by_label("Graphs open with").select_option("7d")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert grave(page) == []
    customer = context.new_page()
    customer.goto(operator.link("acme", "/credits"))
    expect(loaded(customer)).to_have_url(f"{operator.origin}/")
    expect(customer.locator("html")).to_have_class("dark")
    expect(customer.get_by_role("link", name="Credits", exact=True)).to_have_count(0)
    expect(customer.get_by_role("link", name="Transactions")).to_have_count(0)
    expect(customer.get_by_role("heading", name="Plan Base")).to_have_count(0)
    expect(customer.locator(".kpi").first).to_contain_text("434.2")
    offered = customer.get_by_role("navigation", name="Range").get_by_role("link")
    assert offered.all_inner_texts() == ["7d", "30d"]
    expect(customer.locator(".seg [aria-current=true]").last).to_have_text("7d")
    customer.goto(f"{operator.origin}/usage/?range=1d")
    expect(loaded(customer).get_by_text("in the last 7 days")).to_be_visible()
    with Page(operator) as socket:
        socket.boot(operator.token("acme"), "/credits").wait_for("open")
        socket.until(lambda: any("redirect" in event["name"] for event in socket.events))
        socket.call(handler_name("credits", "load"), "/credits")
        socket.listen(0.5)
        assert socket.tab("credits").get("is_loaded") is not True
        assert "Invoice Payment" not in socket.text
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("input[name=shown_credits]")).to_be_checked()
    expect(page.get_by_label("Theme")).to_have_value("system")
    expect(page.get_by_label("Legal name")).to_have_value("")
    expect(preview.locator(".fake-tabs")).to_have_text("OverviewCreditsInvoicesUsage")
    customer.goto(operator.link("acme", "/credits"))
    expect(loaded(customer)).to_have_url(f"{operator.origin}/credits")
    expect(customer.locator("html")).to_have_class("light")


PAGES = (
    "/operator",
    "/operator/import",
    "/operator/audit",
    "/operator/keys",
    "/operator/branding",
    "/operator/embedding",
)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_grave_and_nothing_is_wider_than_the_screen(page, operator, path, width):
    enter(page, operator, path)
    assert grave(page) == []
    assert fits(page)


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("part", ["Information", "Sessions", "Data", "Activity", "Preview"])
def test_axe_finds_nothing_grave_in_a_customers_details(page, operator, part, width):
    enter(page, operator)
    page.get_by_role("link", name="Acme Corp").click()
    page.get_by_role("link", name=part, exact=True).click()
    loaded(page)
    assert grave(page) == []
    assert fits(page)


@pytest.mark.parametrize("path", ["/", "/invoices"])
def test_a_customer_loads_no_code_of_the_operators_pages(page, operator, path):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(operator.link("acme", path))
    loaded(page)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "operator" in url or "desk." in url]


def test_no_page_frames_the_operators(page, operator):
    answer = page.goto(f"{operator.origin}/operator")
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'none'")
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_wrong_password_does_not_cost_the_address_nor_a_wrong_origin_its_line(page, operator):
    page.goto(f"{operator.origin}/operator")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("a wrong one, quite long")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is wrong")
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.com")
    expect(page.get_by_label("Password")).to_be_focused()
    enter(page, operator, "/operator/embedding")
    page.locator("textarea[name=origins]").fill("https://a.example\n\nhttps://a.example/path")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 3: ")
