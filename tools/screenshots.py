"""Draw docs/screenshots anew: every tab of the demo world and the operator's pages, wide and narrow, light and dark.

`python tools/screenshots.py operator` draws the operator's alone, `portal` the customers'.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import cast  # noqa: E402
import conftest  # noqa: E402, F401 (the settings of the tests)
from browsing import NARROW, WIDE, loaded, open_tab  # noqa: E402
from desk import enter  # noqa: E402
from e2e.conftest import FLAGS, chromium  # noqa: E402
from operators import running_operator  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402
from server import RunningPortal, running_portal  # noqa: E402

from portal_app import clock  # noqa: E402
from portal_app.database import Session  # noqa: E402
from portal_app.demo.world import load_demo  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
LOOKS = [(width, theme) for width in (WIDE, NARROW) for theme in ("light", "dark")]
TABS = {"overview": "/", "credits": "/credits", "invoices": "/invoices", "usage": "/usage"}


DESK = {"customers": "", "branding": "/branding", "embedding": "/embedding", "keys": "/keys", "audit": "/audit"}
GOOD = {"customers": "external_id,name,email\nharbour,Harbour Ltd,ap@harbour.example\n"}
BAD = {
    "customers": "external_id,name,email,timezone\nharbour,Harbour Ltd,harbour.example,Europe/Lisbonne\nacme,,,\n",
    "wallets": "external_id,customer,currency,conversion_rate\nh-usd,harbor,USD,0.1\nh-eur,harbour,EURO,1\n",
    "invoices": "external_id,customer,invoice_status,currency,issued_at\nh-1,acme,FINALIZED,USD,6 Jan 2026\n",
}


def main() -> None:
    """Start portals of their own on the demo world of today, and photograph them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[1:]) or {"portal", "operator"}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        if "portal" in wanted:
            with running_portal(Path(folder) / "portal") as portal:
                for width, theme in LOOKS:
                    photograph(browser, portal, width, theme)
        if "operator" in wanted:
            with running_operator(Path(folder) / "operator", add=_demo) as operator:
                for width, theme in LOOKS:
                    photograph_desk(browser, operator, width, theme)
        browser.close()


def _demo(session: Session) -> None:
    load_demo(session, clock.utc_now().date(), clock.utc_now(), cast.DEMO_EVENTS)


def photograph(browser: Browser, portal: RunningPortal, width: int, theme: str) -> None:
    """Write one picture of each tab, of a search, of an open invoice, and of an expired link."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    for name, path in TABS.items():
        open_tab(page, portal, "acme", path)
        if name in {"overview", "usage"}:
            expect(page.locator(".scatterlayer .trace").first).to_be_visible()
        save(page, f"{name}-{width}-{theme}")
    open_tab(page, portal, "archive", "/invoices?q=overdue")
    save(page, f"search-{width}-{theme}")
    open_tab(page, portal, "acme", "/invoices")
    page.get_by_role("link", name=re.compile("-00002")).click()
    expect(page.get_by_role("dialog").locator(".kpi")).to_be_visible()
    save(page, f"invoice-{width}-{theme}", full_page=False)
    page.goto(f"{portal.origin}/?token=expired")
    expect(page.locator("[data-screen]")).to_be_visible()
    save(page, f"closed-{width}-{theme}", full_page=False)
    context.close()


def photograph_desk(browser: Browser, operator: RunningPortal, width: int, theme: str) -> None:
    """Write one picture of each of the operator's pages, and of what is behind the first of them."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    page, look = context.new_page(), f"{width}-{theme}"
    page.goto(f"{operator.origin}/operator")
    expect(page.get_by_label("Password")).to_be_visible()
    save(page, f"operator-sign-in-{look}", full_page=False)
    enter(page, operator)
    page.get_by_label("Actions for Acme Corp").click()
    page.get_by_role("button", name="Copy portal link").click()
    expect(page.get_by_role("dialog")).to_contain_text("Anyone with this link")
    save(page, f"operator-link-{look}", full_page=False)
    for name, path in DESK.items():
        page.goto(f"{operator.origin}/operator{path}")
        expect(loaded(page).locator("main :is(h1, h2)").first).to_be_attached()
        if name in {"customers", "audit"}:
            expect(page.locator("main tbody tr").first).to_be_visible()
        if name == "embedding":
            page.get_by_label("Origin of the page").fill("https://app.example.com")
            page.get_by_role("button", name="Examine").click()
            expect(page.get_by_text("No wildcard")).to_be_visible()
        save(page, f"operator-{name}-{look}")
    page.goto(f"{operator.origin}/operator")
    loaded(page).get_by_label("Actions for Acme Corp").click()
    expect(page.get_by_role("link", name="View details")).to_be_visible()
    save(page, f"operator-menu-{look}", full_page=False)
    page.get_by_role("link", name="View details").click()
    expect(page.get_by_role("heading", name="Acme Corp")).to_be_visible()
    for part in ("Information", "Sessions", "Data", "Activity"):
        page.get_by_role("link", name=part, exact=True).click()
        expect(page.get_by_role("link", name=part, exact=True)).to_have_attribute("aria-current", "true")
        save(page, f"operator-{part.lower()}-{look}")
    _photograph_import(page, operator, look)
    context.close()


def _photograph_import(page: Page, operator: RunningPortal, look: str) -> None:
    page.goto(f"{operator.origin}/operator/import")
    expect(loaded(page).locator("input[type=file]")).to_be_visible()
    for name, files, said in (("refused", BAD, "problems"), ("checked", GOOD, "Everything is in order")):
        sent = [
            {"name": f"{noun}.csv", "mimeType": "text/csv", "buffer": text.encode()} for noun, text in files.items()
        ]
        page.locator("input[type=file]").set_input_files(sent)
        expect(page.get_by_role("heading", name=said)).to_be_visible()
        save(page, f"operator-import-{name}-{look}")
        page.get_by_role("button", name="Import other files").click()
        expect(page.locator("input[type=file]")).to_be_visible()


def save(page: Page, name: str, *, full_page: bool = True) -> None:
    """Write a picture of the page as it is."""
    if full_page:
        loaded(page)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=full_page)


if __name__ == "__main__":
    main()
