"""What a first visit costs in a browser: bytes, requests, and time to the first data against a page without any."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import conftest  # noqa: F401 (the settings of the tests)
from browsing import TABS
from e2e.conftest import FLAGS, chromium
from playwright.sync_api import Browser, sync_playwright
from server import RunningPortal, running_portal

from bench._table import print_table

ROUNDS = 12
DATA = {
    "/": ".kpi",
    "/credits": ".ledger tbody tr",
    "/invoices": ".invoices tbody tr",
    "/usage": ".breakdown tbody tr, .empty",
}
"""What stands on a tab once its data is there."""


def run() -> None:
    """Measure each tab against the closed door: the same shell, socket and gate of the same process, without data."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_portal(Path(folder)) as portal,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        closed = (f"{portal.origin}/", "[data-screen]")
        rows = []
        for tab in TABS:
            opened, empty, sizes = [], [], []
            for _ in range(ROUNDS):
                empty.append(_visit(browser, *closed)[0])
                seconds, size, requests = _visit(browser, _link(portal, tab), DATA[tab])
                opened.append(seconds)
                sizes.append((size, requests))
            ours, base = statistics.median(opened), statistics.median(empty)
            size, requests = sizes[-1]
            rows.append((tab, size, requests, ours * 1e3, base * 1e3, ours / base))
        browser.close()
    head = ("tab (archive, cold cache)", "bytes", "requests", "first data ms", "empty page ms", "of empty")
    print_table("a first visit, Chromium, gzip, median of interleaved rounds", head, rows)


def _link(portal: RunningPortal, tab: str) -> str:
    customer = "archive" if tab == "/invoices" else "acme"
    return portal.link(customer, tab)


def _visit(browser: Browser, url: str, selector: str) -> tuple[float, int, int]:
    """Return seconds until `selector` is there, bytes received and requests made, in a fresh profile."""
    context = browser.new_context()
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    received: list[int] = []
    requests: list[str] = []
    cdp.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    cdp.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector)
    seconds = time.perf_counter() - start
    page.wait_for_load_state("networkidle")
    context.close()
    return seconds, sum(received), len(requests)
