"""Set how the operator looks to its customers, or go back to the settings."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import select

from portal_app.colours import LEAST_CONTRAST, WHITE, contrast, is_colour, nearest_readable
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.display import find_locale
from portal_app.errors import Invalid
from portal_app.models.branding import Branding
from portal_app.queries.branding import THEMES, draw_logo
from portal_app.queries.layout import DEFAULT_SECTIONS

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


def set_portal_config(session: Session, value: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Replace the keys that `value` has; a key that is None goes back to its default. The others stay."""
    row = _row(session) or Branding(id=1, created_at=now, updated_at=now)
    before = row.value
    row.value = {key: part for key, part in (row.value | dict(value)).items() if part is not None}
    row.updated_at = now
    session.add(row)
    changed = sorted(key for key in value if before.get(key) != row.value.get(key))
    was, became = _in_words(before, changed), _in_words(row.value, changed)
    keys = ", ".join(sorted(value))
    record(session, actor=actor, action="branding.changed", now=now, keys=keys, before=was, after=became)


def reset_portal_config(session: Session, actor: str, now: datetime) -> None:
    """Go back to the defaults in everything. Resetting twice changes nothing."""
    row = _row(session)
    if row is not None:
        session.delete(row)
        record(session, actor=actor, action="branding.reset", now=now)


def set_logo(session: Session, data: bytes, actor: str, now: datetime) -> None:
    """Keep a picture as the logo, drawn anew; none at all brings back the settings' one.

    Raises:
        Invalid: it is no PNG, JPEG, GIF or WebP, or is too large.
    """
    try:
        url = f"data:image/png;base64,{base64.b64encode(draw_logo(data)).decode()}" if data else None
    except ValueError as error:
        raise Invalid(field="logo", problem=error) from None
    row = _row(session)
    kept: dict[str, Any] = dict((row.value.get("theme") if row else None) or {})
    set_portal_config(session, {"theme": {**kept, "logo_url": url}}, actor, now)


def check_branding(value: Mapping[str, Any]) -> None:
    """Refuse what no customer could use.

    Raises:
        Invalid: a field cannot be used as it is, with the reason; a colour, with the nearest that can.
    """
    if not str(value.get("name", "")).strip():
        raise Invalid(field="name", problem="is missing: customers must see who bills them")
    email = str(value.get("support_email", ""))
    if email and not _EMAIL.fullmatch(email):
        raise Invalid(field="support e-mail", problem="must be an e-mail address")
    url = str(value.get("return_url", ""))
    if url and not re.match(r"https?://[^/\s]+", url):
        raise Invalid(field="return link", problem="must start with https://")
    if value.get("locale") and find_locale(str(value["locale"])) is None:
        raise Invalid(field="language and formats", problem="must be a locale such as en_US or de_DE")
    if value.get("default_theme", "system") not in THEMES:
        raise Invalid(field="theme", problem=f"must be one of {', '.join(THEMES)}")
    if not any(section.get("enabled", True) for section in value.get("sections", DEFAULT_SECTIONS)):
        raise Invalid(field="pages", problem="are missing: show at least one")
    _check_colour(str(value.get("accent", "")))


def _check_colour(colour: str) -> None:
    if colour and not is_colour(colour):
        raise Invalid(field="accent colour", problem="must be a colour such as #0b5cad")
    if colour and contrast(colour, WHITE) < LEAST_CONTRAST:
        nearest, has = nearest_readable(colour, WHITE), f"{contrast(colour, WHITE):.1f} : 1"
        raise Invalid(field="accent colour", problem=f"has {has}, and text needs 4.5 : 1. The nearest is {nearest}")


def _in_words(value: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return some keys as JSON for the log, a picture as the fact that there is one."""
    said: dict[str, Any] = {key: value.get(key) for key in keys}
    theme: dict[str, Any] = said.get("theme") or {}
    if theme.get("logo_url"):
        said["theme"] = {**theme, "logo_url": "a picture"}
    return json.dumps(said, sort_keys=True, ensure_ascii=False)


def _row(session: Session) -> Branding | None:
    return session.exec(select(Branding).with_for_update()).first()
