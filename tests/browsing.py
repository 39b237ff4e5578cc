"""How a browser test gets to a page of the portal with its data on it."""

import os
import shutil

import pytest
from playwright.sync_api import Page, expect
from server import RunningPortal

WIDE, NARROW = 1280, 390
TABS = ("/", "/credits", "/invoices", "/usage")


def open_tab(page: Page, portal: RunningPortal, external_id: str = "acme", path: str = "/") -> Page:
    """Open a fresh link of a customer, and wait until its data is there."""
    address, _, query = path.partition("?")
    page.goto(portal.link(external_id, address) + (f"&{query}" if query else ""))
    loaded(page)
    return page


def loaded(page: Page) -> Page:
    """Wait until nothing on the page is still loading."""
    expect(page.locator("header .who")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


def chromium() -> str:
    """Return the path of the browser tests drive."""
    given = os.environ.get("PORTAL_TEST_CHROMIUM")
    found = given or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.exit("Chromium is missing: install Debian's package `chromium`, or set PORTAL_TEST_CHROMIUM.", 3)
    return found
