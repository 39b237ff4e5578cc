"""Set how the operator looks to its customers, or go back to the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import select

from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.models.branding import Branding


def set_portal_config(session: Session, value: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Replace the keys that `value` has; a key that is None goes back to its default. The others stay."""
    row = _row(session) or Branding(id=1, created_at=now, updated_at=now)
    row.value = {key: part for key, part in (row.value | dict(value)).items() if part is not None}
    row.updated_at = now
    session.add(row)
    record(session, actor=actor, action="branding.changed", now=now, keys=", ".join(sorted(value)))


def reset_portal_config(session: Session, actor: str, now: datetime) -> None:
    """Go back to the defaults in everything. Resetting twice changes nothing."""
    row = _row(session)
    if row is not None:
        session.delete(row)
        record(session, actor=actor, action="branding.reset", now=now)


def _row(session: Session) -> Branding | None:
    return session.exec(select(Branding).with_for_update()).first()
