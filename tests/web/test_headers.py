"""The headers of every answer: pages, assets, API, files, errors."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx2
import pytest
from bent import Knobs
from canaries import secrets_of
from links import file_link, live_principal

from portal_app import clock
from portal_app.access.downloads import FileKind
from portal_app.build import ROOT
from portal_app.web.headers import DATA_POLICY, cache_control, within

ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
COMPILED = ROOT / ".web-tests/build/client"
PAGES = ("/", "/credits", "/credits/", "/invoices", "/invoices?q=x&token=t", "/usage", "/usage/")
KEYED = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
MINT = "/v1/customers/portal/acme"


def requests(production, key) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield a request of every kind there is, as method, path and headers."""
    for path in PAGES:
        yield "GET", path, {}
        yield "HEAD", path, {}
    for file in sorted(COMPILED.rglob("*")):
        if file.suffix not in {".html", ".gz", ".br"} and file.is_file():
            yield "GET", f"/{file.relative_to(COMPILED)}", {}
    yield "GET", "/boot.js", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    yield "GET", "/boot.js", {"Range": "bytes=99999999-"}
    yield "GET", "/boot.js", {"Accept-Encoding": "br"}
    for path in ("/nowhere", "/assets/gone-DEADBEEF.js", "/v1", "/v1/", "/v1/nowhere", "/V1/x", "//v1/x", "/files/",
                 "/files/x", "/files/x/y", "/a%00b", "/" + "a" * 3000, "/.env", "/%2e%2e/%2e%2e/etc/passwd", "/ping",
                 "/_health", "/_event", "/_event/", "/_event/?EIO=4&transport=polling", "/_upload",
                 "/_upload/x"):  # fmt: skip
        yield "GET", path, {}
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        for path in ("/", "/invoices", "/boot.js", "/nowhere", "/v1/nowhere", MINT, "/files/x", "/ping", "/_event/"):
            yield method, path, {}
    for path in ("/", MINT, "/_event/"):
        yield "OPTIONS", path, {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for external_id in ("acme", "nobody", "a" * 300):
        yield "POST", f"/v1/customers/portal/{external_id}", {"x-api-key": key}
    now = clock.utc_now()
    principal = live_principal(production.database, "acme", now)
    invoice = next(secret for secret in secrets_of(production, "acme") if secret.startswith("inv_"))
    for kind, subject in ((FileKind.INVOICE_PDF, invoice), (FileKind.INVOICES_CSV, "")):
        yield "GET", file_link(principal, kind, subject, now), {}


@pytest.fixture(scope="module")
def every_answer(production, key) -> dict[str, httpx2.Response]:
    """The answer to every request, by name; and to some of them once more, while the database fails."""
    answers = {}
    knobs = Knobs(production.log.parent)
    with httpx2.Client(headers={"Host": "billing.northwind.example"}, timeout=60) as client:
        for method, path, headers in requests(production, key):
            answers[f"{method} {path} {headers}"] = client.request(method, production.origin + path, headers=headers)
        knobs.turn("broken", "an error in the middle of it")
        answers["broken"] = client.get(production.origin + path)
        knobs.back()
    return answers


def expected(answer: httpx2.Response) -> dict[str, str]:
    """Return the headers of an answer: those of all, and for the two files that other pages load, that they may."""
    if httpx2.URL(str(answer.url)).path in {"/embed.js", "/embed.d.ts"}:
        return ALWAYS | {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
    return ALWAYS


@pytest.mark.threat("T32")
def test_every_answer_carries_the_headers_of_every_answer(every_answer):
    assert {answer.status_code for answer in every_answer.values()} >= {
        200,
        206 - 2,
        304,
        400,
        401,
        404,
        405,
        416,
        500,
    } - {204}
    lacking = {
        name: [header for header, value in expected(answer).items() if answer.headers.get_list(header) != [value]]
        for name, answer in every_answer.items()
    }
    assert not {name: headers for name, headers in lacking.items() if headers}


@pytest.mark.threat("T27")
def test_every_answer_says_what_may_run_in_it_and_who_may_frame_it(every_answer):
    for name, answer in every_answer.items():
        policies = answer.headers.get_list("Content-Security-Policy")
        assert len(policies) == 1, name
        path = httpx2.URL(str(answer.url)).path
        if f"{path}/".startswith(("/v1/", "/files/")):
            assert policies == [DATA_POLICY], name
            assert answer.headers["X-Frame-Options"] == "DENY"
        else:
            assert policies[0].endswith("frame-ancestors https://app.northwind.example https://acme.example"), name
            assert "X-Frame-Options" not in answer.headers


@pytest.mark.threat("T31")
def test_nothing_is_kept_but_assets(every_answer):
    kept = {}
    for name, answer in every_answer.items():
        assert len(answer.headers.get_list("Cache-Control")) == 1, name
        kept.setdefault(answer.headers["Cache-Control"], set()).add(httpx2.URL(str(answer.url)).path)
    forever = kept.pop("public, max-age=31536000, immutable")
    asked_anew = kept.pop("no-cache")
    assert kept.keys() == {"no-store"}
    assert forever
    assert all(re.fullmatch(r"/assets/[\w.$-]+-[\w-]{8}\.(js|css|woff2)", path) for path in forever)
    assert asked_anew >= {"/boot.js", "/portal.css", "/favicon.svg"}
    assert not any(path.startswith(("/v1", "/files")) or path in PAGES for path in forever | asked_anew)


def test_every_answer_in_production_asks_for_https_and_none_in_development_does(every_answer, development):
    assert {answer.headers.get("Strict-Transport-Security") for answer in every_answer.values()} == {"max-age=31536000"}
    assert "Strict-Transport-Security" not in httpx2.get(development.origin).headers


@pytest.mark.threat("T45")
def test_no_answer_tells_what_it_is_made_of(every_answer):
    for name, answer in every_answer.items():
        assert not {"server", "x-powered-by"} & {header.lower() for header in answer.headers}, name
        assert "Traceback" not in answer.text, name
        assert "an error in the middle of it" not in answer.text, name


def test_an_address_below_the_api_is_never_a_page(every_answer):
    for name, answer in every_answer.items():
        path = httpx2.URL(str(answer.url)).path
        if f"{path}/".startswith(("/v1/", "/files/")):
            assert "text/html" not in answer.headers.get("Content-Type", ""), name


@pytest.mark.threat("T8", "T26")
@pytest.mark.parametrize(
    "path", [*PAGES, "/invoices/?token=t", f"{MINT}/", "/v1/customers/portal//acme", "//evil.example/%2e%2e"]
)
@pytest.mark.parametrize("host", ["billing.northwind.example", "evil.example", "evil.example:1", "[::1]"])
def test_no_answer_leads_to_another_host(production, path, host):
    answer = httpx2.get(production.origin + path, headers={"Host": host})
    location = answer.headers.get("Location", "/")
    assert re.match(r"/(?![/\\])", location)
    assert answer.status_code in {200, 307, 401, 404}


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("http://evil.example/a?b=c#d", "/a?b=c#d"),
        ("https://billing.northwind.example/a/", "/a/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/evil.example"),
        ("///evil.example/x", "/evil.example/x"),
        ("http://a.example//evil.example/x", "/evil.example/x"),
        ("javascript:alert(1)", "/alert(1)"),
        ("/a", "/a"),
        ("", "/"),
    ],
)
def test_a_redirect_is_a_path_of_this_site(location, path):
    assert within(location) == path


class _Scripts(HTMLParser):
    """Collects the inline scripts of a page, and what a policy without `unsafe-inline` would stop."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.stopped: list[str] = []
        self._inside = False

    def handle_starttag(self, tag, attrs):
        self._inside = tag == "script" and "src" not in dict(attrs)
        if self._inside:
            self.inline.append("")
        self.stopped += [name for name, value in attrs if name.startswith("on") or str(value).startswith("javascript:")]
        self.stopped += [tag] if tag in {"base", "object", "embed", "form", "iframe"} else []

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.inline[-1] += data


@pytest.mark.threat("T20", "T27")
def test_the_policy_lets_every_inline_script_run_that_is_compiled_into_a_page_and_no_other(http):
    hashes = set()
    for path in (*PAGES, "/nowhere"):
        page = http.get(path)
        found = _Scripts()
        found.feed(page.text)
        assert not found.stopped
        policy = page.headers["Content-Security-Policy"]
        mine = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found.inline}
        assert found.inline
        assert mine <= set(re.findall(r"'sha256-([^']+)'", policy))
        hashes |= mine
    assert hashes == set(re.findall(r"'sha256-([^']+)'", policy))


@pytest.mark.threat("T20", "T27")
def test_the_policy_of_pages_lets_no_code_in_from_elsewhere(http):
    policy = dict(part.strip().split(" ", 1) for part in http.get("/").headers["Content-Security-Policy"].split(";"))
    scripts = policy.pop("script-src").split()
    assert scripts[0] == "'self'"
    assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", source) for source in scripts[1:])
    assert policy == {
        "default-src": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "form-action": "'none'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "connect-src": "'self'",
        "frame-ancestors": "https://app.northwind.example https://acme.example",
    }


@pytest.mark.threat("T31")
@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/assets/root-B3xYz1ab.js", 200, "public, max-age=31536000, immutable"),
        ("/assets/root-B3xYz1ab.js", 304, "public, max-age=31536000, immutable"),
        ("/assets/root-B3xYz1ab.js", 404, "no-store"),
        ("/assets/root.js", 200, "no-cache"),
        ("/assets/root-B3xYz1ab.json", 200, "no-cache"),
        ("/assets/root-B3xYz1ab.js/x", 200, "no-store"),
        ("/boot.js", 200, "no-cache"),
        ("/invoices/a-B3xYz1ab.js", 200, "no-cache"),
        ("/", 200, "no-store"),
        ("/invoices", 200, "no-store"),
        ("/boot.js", 500, "no-store"),
    ],
)
def test_how_long_a_part_of_a_page_is_kept(path, status, expected):
    assert cache_control(path, status) == expected


@pytest.mark.parametrize(
    "request_",
    [
        b"SECRETX\r\n\r\n",
        b"GE T /SECRETX HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /SECRETX HTTP/1.1\r\n\r\n",
        b"POST /SECRETX HTTP/1.1\r\nHost: x\r\nContent-Length: SECRETX\r\n\r\n",
        b"GET /_event/?token=SECRETX HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /SECRETX HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + KEYED,
    ],
)
def test_what_the_server_answers_before_us_is_a_fixed_sentence(production, request_):
    """uvicorn's own answers to what is no HTTP, or no socket of ours: without our headers, and without an echo."""
    with socket.create_connection(("127.0.0.1", int(production.origin.rpartition(":")[2])), timeout=10) as raw:
        raw.sendall(request_)
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert re.match(rb"HTTP/1.1 40[03] ", answer)
    assert len(answer) < 400
    assert b"SECRETX" not in answer
    assert "SECRETX" not in production.printed()
