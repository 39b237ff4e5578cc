"""axe-core on every tab, in both themes, wide and narrow; and what axe does not see."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import NARROW, TABS, WIDE, open_tab
from playwright.sync_api import expect

GRAVE = {"serious", "critical"}
SMALLEST_TARGET = 44


def grave_findings(page):
    found = Axe().run(page).response["violations"]
    return [
        (finding["id"], [node["html"][:120] for node in finding["nodes"]])
        for finding in found
        if finding["impact"] in GRAVE
    ]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", TABS)
def test_axe_finds_nothing_grave_on_any_tab(page, portal, path, theme, width):
    open_tab(page, portal, "tri", path)
    assert grave_findings(page) == []


def open_used(page, portal, path, customer="many"):
    """Open a page that shows usage, with its graph drawn if it has one."""
    open_tab(page, portal, customer, path)
    if "view=table" not in path:
        expect(page.locator(".scatterlayer .trace").first).to_be_visible()


USED = ("/", "/usage", "/?view=table&range=7d", "/usage?view=table&range=1d")


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", USED)
def test_axe_finds_nothing_grave_where_usage_is_shown(page, metered_portal, path, theme, width):
    open_used(page, metered_portal, path)
    assert grave_findings(page) == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_an_explained_cost(page, metered_portal, theme, width):
    open_used(page, metered_portal, "/usage?sort=name", "acme")
    page.get_by_role("link", name="Feature B", exact=True).click()
    expect(page.locator("tr.why")).to_contain_text("113 events")
    assert grave_findings(page) == []


@pytest.mark.parametrize("width", [320, NARROW, 768])
@pytest.mark.parametrize("path", USED)
def test_usage_is_not_wider_than_the_screen(page, metered_portal, path, width):
    open_used(page, metered_portal, path)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "?token=abc"])
def test_axe_finds_nothing_grave_on_a_closed_door(page, portal, query, theme):
    page.goto(f"{portal.origin}/{query}")
    expect(page.locator("[data-screen]")).to_be_visible()
    assert grave_findings(page) == []


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_the_open_invoice(page, portal, theme, width):
    open_tab(page, portal, "archive", "/invoices?q=refunded")
    page.locator("a.cover").first.click()
    expect(page.get_by_role("dialog").locator(".kpi")).to_be_visible()
    assert grave_findings(page) == []


@pytest.mark.parametrize("width", [NARROW])
@pytest.mark.parametrize("path", TABS)
def test_on_a_phone_everything_that_is_touched_is_large_enough(page, portal, path, width):
    open_tab(page, portal, "tri", path)
    assert small_targets(page) == []


@pytest.mark.parametrize("width", [NARROW])
@pytest.mark.parametrize("path", USED)
def test_on_a_phone_what_is_touched_of_usage_is_large_enough(page, metered_portal, path, width):
    open_used(page, metered_portal, path)
    for details in page.locator("details.others").all():
        details.locator("summary").click()
    assert small_targets(page) == []


def small_targets(page):
    return page.evaluate(
        """least => [...document.querySelectorAll('main :is(button, a, summary), nav a, header :is(a, button), input')]
            .filter(e => e.offsetParent !== null && !e.matches('small a, p a, thead a, .cover'))
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.height > 0 && box.height < least)
            .map(([html, box]) => `${html} ${Math.round(box.width)}x${Math.round(box.height)}`)""",
        SMALLEST_TARGET,
    )


@pytest.mark.parametrize("width", [320, NARROW, 768])
@pytest.mark.parametrize("path", TABS)
def test_nothing_is_wider_than_the_screen(page, portal, path, width):
    open_tab(page, portal, "archive", path)
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]


def test_a_forced_theme_beats_the_systems(page, portal):
    open_tab(page, portal, path="/?theme=dark")
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).not_to_have_class("dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != background
