"""What a visit costs: bytes on the wire, requests, and nobody else's server."""

from urllib.parse import urlsplit

import pytest
from browsing import loaded, open_tab
from playwright.sync_api import expect

MOST_BYTES, MOST_REQUESTS = 200_000, 18
WITH_GRAPH = 560_000
"""With the code that draws it, which is fetched after the data."""
RANGE_BYTES = 40_000
"""What a switch to another range may send over the socket."""


@pytest.fixture
def received(page):
    """The bytes of each response so far."""
    sizes = []
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


@pytest.fixture
def happened(page):
    """What the page asked for, and the frames of its socket, in order."""
    order = []
    page.on("request", lambda request: order.append(request.url))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: order.append(f"frame {frame}")))
    return order


def requested(happened):
    return [one for one in happened if not one.startswith("frame ")]


def fetched_chart(happened):
    return [one for one in requested(happened) if "plotly" in one]


@pytest.mark.parametrize("path", ["/credits", "/invoices", "/usage?view=table"])
def test_a_first_visit_without_a_graph_stays_within_its_budget_and_never_fetches_its_code(
    page, metered_portal, received, happened, path
):
    open_tab(page, metered_portal, "many", path)
    page.wait_for_load_state("networkidle")
    assert fetched_chart(happened) == []
    assert len(requested(happened)) <= MOST_REQUESTS, requested(happened)
    assert sum(received) <= MOST_BYTES, sorted(received)


def test_a_long_list_of_invoices_stays_within_the_budget(page, portal, received, happened):
    open_tab(page, portal, "archive", "/invoices")
    page.wait_for_load_state("networkidle")
    assert fetched_chart(happened) == []
    assert sum(received) <= MOST_BYTES, sorted(received)


@pytest.mark.parametrize("path", ["/", "/usage"])
def test_a_first_visit_with_a_graph_fetches_its_code_once_and_after_the_data(
    page, metered_portal, received, happened, path
):
    open_tab(page, metered_portal, "many", path)
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    (chart,) = fetched_chart(happened)
    data = next(at for at, one in enumerate(happened) if one.startswith("frame ") and "Thing 11" in one)
    assert data < happened.index(chart)
    assert len(requested(happened)) <= MOST_REQUESTS + 1, requested(happened)
    assert sum(received) <= WITH_GRAPH, sorted(received)


def test_a_switch_of_the_range_sends_little(page, metered_portal, happened):
    open_tab(page, metered_portal, "many", "/usage")
    expect(page.locator(".scatterlayer .trace").first).to_be_visible()
    happened.clear()
    page.get_by_role("link", name="7d: the last 7 days").click()
    expect(page.get_by_text("in the last 7 days")).to_be_visible()
    loaded(page)
    assert sum(len(one) for one in happened) <= RANGE_BYTES
    assert [one for one in requested(happened) if one.endswith(".js")] == []


def test_the_page_makes_no_request_to_anybody_else(page, portal):
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    open_tab(page, portal)
    for name in ("Credits", "Invoices", "Usage"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_load_state("networkidle")
    assert hosts == {urlsplit(portal.origin).netloc}
