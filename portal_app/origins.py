"""Origins of web pages: which texts are exactly one, and which of them may frame the portal."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

MAX_CHARACTERS = 255
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]+\]")
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
