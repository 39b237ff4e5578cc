"""What a customer does: open the link, see what is left, what was paid, and keep the invoice."""

import io
import re

import pytest
from browsing import loaded, open_tab
from playwright.sync_api import expect
from pypdf import PdfReader


def test_the_link_shows_balance_and_subscription(page, portal):
    open_tab(page, portal)
    wallet = page.locator(".card", has_text="Prepaid Wallet")
    expect(wallet.locator(".kpi")).to_have_text("434.2 credits")
    expect(wallet).to_contain_text("$43.42 value")
    expect(wallet.locator(".badge")).to_have_text("✓Active")
    plan = page.locator(".card", has_text="Plan Base")
    expect(plan).to_contain_text("$20.00 / month")
    expect(plan).to_contain_text("Current period")
    expect(plan).to_contain_text("Next billing")


def test_credits_show_the_ledger_newest_first(page, portal):
    open_tab(page, portal, path="/credits")
    rows = page.locator("table.ledger tbody tr")
    expect(rows).to_have_count(5)
    amounts = [re.sub(r"\s+", " ", text) for text in rows.locator(".c-amount").all_inner_texts()]
    assert amounts == [
        "−$20.00 −200 credits",
        "−$36.58 −365.8 credits",
        "+$100.00 +1,000 credits",
        "−$100.00 −1,000 credits",
        "+$100.00 +1,000 credits",
    ]
    expect(rows.nth(0)).to_contain_text("Invoice Payment")
    expect(rows.nth(2)).to_contain_text("Free Credits Added")


def test_invoices_show_their_truthful_status(page, portal):
    open_tab(page, portal, path="/invoices")
    rows = page.locator("table.invoices tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("-00003")
    assert rows.locator(".badge").all_inner_texts() == ["✓\nPaid", "✓\nPaid", "◷\nPending"]
    assert rows.locator(".c-amount").all_inner_texts() == ["$20.00", "$136.58", "$20.00"]


def test_a_row_opens_the_invoice_and_its_pdf_says_the_same(page, portal):
    open_tab(page, portal, path="/invoices")
    page.get_by_role("link", name=re.compile("-00002")).click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("$136.58")
    expect(drawer).to_contain_text("Feature B")
    expect(drawer).to_contain_text("× $0.023106" if page.viewport_size["width"] < 640 else "$0.023106")
    expect(drawer.locator(".payments li")).to_have_count(2)
    with page.expect_download() as download:
        drawer.get_by_role("button", name="Download PDF").click()
    assert re.fullmatch(r"INV-\d{6}-00002\.pdf", download.value.suggested_filename)
    text = PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text()
    for words in ("$136.58", "Feature B", "5,911", "$0.023106", "Acme Corp", "Northwind", "DE811111111", "Germany"):
        assert words in text


def test_the_profile_opens_from_the_name(page, portal):
    open_tab(page, portal)
    page.get_by_role("button", name="Acme Corp").click()
    panel = page.get_by_role("dialog", name="Your details")
    expect(panel).to_be_visible()
    for words in ("billing@acme.example", "Torstraße 1", "10119 Berlin", "Germany", "DE811111111", "Europe/Berlin"):
        expect(panel).to_contain_text(words)
    support = panel.get_by_role("link", name="Contact support to change these details")
    expect(support).to_have_attribute("href", "mailto:billing@northwind.example")


def test_every_wallet_has_its_own_ledger(page, portal):
    open_tab(page, portal, "tri", "/credits")
    page.get_by_role("link", name="JPY wallet").click()
    expect(page.locator(".kpi")).to_have_text("1,200 credits")
    expect(page.locator(".card").first).to_contain_text("¥12,000 value")
    page.get_by_role("link", name="KWD wallet").click()
    expect(page.locator(".card").first).to_contain_text("KWD 20.000 value")
    page.go_back()
    expect(page.locator(".card").first).to_contain_text("¥12,000 value")


@pytest.mark.parametrize(
    ("external_id", "badge", "words"),
    [("trial", "Trial", "Trial ends"), ("paused", "Paused", "none while paused")],
)
def test_a_subscription_says_truthfully_how_it_stands(page, portal, external_id, badge, words):
    open_tab(page, portal, external_id)
    plan = page.locator(".card", has_text="Current period")
    expect(plan.locator(".badge")).to_contain_text(badge)
    expect(plan).to_contain_text(words)


def test_past_subscriptions_are_folded(page, portal):
    open_tab(page, portal, "cancelled")
    expect(page.get_by_text("No current subscription")).to_be_visible()
    past = page.locator(".past .card")
    expect(past).to_be_hidden()
    page.get_by_text("Past subscriptions").click()
    expect(past).to_contain_text("Cancelled")


def test_an_empty_account_says_what_will_be_there(page, portal):
    open_tab(page, portal, "empty")
    for words in ("No wallet yet", "No current subscription", "No invoices yet"):
        expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text("No usage has been counted yet")).to_be_visible()
    expect(page.locator(".dot")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Range")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Chart or table")).to_have_count(0)
    page.get_by_role("link", name="Invoices", exact=True).click()
    expect(page.get_by_text("No invoices yet")).to_be_visible()
    expect(page.get_by_role("search")).to_have_count(0)


def test_an_address_without_a_page_leads_to_one_that_is(page, portal):
    open_tab(page, portal)
    page.goto(f"{portal.origin}/nowhere/at/all")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("link", name="Go to the first page").click()
    expect(page.get_by_text("434.2 credits", exact=True)).to_be_visible()


def test_reload_back_and_forward_keep_the_tab(page, portal):
    open_tab(page, portal)
    page.get_by_role("link", name="Credits", exact=True).click()
    expect(page.get_by_text("Transaction History")).to_be_visible()
    page.get_by_role("link", name="Invoices", exact=True).click()
    expect(page.get_by_role("search")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Transaction History")).to_be_visible()
    page.reload()
    loaded(page)
    expect(page.get_by_text("Transaction History")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("search")).to_be_visible()


def test_formats_follow_the_locale_of_the_address_on_page_and_pdf_alike(page, portal):
    open_tab(page, portal, path="/invoices?locale=de-DE")
    expect(page.locator("table.invoices tbody tr").nth(1)).to_contain_text("136,58 $")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download INV-.*-00002 as PDF")).click()
    assert "136,58\xa0$" in PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text()


def test_formats_follow_the_customer_and_never_the_browser(page, portal):
    open_tab(page, portal, "trial")
    expect(page.locator(".card", has_text="Prepaid Wallet")).to_contain_text("50,00 $ value")
