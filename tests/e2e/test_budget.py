"""What a first visit costs: bytes on the wire, requests, and nobody else's server."""

from urllib.parse import urlsplit

import pytest
from browsing import TABS, open_tab

MOST_BYTES, MOST_REQUESTS = 200_000, 18
WITH_CHART = {"/": (560_000, 22), "/usage": (560_000, 22)}
"""Tabs that draw a graph load what draws it after their data; the others never do."""


@pytest.mark.parametrize("path", TABS)
def test_a_first_visit_stays_within_its_budget(page, portal, path):
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    received, requested = [], []
    cdp.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    cdp.on("Network.requestWillBeSent", lambda event: requested.append(event["request"]["url"]))
    open_tab(page, portal, "archive", path)
    page.wait_for_timeout(500)
    most_bytes, most_requests = WITH_CHART.get(path, (MOST_BYTES, MOST_REQUESTS))
    assert len(requested) <= most_requests, requested
    assert sum(received) <= most_bytes, sorted(received)


def test_the_page_makes_no_request_to_anybody_else(page, portal):
    hosts = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    open_tab(page, portal)
    for name in ("Credits", "Invoices", "Usage"):
        page.get_by_role("link", name=name, exact=True).click()
        page.wait_for_load_state("networkidle")
    assert hosts == {urlsplit(portal.origin).netloc}
