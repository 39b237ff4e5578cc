"""Addresses inside the portal: the tab is the path; search, page and whatever is open are its query."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

OVERVIEW, CREDITS, INVOICES, USAGE = "/", "/credits", "/invoices", "/usage"
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def address(path: str, **parameters: str | int | None) -> str:
    """Return `path` with those parameters that say something: empty ones and page 1 are left out."""
    said = {name: value for name, value in parameters.items() if value and not (name == "page" and value == 1)}
    return f"{path}?{urlencode(said)}" if said else path


def parameters_of(url: str) -> dict[str, str]:
    """Read an address's query, cleaned; the last one of a repeated name counts."""
    return {name: clean(value) for name, value in parse_qsl(urlsplit(url).query)}


def page_number(text: str) -> int:
    """Read a page number from an address; anything but a sensible one is page 1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 and int(text) else 1  # noqa: PLR2004 (a million pages)


def clean(value: object) -> str:
    """Return what a page sent as text that can be stored and sent on; anything but text is empty.

    Left out are NUL, which PostgreSQL refuses, and halves of surrogate pairs, as a field cut off in the
    middle of an emoji sends them.
    """
    return _UNWRITABLE.sub("", value) if isinstance(value, str) else ""
