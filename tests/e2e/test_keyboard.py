"""The portal without a mouse."""

import re

from browsing import loaded, open_tab
from playwright.sync_api import expect


def test_arrows_move_between_tabs_and_enter_opens(page, portal):
    open_tab(page, portal)
    page.get_by_role("link", name="Overview", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("link", name="Credits", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/invoices"))
    loaded(page).get_by_role("link", name="Invoices", exact=True).focus()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="Usage", exact=True)).to_be_focused()


def test_slash_goes_to_the_search(page, portal):
    open_tab(page, portal, path="/invoices")
    page.keyboard.press("/")
    field = page.get_by_label("Search invoices by number, date, amount or status")
    expect(field).to_be_focused()
    expect(field).to_have_value("")


def test_escape_closes_the_invoice_and_focus_returns_to_its_row(page, portal):
    open_tab(page, portal, path="/invoices")
    opener = page.get_by_role("link", name=re.compile("-00002"))
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("$136.58")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page).to_have_url(re.compile(r"/invoices/?$"))


HURRY = """async () => {
    const shown = [];
    new MutationObserver(() => {
        const dialog = document.querySelector("dialog[open]");
        if (dialog) shown.push(dialog.querySelector("h2").textContent);
    }).observe(document, { subtree: true, childList: true, attributes: true });
    document.querySelector("dialog[open]").dispatchEvent(new Event("cancel", { cancelable: true }));
    const row = [...document.querySelectorAll("a.cover")].find((link) => link.textContent.includes("-00001"));
    row.click();
    document.body.append(document.createElement("i"));
    for (let turn = 0; turn < 200 && !shown.some((number) => number.includes("-00001")); turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return shown;
}"""


def test_whoever_closes_one_invoice_and_opens_the_next_at_once_sees_the_next_alone(page, portal):
    open_tab(page, portal, path="/invoices")
    page.get_by_role("link", name=re.compile("-00002")).click()
    expect(page.get_by_role("dialog")).to_contain_text("$136.58")
    shown = page.evaluate(HURRY)
    assert shown
    assert {number.split("-")[-1] for number in shown} == {"00001"}


def test_the_first_stop_skips_to_the_content(page, portal):
    open_tab(page, portal)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_escape_closes_the_profile(page, portal):
    open_tab(page, portal)
    page.get_by_role("button", name="Acme Corp").focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Your details")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Acme Corp")).to_be_focused()
