"""Draw docs/screenshots anew: every tab of the demo world, wide and narrow, light and dark."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import conftest  # noqa: E402, F401 (the settings of the tests)
from browsing import NARROW, WIDE, loaded, open_tab  # noqa: E402
from e2e.conftest import FLAGS, chromium  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402
from server import RunningPortal, running_portal  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
TABS = {"overview": "/", "credits": "/credits", "invoices": "/invoices", "usage": "/usage"}


def main() -> None:
    """Start a portal of its own on the demo world of today, and photograph it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_portal(Path(folder)) as portal,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        for width in (WIDE, NARROW):
            for theme in ("light", "dark"):
                photograph(browser, portal, width, theme)
        browser.close()


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


def save(page: Page, name: str, *, full_page: bool = True) -> None:
    """Write a picture of the page as it is."""
    if full_page:
        loaded(page)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=full_page)


if __name__ == "__main__":
    main()
