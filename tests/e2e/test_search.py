"""Finding one invoice among 1,200: typed, shown as chips, kept in the address."""

import re

import pytest
from browsing import loaded, open_tab
from playwright.sync_api import expect


def rows(page):
    return page.locator("table.invoices tbody tr")


def summary(page):
    return page.locator(".pager [role=status]")


def search_for(page, text):
    page.get_by_label("Search invoices by number, date, amount or status").fill(text)
    expect(page.locator(".chips")).to_be_visible()
    loaded(page)


def test_status_amount_and_year_narrow_together_and_show_as_chips(page, portal):
    open_tab(page, portal, "archive", "/invoices")
    expect(summary(page)).to_have_text("1–25 of 1,200 invoices")
    search_for(page, "paid > 100 2025")
    expect(page.locator(".chip")).to_have_count(3)
    assert [text.removesuffix("\n✕") for text in page.locator(".chip").all_inner_texts()] == [
        "status: paid",
        "amount: > 100",
        "date: 2025",
    ]
    assert "q=paid" in page.url
    expect(rows(page).first).to_contain_text("2025")
    assert {re.sub(r"\W", "", text) for text in rows(page).locator(".badge").all_inner_texts()} == {"Paid"}
    page.set_viewport_size({"width": 390, "height": 844})
    lines = rows(page).locator(".cover").evaluate_all("links => links.map((link) => link.getClientRects().length)")
    assert set(lines) == {1}  # a number is read in one piece, also beside a large amount
    amounts = [float(re.sub(r"[^\d.]", "", text)) for text in rows(page).locator(".c-amount > span").all_inner_texts()]
    assert amounts
    assert min(amounts) > 100


def test_a_chip_removes_its_own_term(page, portal):
    open_tab(page, portal, "archive", "/invoices?q=paid+2025")
    page.get_by_role("link", name="Remove status: paid").click()
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.get_by_label("Search invoices by number, date, amount or status")).to_have_value("2025")
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator(".chip")).to_have_count(0)
    expect(summary(page)).to_have_text("1–25 of 1,200 invoices")


@pytest.mark.parametrize("text", ["136.58", "-00002", "paid > 100", "invoice"])
def test_one_invoice_is_found_by_amount_or_number(page, portal, text):
    open_tab(page, portal, "acme", "/invoices")
    if text == "invoice":
        search_for(page, text)
        expect(page.get_by_text("No invoice matches")).to_be_visible()
        page.get_by_role("link", name="Clear filters").first.click()
        expect(rows(page)).to_have_count(3)
    else:
        search_for(page, text)
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text("$136.58")


def test_pages_follow_the_address_back_and_forth(page, portal):
    open_tab(page, portal, "archive", "/invoices?page=40")
    expect(summary(page)).to_have_text("976–1,000 of 1,200 invoices")
    page.get_by_role("link", name="Older").click()
    expect(summary(page)).to_have_text("1,001–1,025 of 1,200 invoices")
    assert "page=41" in page.url
    page.go_back()
    expect(summary(page)).to_have_text("976–1,000 of 1,200 invoices")
    page.reload()
    loaded(page)
    expect(summary(page)).to_have_text("976–1,000 of 1,200 invoices")


def test_columns_sort_and_say_so(page, portal):
    open_tab(page, portal, "archive", "/invoices")
    amount = page.get_by_role("columnheader", name="Amount")
    amount.get_by_role("link").click()
    expect(amount).to_have_attribute("aria-sort", "descending")
    expect(rows(page)).to_have_count(25)
    shown = [float(re.sub(r"[^\d.]", "", text)) for text in rows(page).locator(".c-amount > span").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)


def test_the_export_holds_every_row_of_the_search(page, portal):
    open_tab(page, portal, "archive", "/invoices?q=2025")
    total = int(re.search(r"of ([\d,]+) invoices", summary(page).inner_text())[1].replace(",", ""))
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + total
    assert total > 25
