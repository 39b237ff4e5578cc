"""How the operator looks to its customers: its stored branding over the `PORTAL_OPERATOR_*` settings."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from sqlmodel import select

from portal_app.database import Session
from portal_app.models.branding import Branding
from portal_app.queries.layout import DEFAULT_SECTIONS, Tab, tabs_of
from portal_app.settings import Settings

logger = logging.getLogger(__name__)

MAX_LOGO_PIXELS = 1024
MAX_LOGO_BYTES = 256 * 1024
MAX_DECODED_PIXELS = 4096 * 4096
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who bills, and how its portal looks.

    `logo` is a PNG of at most 1,024 pixels a side; `accent` is a colour such as #0b5cad; empty texts were not given.
    `tabs` are all four pages, in their order; `theme` is `light`, `dark`, or `system` for what the reader's has.
    `legal_name` is who bills in law, where that is not the name that customers know.
    """

    name: str
    legal_name: str = ""
    address: tuple[str, ...] = ()
    tax_id: str = ""
    support_email: str = ""
    return_url: str = ""
    locale: str = "en_US"
    logo: bytes | None = None
    accent: str = ""
    footer: str = ""
    theme: str = "system"
    tabs: tuple[Tab, ...] = ()


@dataclass(frozen=True, slots=True)
class PortalConfig:
    """The portal's look as one value: defaults, with the keys over them that were set, and when that was."""

    value: Mapping[str, Any]
    created_at: datetime | None
    updated_at: datetime | None


def branding_of_operator(session: Session, settings: Settings) -> Operator:
    """Return the operator as pages, files and links show it."""
    stored: Mapping[str, Any] = session.exec(select(Branding.value)).first() or {}
    address = stored.get("address", settings.operator_address)
    return Operator(
        name=stored.get("name", settings.operator_name),
        legal_name=stored.get("legal_name", settings.operator_legal_name),
        address=tuple(line.strip() for line in address.replace("\\n", "\n").splitlines() if line.strip()),
        tax_id=stored.get("tax_id", settings.operator_tax_id),
        support_email=stored.get("support_email", settings.operator_support_email),
        return_url=stored.get("return_url", settings.operator_return_url),
        locale=stored.get("locale", settings.operator_locale),
        logo=_logo(stored, settings),
        accent=(stored.get("theme") or {}).get("primary_color") or "",
        footer=stored.get("footer", ""),
        theme=stored.get("default_theme", "system"),
        tabs=tabs_of(stored.get("sections") or DEFAULT_SECTIONS),
    )


def portal_config_of_operator(session: Session, settings: Settings) -> PortalConfig:
    """Return the portal's layout, theme and labels, and who the operator is."""
    row = session.exec(select(Branding)).first()
    defaults = {
        "version": 1,
        "theme": {},
        "sections": DEFAULT_SECTIONS,
        "name": settings.operator_name,
        "legal_name": settings.operator_legal_name,
        "address": settings.operator_address,
        "tax_id": settings.operator_tax_id,
        "support_email": settings.operator_support_email,
        "return_url": settings.operator_return_url,
        "locale": settings.operator_locale,
        "footer": "",
        "default_theme": "system",
    }
    if row is None:
        return PortalConfig(defaults, None, None)
    return PortalConfig(defaults | row.value, row.created_at, row.updated_at)


@cache
def load_logo(path: Path) -> bytes:
    """Return the image at `path` drawn anew as a small PNG, so that nothing but pixels is served or printed.

    Raises:
        OSError: there is no readable image.
    """
    with Image.open(path) as image:
        return _redrawn(image)


def draw_logo(data: bytes) -> bytes:
    """Return an image that somebody sent, drawn anew as a small PNG.

    Raises:
        ValueError: it is no PNG, JPEG, GIF or WebP, or is too large.
    """
    if len(data) > MAX_LOGO_BYTES:
        raise ValueError("is larger than 256 KB")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_DECODED_PIXELS:
                raise ValueError("has too many pixels")
            drawn = _redrawn(image)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("is not an image") from error
    if len(drawn) > MAX_LOGO_BYTES:
        raise ValueError("is larger than 256 KB as PNG")
    return drawn


def _logo(stored: Mapping[str, Any], settings: Settings) -> bytes | None:
    url = (stored.get("theme") or {}).get("logo_url")
    if url:
        return base64.b64decode(url.partition(",")[2])
    try:
        return load_logo(settings.operator_logo) if settings.operator_logo else None
    except OSError:  # it was an image when the process began, and names stand where there is no logo
        logger.warning("PORTAL_OPERATOR_LOGO cannot be read any more")
        return None


def _redrawn(image: Image.Image) -> bytes:
    image.thumbnail((MAX_LOGO_PIXELS, MAX_LOGO_PIXELS))
    drawn = io.BytesIO()
    image.convert("RGBA").save(drawn, "PNG", optimize=True)
    return drawn.getvalue()
