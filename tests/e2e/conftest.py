"""Tests in a real browser: headless Chromium on the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cast
import pytest
from browsing import WIDE, chromium
from operators import running_operator
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from server import RunningPortal, running_portal
from usage_world import fill_portal

from portal_app import clock
from portal_app.database import Session
from portal_app.demo.world import load_demo

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
]

expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here, and keep them on one worker: they share a server and a browser."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver; its event loop ends with these tests, so that others can run one of their own."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One browser for all tests; each has a context of its own."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A fresh profile, 1280 wide unless the test is parametrised by `width` or `theme`."""
    values = getattr(request.node, "callspec", None)
    chosen = values.params if values else {}
    context = browser.new_context(
        viewport={"width": chosen.get("width", WIDE), "height": 900},
        color_scheme=chosen.get("theme", "light"),
        reduced_motion="reduce",
        accept_downloads=True,
    )
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page that fails its test when a script on it fails, or when the security policy had to stop something."""
    page = context.new_page()
    page.on("pageerror", _fail)
    page.on("console", lambda message: _fail(message.text) if "Content Security Policy" in message.text else None)
    return page


@pytest.fixture
def portal(demo_portal: RunningPortal) -> RunningPortal:
    """The running portal with the demo world of today."""
    return demo_portal


@pytest.fixture(scope="session")
def metered_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running portal whose customers use something; for tests that look and change nothing."""
    with running_portal(tmp_path_factory.mktemp("metered"), fill=fill_portal) as portal:
        yield portal


@pytest.fixture(scope="session")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running portal with the operator's pages, too, and the demo world of today."""

    def demo(session: Session) -> None:
        load_demo(session, clock.utc_now().date(), clock.utc_now(), cast.DEMO_EVENTS)

    folder = tmp_path_factory.mktemp("operator-e2e")
    (folder / "tmp").mkdir()
    with running_operator(folder, add=demo, environment={"TMPDIR": str(folder / "tmp")}) as portal:
        yield portal


def _fail(problem: object) -> None:
    raise AssertionError(f"on the page: {problem}")
