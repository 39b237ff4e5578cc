"""What a customer used: read off the graph, the table, the breakdown and the file."""

import csv
import re
from itertools import pairwise

import pytest
from browsing import NARROW, WIDE, loaded, open_tab
from playwright.sync_api import expect
from usage_world import FEATURE_B, GROUPS, TOTAL


@pytest.fixture
def portal(metered_portal):
    return metered_portal


def open_usage(page, portal, query="", customer="acme"):
    open_tab(page, portal, customer, f"/usage{query}")
    return page


def row(page, name):
    return page.locator("table.breakdown tr", has=page.get_by_role("link", name=name, exact=True))


def lines(page):
    """The graph's lines, once it is drawn: dotted steps are not among them."""
    drawn = page.locator(".scatterlayer .trace.scatter")
    expect(drawn.first).to_be_visible()
    return drawn


def point_at(page, part):
    """Move the mouse to a part of the graph's width, and return the tooltip's lines."""
    lines(page)
    box = page.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * part - 6, box["y"] + box["height"] / 2)
    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
    tooltip = page.locator(".hoverlayer .legend")
    expect(tooltip).to_be_visible()
    return [text.replace("\u202f", " ") for text in tooltip.locator("text").all_text_contents()]


def test_the_breakdown_says_what_was_used_and_what_it_costs(page, portal):
    open_usage(page, portal)
    feature_b = row(page, "Feature B")
    for column, text in (("c-usage", "quantity"), ("c-events", "events"), ("c-amount", "cost")):
        expect(feature_b.locator(f".{column}")).to_contain_text(FEATURE_B[text])
    for group, cost in GROUPS.items():
        expect(row(page, group).locator(".c-amount")).to_have_text(cost)
    expect(page.locator(".breakdown .total .c-amount")).to_have_text(TOTAL)
    expect(feature_b.locator(".c-amount span")).to_have_attribute("title", "$141.864")
    expect(page.get_by_text("Estimated until invoiced, before taxes and discounts.")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"Usage through .* \(UTC\+[12]\) · .* · provisional until invoiced"))
    ).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_tooltip_names_the_exact_day_every_feature_and_its_quantity_with_unit(page, portal, width, theme):
    title, *named = point_at(open_usage(page, portal), 0.5)
    assert re.fullmatch(r"\w{3} \d{1,2}, \d{4} \(UTC\+[12]\)", title)
    assert sorted(text.partition(" : ")[0] for text in named) == [
        "Feature B",
        "GPU",
        "LLM",
        "Priority Support",
        "Storage",
    ]
    assert all(re.fullmatch(r".+ : [\d,]+ (calls?|minutes?|K tokens|GB)", text) for text in named)


def test_the_tooltip_of_the_running_window_says_so_and_names_nothing_twice(page, portal):
    title, *named = point_at(open_usage(page, portal, "?range=1d"), 0.995)
    assert re.fullmatch(r"\w{3} \d{1,2}, \d{4}, \d{1,2}:00 [AP]M – \d{1,2}:00 [AP]M \(UTC\+[12]\), so far", title)
    assert len(named) == 5


def test_the_tooltip_on_a_phone_never_mixes_two_days(page, portal):
    page.set_viewport_size({"width": NARROW, "height": 900})
    open_usage(page, portal)
    for part in (0.9, 0.93, 0.96, 0.99):
        assert len(point_at(page, part)) == 6


def test_the_range_is_in_the_address_and_back_returns_to_the_one_before(page, portal):
    open_usage(page, portal)
    page.get_by_role("link", name="7d: the last 7 days").click()
    expect(page).to_have_url(re.compile(r"/usage/?\?range=7d$"))
    expect(page.get_by_text("in the last 7 days")).to_be_visible()
    expect(page.get_by_role("link", name="7d: the last 7 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="1d: the last 24 hours").click()
    expect(page.get_by_text("in the last 24 hours")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("in the last 7 days")).to_be_visible()
    page.reload()
    loaded(page)
    expect(page.get_by_text("in the last 7 days")).to_be_visible()


def test_the_table_is_in_the_address_and_has_a_row_for_each_window(page, portal):
    open_usage(page, portal)
    page.get_by_role("link", name="Table", exact=True).click()
    rows = page.locator("table.twin tbody tr")
    expect(rows).to_have_count(30)
    expect(page.locator(".graph")).to_have_count(0)
    expect(rows.first).to_contain_text("so far")
    assert "view=table" in page.url
    page.reload()
    loaded(page)
    expect(rows).to_have_count(30)


def test_a_group_folds_by_keyboard_and_the_focus_stays_on_it(page, portal):
    open_usage(page, portal)
    group = page.get_by_role("link", name="GPU Usage", exact=True)
    expect(group).to_have_attribute("aria-expanded", "true")
    group.focus()
    page.keyboard.press("Enter")
    expect(row(page, "LLM")).to_have_count(0)
    expect(group).to_have_attribute("aria-expanded", "false")
    expect(group).to_be_focused()
    expect(row(page, "GPU Usage").locator(".c-amount")).to_have_text(GROUPS["GPU Usage"])
    page.reload()
    loaded(page)
    expect(row(page, "LLM")).to_have_count(0)
    group.focus()
    page.keyboard.press("Enter")
    expect(row(page, "LLM")).to_be_visible()


def test_a_row_explains_its_cost_and_the_page_stays_where_it_is(page, portal):
    open_usage(page, portal)
    feature = page.get_by_role("link", name="Feature B", exact=True)
    feature.scroll_into_view_if_needed()
    at = page.evaluate("scrollY")
    feature.focus()
    page.keyboard.press("Enter")
    why = page.locator("tr.why")
    expect(why).to_contain_text("113 events, the first on")
    expect(why).to_contain_text("× $0.024")
    expect(why).to_contain_text("$141.864")
    expect(why).to_contain_text("Shown as $141.86.")
    expect(feature).to_have_attribute("aria-expanded", "true")
    expect(feature).to_be_focused()
    assert page.evaluate("scrollY") == at
    page.keyboard.press("Enter")
    expect(why).to_have_count(0)


def test_the_files_say_what_the_page_says(page, portal):
    open_usage(page, portal)
    with page.expect_download() as breakdown:
        page.get_by_role("button", name="Export the breakdown as CSV").click()
    assert breakdown.value.suggested_filename == "usage-breakdown.csv"
    with breakdown.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = {line["feature"]: line for line in csv.DictReader(file)}
    assert (rows["Feature B"]["quantity"], rows["Feature B"]["cost"]) == ("5911", "141.86")
    with page.expect_download() as series:
        page.get_by_role("button", name="Export the graph as CSV").click()
    assert series.value.suggested_filename == "usage-series.csv"
    with series.value.path().open(encoding="utf-8-sig", newline="") as file:
        windows = list(csv.DictReader(file))
    assert sum(int(line["quantity"]) for line in windows if line["feature"] == "Feature B") == 5911


def test_columns_sort_and_say_so(page, portal):
    open_usage(page, portal)
    head = page.get_by_role("columnheader", name="Feature")
    expect(page.get_by_role("columnheader", name="Total Cost")).to_have_attribute("aria-sort", "descending")
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(page.locator(".breakdown .group .cover").first).to_have_text("Add-ons")
    assert "sort=name" in page.url


def test_eight_lines_are_drawn_and_others_can_be_chosen(page, portal):
    open_usage(page, portal, customer="many")
    expect(page.locator(".chips > .chip")).to_have_count(8)
    page.get_by_text("More features").click()
    expect(page.get_by_text("Eight at a time: hide one to show another.")).to_be_visible()
    page.get_by_role("link", name="Hide Thing 11").click()
    expect(page.get_by_role("link", name="Show Thing 11")).to_be_visible()
    assert "features=" in page.url
    page.get_by_role("link", name="Show Thing 00").click()
    expect(page.locator(".chips > .chip")).to_have_count(8)
    expect(page.get_by_role("link", name="Hide Thing 00")).to_be_visible()
    expect(page.locator("table.breakdown tbody tr.feature")).to_have_count(12)


def test_what_is_not_counted_is_told(page, portal):
    open_usage(page, portal, customer="many")
    expect(page.get_by_text(re.compile("1 event called “unheard of” since .* belongs to no feature"))).to_be_visible()


def test_a_theme_redraws_the_graph_in_its_own_colours(page, portal):
    open_usage(page, portal)
    stroke = "element => getComputedStyle(element).stroke"
    first = lines(page).first.locator(".js-line").first
    light = first.evaluate(stroke)
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(first).not_to_have_css("stroke", light)
    swatch = page.locator(".chip .swatch").first.evaluate(
        "element => getComputedStyle(element).getPropertyValue('--c')"
    )
    red, green, blue = (int(swatch.strip().lstrip("#")[at : at + 2], 16) for at in (0, 2, 4))
    expect(first).to_have_css("stroke", f"rgb({red}, {green}, {blue})")


def test_the_graph_has_no_toolbar_and_one_dotted_step_for_each_line(page, portal):
    open_usage(page, portal)
    expect(lines(page)).to_have_count(10)
    assert page.locator(".modebar").count() == 0
    styles = [line.get_attribute("style") for line in page.locator(".js-line").all()]
    assert len([style for style in styles if re.search(r"stroke-dasharray: 2px,? 3px;", style)]) == 5


def test_the_overview_shows_the_graph_and_leads_to_the_tab(page, portal):
    open_tab(page, portal)
    lines(page)
    expect(page.get_by_text("in the last 30 days")).to_be_visible()
    page.get_by_role("link", name="7d: the last 7 days").click()
    expect(page).to_have_url(re.compile(r"/\?range=7d$"))
    expect(page.get_by_text("in the last 7 days")).to_be_visible()
    page.get_by_role("link", name="All usage").click()
    expect(page).to_have_url(re.compile(r"/usage/?\?range=7d$"))
    expect(page.get_by_text("Usage Breakdown")).to_be_visible()


@pytest.mark.parametrize("width", [NARROW])
@pytest.mark.parametrize("path", ["/", "/usage"])
def test_on_a_phone_the_graph_keeps_220_pixels_and_its_dates_do_not_touch(page, portal, width, path):
    open_tab(page, portal, "many", path)
    lines(page)
    assert page.locator(".graph").bounding_box()["height"] == 220
    boxes = [mark.bounding_box() for mark in page.locator(".graph .annotation").all() if mark.is_visible()]
    assert len(boxes) >= 3
    assert all(left["x"] + left["width"] + 4 < right["x"] for left, right in pairwise(boxes))


def test_a_finger_on_the_graph_scrolls_the_page(browser, portal):
    context = browser.new_context(viewport={"width": NARROW, "height": 700}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_usage(page, portal)
    lines(page)
    box = page.locator(".graph").bounding_box()
    finger = {"x": box["x"] + 150, "y": box["y"] + 180}
    cdp = context.new_cdp_session(page)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [finger]})
    for moved in range(12, 132, 12):
        point = finger | {"y": finger["y"] - moved}
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("() => scrollY > 50")
    context.close()
