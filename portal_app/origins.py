"""Origins of web pages: which texts are exactly one, and which of them may frame the portal."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

MAX_CHARACTERS = 255
MAX_ADDRESS_CHARACTERS = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]+\]")
_ADDRESS = re.compile(r"(https?://[^/?#\\]+)(?:[/?#][!-\[\]-~]*)?")
"""Printable ASCII without backslashes, which browsers take for slashes."""
_LOOPBACK = re.compile(r"(?:[a-z0-9.-]+\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")


def is_origin(text: str) -> bool:
    """Tell whether `text` is an origin as browsers write it: scheme://host[:port], lower case, no usual port."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = _host(text)
    rebuilt = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if parts.scheme not in _DEFAULT_PORTS or port == _DEFAULT_PORTS[parts.scheme] or len(text) > MAX_CHARACTERS:
        return False
    return bool(_HOST.fullmatch(host)) and rebuilt == text


def embed_problem(text: str, *, in_production: bool) -> str:
    """Say why `text` may not frame the portal, or nothing: https alone, but for this machine in development."""
    if "*" in text:
        return "must not have a wildcard: name each origin"
    if not is_origin(text):
        return "is not an origin such as https://app.example.com, in lower case, without path or usual port"
    if text.startswith("http:") and (in_production or not _LOOPBACK.fullmatch(_host(text))):
        return "must be an https origin"
    return ""


def _host(text: str) -> str:
    host = urlsplit(text).hostname or ""
    return f"[{host}]" if ":" in host else host


def return_problem(url: str, allowed: Collection[str], *, in_production: bool) -> str:
    """Say why a session may not lead back to `url`, or nothing: its origin must be one of `allowed`.

    In development every page of this machine is, besides.
    """
    parts = _ADDRESS.fullmatch(url)
    if not parts or len(url) > MAX_ADDRESS_CHARACTERS or not is_origin(parts[1]):
        return "must be an https address such as https://app.example.com/billing"
    origin = parts[1]
    if not in_production and _LOOPBACK.fullmatch(_host(origin)):
        return ""
    if not origin.startswith("https:"):
        return "must be an https address"
    return "" if origin in allowed else f"is not on an allowed origin: {origin} is none of them"


def origin_of(url: str) -> str:
    """Return the origin of an address, or nothing if it has none as browsers write it."""
    parts = _ADDRESS.fullmatch(url)
    return parts[1] if parts and is_origin(parts[1]) else ""
