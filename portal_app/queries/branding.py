"""How the operator looks to its customers: its stored branding over the `PORTAL_OPERATOR_*` settings."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from sqlmodel import select

from portal_app.database import Session
from portal_app.models.branding import Branding
from portal_app.settings import Settings

MAX_LOGO_PIXELS = 1024


@dataclass(frozen=True, slots=True)
class Operator:
    """Who bills. `logo` is a PNG of at most 1,024 pixels a side; empty texts were not given."""

    name: str
    address: tuple[str, ...] = ()
    tax_id: str = ""
    support_email: str = ""
    return_url: str = ""
    locale: str = "en_US"
    logo: bytes | None = None


def branding_of_operator(session: Session, settings: Settings) -> Operator:
    """Return the operator as pages, files and links show it."""
    stored: Mapping[str, Any] = session.exec(select(Branding.value)).first() or {}
    address = stored.get("address", settings.operator_address)
    return Operator(
        name=stored.get("name", settings.operator_name),
        address=tuple(line.strip() for line in address.replace("\\n", "\n").splitlines() if line.strip()),
        tax_id=stored.get("tax_id", settings.operator_tax_id),
        support_email=stored.get("support_email", settings.operator_support_email),
        return_url=stored.get("return_url", settings.operator_return_url),
        locale=stored.get("locale", settings.operator_locale),
        logo=load_logo(settings.operator_logo) if settings.operator_logo else None,
    )


@cache
def load_logo(path: Path) -> bytes:
    """Return the image at `path` drawn anew as a small PNG, so that nothing but pixels is served or printed.

    Raises:
        OSError: there is no readable image.
    """
    with Image.open(path) as image:
        image.thumbnail((MAX_LOGO_PIXELS, MAX_LOGO_PIXELS))
        drawn = io.BytesIO()
        image.convert("RGBA").save(drawn, "PNG", optimize=True)
    return drawn.getvalue()
