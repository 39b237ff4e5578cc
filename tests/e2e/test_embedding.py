"""The portal in pages of other sites, in a Chromium with no flags of a driver, mostly one that blocks all storage."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import timedelta

import cast
import pytest
from browsing import chromium
from hosts import Host, serving, unmodified_chromium
from playwright.sync_api import expect
from server import free_port, running_portal

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.build import ROOT
from portal_app.commands.embedding import set_embed_origins

SANDBOX = "allow-scripts allow-same-origin allow-downloads"


@pytest.fixture(scope="module")
def people_s_browser(playwright, tmp_path_factory):
    profile = tmp_path_factory.mktemp("profile") / "chromium"
    with unmodified_chromium(chromium(), profile, blocks_storage=True) as address:
        browser = playwright.chromium.connect_over_cdp(address)
        yield browser
        browser.close()


@pytest.fixture
def storing_page(playwright, tmp_path):
    """A page of a Chromium as it comes."""
    with unmodified_chromium(chromium(), tmp_path / "chromium") as address:
        browser = playwright.chromium.connect_over_cdp(address)
        yield browser.contexts[0].new_page()
        browser.close()


@pytest.fixture
def page(people_s_browser):
    page = people_s_browser.contexts[0].new_page()
    yield page
    page.close()


def mint(portal, external_id="acme", seconds_left=3600):
    minted = cast.mint(portal.database, external_id, clock.utc_now() - timedelta(seconds=3600 - seconds_left))
    return {"url": minted.url.replace("http://localhost:3000", portal.origin), "token": minted.token}


@pytest.fixture
def host(portal):
    with serving(Host(portal.origin, lambda: mint(portal))) as host:
        yield host


def framed(page, host, name="127.0.0.1", **options):
    """Open the host's page under a name, and return the portal in it."""
    host.options |= options
    page.goto(host.origin(name))
    return page.frame_locator("customer-portal iframe")


def opened(page, host, **options):
    """Open it, and wait until the tab's data is there."""
    inside = framed(page, host, **options)
    expect(inside.locator("nav.tabs")).to_be_visible()
    expect(inside.locator("[aria-busy=true]")).to_have_count(0)
    return inside


def words(page, kind):
    return page.evaluate("kind => words.filter(([type]) => type === kind).map(([, detail]) => detail)", kind)


def inner(page):
    return next(frame for frame in page.frames if frame.parent_frame)


@pytest.mark.threat("T27")
@pytest.mark.parametrize("sandbox", ["", SANDBOX])
def test_an_allowed_page_of_another_site_shows_the_portal(page, portal, host, sandbox):
    inside = opened(page, host, tab="credits", hideHeader=True, **({"sandbox": sandbox} if sandbox else {}))
    expect(inside.locator(".kpi").first).to_contain_text("434.2")
    expect(inside.locator("header")).to_be_hidden()
    blocked = "'value' in Object.getOwnPropertyDescriptor(window, 'sessionStorage')"
    assert inner(page).evaluate(blocked)
    assert "token" not in inner(page).url
    (ready,) = words(page, "ready")
    assert (ready["tab"], ready["path"]) == ("credits", "/credits?header=0")
    with page.expect_download() as download:
        inside.get_by_role("button", name="Export").first.click()
    assert download.value.suggested_filename.endswith(".csv")


@pytest.mark.threat("T27")
def test_a_page_that_is_not_listed_is_refused_until_it_is(page, portal, host):
    inside = framed(page, host, name="shop.localhost")
    page.wait_for_timeout(1500)
    assert inner(page).url.startswith("chrome-error:")
    expect(inside.locator("nav.tabs")).to_have_count(0)
    with portal.database.writing() as session:
        set_embed_origins(session, [host.origin("shop.localhost")], "tests", clock.utc_now())
    deadline = time.monotonic() + 20
    while inner(page).url.startswith("chrome-error:") and time.monotonic() < deadline:
        page.wait_for_timeout(1000)
        page.reload()
        page.wait_for_timeout(500)
    expect(inside.locator("nav.tabs")).to_be_visible()


def test_a_frame_in_which_the_browser_shows_an_error_is_opened_again_by_itself(page, portal, host):
    inside = framed(page, host, name="new.localhost")
    page.wait_for_function("words.some(([type]) => type === 'error')", timeout=20_000)
    assert inner(page).url.startswith("chrome-error:")
    assert [error["code"] for error in words(page, "error")] == ["unavailable"]
    with portal.database.writing() as session:
        set_embed_origins(session, [host.origin("new.localhost")], "tests", clock.utc_now())
    expect(inside.locator("nav.tabs")).to_be_visible(timeout=30_000)
    assert host.asked == 2


def test_the_frame_grows_and_shrinks_with_what_is_in_it(page, portal, host):
    inside = opened(page, host)
    frame = page.locator("customer-portal iframe")

    def fits():
        expect(inside.locator("[aria-busy=true]")).to_have_count(0)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            height = inside.locator(".portal").evaluate("page => Math.ceil(page.getBoundingClientRect().height)")
            if frame.bounding_box()["height"] == max(height, 200) and inner(page).evaluate(
                "document.documentElement.scrollHeight <= window.innerHeight"
            ):
                return height
            page.wait_for_timeout(100)
        raise AssertionError("the frame does not fit")

    overview = fits()
    inside.get_by_role("link", name="Invoices", exact=True).click()
    expect(inside.locator("table.invoices")).to_be_visible()
    invoices = fits()
    assert invoices < overview
    inside.get_by_role("link", name="Overview", exact=True).click()
    expect(inside.get_by_text("Plan Base")).to_be_visible()
    assert fits() > invoices
    assert [word["tab"] for word in words(page, "navigated")] == ["invoices", "overview"]


def test_before_the_end_the_host_is_asked_and_the_page_goes_on_where_it_was(page, portal, host):
    inside = opened(page, host, tab="invoices", src=mint(portal, seconds_left=15)["url"])
    deadline = time.monotonic() + 20
    while len(words(page, "ready")) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert host.asked == 1
    (expiring,) = words(page, "session-expiring")
    assert 0 < expiring["seconds"] <= 5
    assert words(page, "ready")[1]["expires_at"] > expiring["expires_at"]
    assert words(page, "error") == []

    inside.get_by_role("searchbox").fill("paid")
    found = inside.locator(".pager p")
    expect(found).to_have_text("2 of 2 invoices")
    inner(page).evaluate("window.untouched = true")
    page.evaluate("window.scrollTo(0, 120)")
    page.evaluate("portal.renew()")
    while len(words(page, "ready")) < 3 and time.monotonic() < deadline + 20:
        page.wait_for_timeout(100)
    assert words(page, "ready")[2]["path"] == "/invoices?q=paid"
    assert inner(page).evaluate("window.untouched")
    expect(inside.get_by_role("searchbox")).to_have_value("paid")
    expect(found).to_have_text("2 of 2 invoices")


def test_after_the_end_the_host_is_asked_once_more_and_the_page_opens_again(page, portal, host):
    inside = opened(page, host, tab="credits", src=mint(portal, seconds_left=-5)["url"])
    expect(inside.locator(".kpi").first).to_contain_text("434.2")
    assert words(page, "session-expired") == [{"reason": "expired"}]


@pytest.mark.threat("T9")
def test_two_portals_on_one_page_each_show_their_own_customer_whatever_comes(storing_page, portal, host):
    page, theirs = storing_page, mint(portal, "globex")
    host.more = f"""<script type="module">
      const {{ mountPortal }} = await import("{portal.origin}/embed.js");
      window.second = mountPortal(document.body, {{ src: "{theirs["url"]}", tab: "credits" }});
    </script>"""
    framed(page, host, tab="credits", hideHeader=True)
    frames = [page.frame_locator("customer-portal iframe").nth(at) for at in (0, 1)]

    def own():
        for frame, name in zip(frames, ("Acme", "Globex"), strict=True):
            expect(frame.locator("nav.tabs")).to_be_visible()
            expect(frame.locator("header .who")).to_contain_text(name)
        expect(frames[0].locator("header")).to_be_hidden()
        expect(frames[1].locator("header")).to_be_visible()

    def ready(times):
        """Wait until the first has opened so often: what is on the page is from then on."""
        page.wait_for_function("times => words.filter(([type]) => type === 'ready').length >= times", arg=times)
        page.wait_for_timeout(300)
        own()

    ready(1)
    inside = [frame for frame in page.frames if frame.parent_frame]
    for frame in inside:  # as on the way back from another page
        frame.evaluate("window.dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(300)
    for frame in inside:
        frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    ready(2)
    page.evaluate("link => second.renew(link)", mint(portal, "globex")["url"])
    page.evaluate("portal.renew()")
    ready(3)
    frames[0].get_by_role("link", name="Invoices", exact=True).click()
    expect(frames[0].locator("table.invoices")).to_be_visible()
    for frame in inside:  # as the page's own script does after a deployment
        frame.evaluate("setTimeout(() => location.reload())")
    ready(4)
    expect(frames[0].locator("table.invoices")).to_be_visible()
    page.evaluate("second.setAttribute('theme', 'dark'); portal.setAttribute('tab', 'usage')")
    expect(frames[1].locator("html")).to_have_class(re.compile("dark"))
    expect(frames[0].get_by_role("link", name="Usage", exact=True)).to_have_attribute("aria-current", "page")
    own()
    expect(frames[0].locator("html")).not_to_have_class(re.compile("dark"))
    assert not [
        key for frame in inside for key in frame.evaluate("Object.keys(window.sessionStorage)") if "token" in key
    ]


@pytest.mark.threat("T28")
def test_nobody_but_the_page_around_it_can_say_anything_to_the_portal(page, portal, host):
    """A frame beside it sends what the host would send, to both sides; and the host sends what is not in the schema."""
    renew = {"source": "customer-portal-host", "version": 1, "type": "renew", "token": mint(portal, "globex")["token"]}
    faked = {"source": "customer-portal", "version": 1, "type": "resized", "height": 9}
    host.more = (
        f"""<iframe srcdoc='<script>
      setInterval(() => {{ for (const frame of parent.frames) frame.postMessage({renew!r}, "*") }}, 50);
      setInterval(() => parent.postMessage({faked!r}, "*"), 50);
    </script>'></iframe>""".replace("'source'", '"source"')
        .replace("'", '"')
        .replace('srcdoc="', "srcdoc='")
        .replace('"></iframe>', "'></iframe>")
    )
    inside = opened(page, host, tab="credits")
    for wrong in (
        {**renew, "version": 2}, {**renew, "source": "somebody"}, {**renew, "more": 1}, {**renew, "token": 5},
        {**renew, "token": "x"}, {**renew, "type": "navigate"}, {"type": "renew"}, "renew", None, 5, [renew],
    ):  # fmt: skip
        page.evaluate(
            "([word, to]) => document.querySelector('customer-portal iframe').contentWindow.postMessage(word, to)",
            [wrong, portal.origin],
        )
    page.wait_for_timeout(1500)
    expect(inside.locator(".kpi").first).to_contain_text("434.2")
    assert len(words(page, "ready")) == 1
    assert 9 not in [word["height"] for word in words(page, "resized")]
    assert words(page, "error") == []
    expect(inside.locator("#session")).to_have_attribute("data-refused", "0")


@pytest.mark.threat("T28")
def test_a_link_that_is_a_script_is_no_link(page, host):
    """Whoever gets at the host's answer, or at what it takes for `src`, must not run anything in the host's page."""
    script = "javascript:void(parent.document.title = 'theirs')//"
    host.mint = lambda: {"url": script, "token": "x"}
    for options in ({}, {"src": script}):
        framed(page, host, **options)
        page.wait_for_function("words.length > 0")
        assert [detail["code"] for detail in words(page, "error")] == ["session-unavailable"]
        assert page.title() == "A product"
        assert page.locator("customer-portal iframe").count() == 0


def test_the_example_shows_the_portal(page, tmp_path):
    def fill(session):
        cast.add_wallet(session, cast.add_customer(session, "acme"))

    port = free_port()
    with running_portal(tmp_path, fill=fill, environment={"PORTAL_OPERATOR_SUPPORT_EMAIL": ""}) as portal:
        key = cast.api_key(portal.database, Scope.MINT, now=clock.utc_now())
        command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"]
        environment = os.environ | {"PORTAL_URL": portal.origin, "PORTAL_API_KEY": key}
        example = subprocess.Popen(command, cwd=ROOT / "examples/embed", env=environment)
        try:
            for _ in range(100):
                try:
                    page.goto(f"http://127.0.0.1:{port}")
                    break
                except Exception:  # noqa: BLE001
                    page.wait_for_timeout(200)
            inside = page.frame_locator("customer-portal iframe")
            expect(inside.locator(".kpi").first).to_contain_text(re.compile("0 credits"))
            expect(inside.get_by_text("Times in")).to_be_visible()
            expect(inside.get_by_text("Contact")).to_have_count(0)  # nobody is known to write to
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.locator("meta[name=viewport]").get_attribute("content") == "width=device-width"
            root = "document.documentElement"
            assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
        finally:
            example.terminate()
            example.wait(10)
