"""examples/custom_portal: a page of somebody else's, on another origin, with nothing but a session token."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import expect

from portal_app.build import ROOT

EXAMPLE = ROOT / "examples" / "custom_portal"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Any web server of an operator's: the example's files, on a port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=EXAMPLE))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def cells(page, table):
    return [row.locator("td").all_inner_texts() for row in page.locator(f"#{table} tr").all()[1:]]


def test_a_page_of_ones_own_shows_what_the_api_says(page, portal, elsewhere):
    token, asked = portal.token("acme"), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{elsewhere}/index.html#portal={portal.origin}&token={token}")
    expect(page.locator("#name")).to_have_text("Acme Corp")
    expect(page.locator("#usage td").first).to_be_visible()

    with httpx.Client(base_url=f"{portal.origin}/v1/customer/portal", headers={"X-Session-Token": token}) as ask:
        wallets = ask.post("/wallets", json={}).json()
        invoices = ask.post("/invoices", json={"page": 1, "limit": 10}).json()["items"]
    assert cells(page, "wallets") == [[one["name"], one["credit_balance"], f"${one['balance']}"] for one in wallets]
    assert [row[0] for row in cells(page, "invoices")] == [one["invoice_number"] for one in invoices]
    assert [row[3] for row in cells(page, "invoices")] == [f"${Decimal(one['total']):.2f}" for one in invoices]
    assert {row[2] for row in cells(page, "invoices")} == {"Paid", "To be paid"}

    assert "token" not in page.url
    calls = [url for url in asked if url.startswith(portal.origin)]
    assert len(calls) >= 4
    assert all(url.startswith(f"{portal.origin}/v1/customer/portal/") for url in calls)
    assert all("#" in url or token not in url for url in asked)
    assert page.context.cookies() == []


def test_a_token_that_is_over_says_what_to_do(page, portal, elsewhere):
    page.goto(f"{elsewhere}/index.html#portal={portal.origin}&token=over")
    expect(page.get_by_role("status")).to_have_text("This link is over. Go back and open your billing again.")
