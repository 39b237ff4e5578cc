"""The headers of every answer, whoever made it: pages, assets, API, files and errors alike."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal_app.settings import Settings
from portal_app.web.embedding import EmbedOrigins
from portal_app.web.front import API_PATHS

_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_HASHED_ASSET = re.compile(r"/assets/.+-[\w-]{8,}\.(?:js|css|woff2)$")
_DATA_PATHS = (*API_PATHS, "/openapi.json", "/branding/theme.js", "/operator/forms/", "/operator/files/")
_YEAR = 31_536_000

ALWAYS = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
FOR_HOSTS = ("/embed.js", "/embed.d.ts")
"""What pages of other origins load. There is nobody's data in it."""
OF_HOSTS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
OF_DATA = {
    "Content-Security-Policy": DATA_POLICY,
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI wrapper that sets the headers. Outermost, so that errors carry them, too."""

    def __init__(self, app: ASGIApp, settings: Settings, pages: Path) -> None:
        """Hash the inline scripts once: `pages` is the folder of compiled pages."""
        self._app = app
        self._origins = EmbedOrigins(settings)
        self._script_hashes = inline_script_hashes(pages)
        self._operator_policy = page_policy(self._script_hashes, "'none'", operator_reach(settings))
        self._own = (f"{settings.origin}/",)
        self._https = settings.origin.startswith("https://")
        transport = {"Strict-Transport-Security": f"max-age={_YEAR}"} if self._https else {}
        self._of_data = {
            name.lower().encode(): value.encode() for name, value in {**ALWAYS, **transport, **OF_DATA}.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and set the headers when its answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and f"{scope['path']}/".startswith(_DATA_PATHS):
                self._set_for_data(message)
            elif message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = headers.get("Content-Type", "").startswith("text/html")
                ancestors = await self._origins.current() if is_page else self._origins.known
                self._set(headers, scope["path"], message["status"], ancestors)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _set_for_data(self, message: Message) -> None:
        """Set the headers of an answer that is no page: they are always the same, and programs ask often."""
        kept = [(name, value) for name, value in message["headers"] if name.lower() not in self._of_data]
        self._keep_redirects(MutableHeaders(raw=kept))
        message["headers"] = [*kept, *self._of_data.items()]

    def _set(self, headers: MutableHeaders, path: str, status: int, ancestors: str) -> None:
        for name, value in ALWAYS.items():
            headers[name] = value
        if path in FOR_HOSTS:
            headers.update(OF_HOSTS)
        if self._https:
            headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
        self._keep_redirects(headers)
        if is_operators(path):
            headers["Content-Security-Policy"] = self._operator_policy
            headers["Referrer-Policy"] = "same-origin"  # under `no-referrer`, forms would not say where they are from
            headers["X-Frame-Options"] = "DENY"
            headers["Cache-Control"] = "no-store"
        else:
            headers["Content-Security-Policy"] = page_policy(self._script_hashes, ancestors)
            headers["Cache-Control"] = cache_control(path, status)

    def _keep_redirects(self, headers: MutableHeaders) -> None:
        if "Location" in headers:
            headers["Location"] = within(headers["Location"], self._own)


def is_operators(path: str) -> bool:
    """Tell whether the page's script may take a path for one of the operator's: it minds neither case nor slashes."""
    return path.strip("/").lower().startswith("operator")


def cache_control(path: str, status: int) -> str:
    """Return how long a page's part may be kept: hashed assets for ever, everything else asked for anew."""
    ok = status in {200, 304}
    if ok and _HASHED_ASSET.search(path):
        return f"public, max-age={_YEAR}, immutable"
    return "no-cache" if ok and "." in path.rpartition("/")[2] else "no-store"


def page_policy(script_hashes: list[str], ancestors: str, reach: str = "form-action 'none'") -> str:
    """Return the Content-Security-Policy of pages: own code and these inline scripts alone; no eval, nobody else's."""
    scripts = " ".join(["'self'", *script_hashes])
    return (
        f"default-src 'self'; base-uri 'none'; object-src 'none'; {reach}; script-src {scripts}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
        f"frame-ancestors {ancestors}"
    )


def operator_reach(settings: Settings) -> str:
    """Return where forms of the operator's pages may lead and what they may frame: this site, and the portal."""
    ours = "'self'" if settings.own_origin == settings.origin else f"'self' {settings.origin}"
    return f"form-action {ours}; frame-src {ours}"


def inline_script_hashes(pages: Path) -> list[str]:
    """Return the CSP hashes of every inline script in the compiled pages, sorted."""
    scripts = {script for page in pages.rglob("*.html") for script in _INLINE_SCRIPT.findall(page.read_bytes())}
    return sorted(f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts)


def within(location: str, own: tuple[str, ...] = ()) -> str:
    """Return a redirect as a path of this site: frameworks put the request's own Host header in front of it.

    Only what begins with one of `own`, the origins that the settings name, stays as it is.

    An address with a token in it must not follow a Host that somebody made up, nor fall back to http
    behind a proxy that speaks https.
    """
    if location.startswith(own):
        return location
    _, _, path, query, fragment = urlsplit(location)
    return urlunsplit(("", "", "/" + path.lstrip("/\\"), query, fragment))
