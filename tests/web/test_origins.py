"""Who may ask from where: any page may call `/v1`, without credentials; pages and socket are for their own origin."""

from __future__ import annotations

import pytest
from links import file_link, live_principal
from page import PATIENCE_SECONDS
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from portal_app import clock
from portal_app.access.downloads import FileKind

OWN, FOREIGN = "https://billing.northwind.example", "https://evil.example"
MINT = "/v1/customers/portal/acme"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [MINT, "/v1/nowhere", "/v1/customers"])
def test_any_page_may_call_the_api_and_read_its_errors(http, method, path):
    answer = http.request(method, path, headers={"Origin": FOREIGN})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", [MINT, "/v1/nowhere"])
@pytest.mark.parametrize("headers", [{}, {"Origin": FOREIGN, "Access-Control-Request-Method": "PUT"}])
def test_a_browser_that_asks_first_is_told_what_the_api_takes(http, path, headers):
    answer = http.options(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, DELETE, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "*"
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/invoices", "/boot.js", "/files/x", "/ping", "/_event/"])
@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:3000", f"{OWN}.evil.example", OWN.upper()])
def test_no_other_page_may_read_pages_files_or_the_socket(http, path, origin):
    assert "Access-Control-Allow-Origin" not in http.get(path, headers={"Origin": origin}).headers


def knock(portal, origin: str | None, path: str = "/_event/?EIO=4&transport=websocket&token=t") -> str:
    """Open the socket from an origin and return its first frame."""
    address = portal.origin.replace("http", "ws", 1) + path
    with connect(address, origin=Origin(origin) if origin else None) as socket:
        return str(socket.recv(PATIENCE_SECONDS))


@pytest.mark.parametrize(
    "origin", [FOREIGN, "null", "http://billing.northwind.example", f"{OWN}:8443", f"{OWN}.evil.example",
               "https://app.northwind.example", "http://localhost:3000", "http://127.0.0.1:3000"],
)  # fmt: skip
def test_the_socket_is_refused_to_every_other_origin(production, origin):
    with pytest.raises(InvalidStatus) as refused:
        knock(production, origin)
    assert refused.value.response.status_code == 403
    assert refused.value.response.body == b""


@pytest.mark.parametrize("origin", [OWN, None])
def test_the_socket_opens_to_its_own_page_and_to_what_is_no_browser(production, origin):
    assert knock(production, origin).startswith('0{"sid"')


@pytest.mark.parametrize("path", ["/", "/v1/x", "/files/x", "/_event", "/ws"])
def test_there_is_no_socket_at_any_other_address(production, path):
    with pytest.raises(InvalidStatus):
        knock(production, OWN, path)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("GET", "/v1/invoice.css", 404, "not_found"),
        ("GET", "/files/", 404, "not_found"),
        ("GET", "/files/x", 404, "not_found"),
        ("GET", "/files/x/y", 404, "not_found"),
        ("DELETE", MINT, 405, "invalid_operation"),
        ("POST", "/files/x", 405, "invalid_operation"),
    ],
)
def test_what_the_api_does_not_know_is_an_error_of_its_dialect(http, method, path, status, code):
    answer = http.request(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"code", "message", "http_status_code"}
    assert (body["code"], body["http_status_code"]) == (code, status)


def test_what_nobody_expected_is_an_error_of_the_dialect_that_tells_nothing(http, production, knobs):
    now = clock.utc_now()
    link = file_link(live_principal(production.database, "acme", now), FileKind.INVOICES_CSV, "", now)
    knobs.turn("broken", "an error in the middle of it")
    answer = http.get(link)
    assert answer.status_code == 500
    assert answer.json() == {
        "code": "system_error",
        "message": "An unexpected error occurred",
        "http_status_code": 500,
    }
    assert "an error in the middle of it" in production.printed()


def test_while_the_database_is_away_the_api_says_unavailable(http, production, knobs):
    now = clock.utc_now()
    link = file_link(live_principal(production.database, "acme", now), FileKind.INVOICES_CSV, "", now)
    knobs.turn("unavailable")
    answer = http.get(link)
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
