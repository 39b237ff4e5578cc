"""Create, change and delete plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from portal_app.billing.statuses import RecordStatus
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import Conflict, NotFound
from portal_app.models.catalog import Plan


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A plan to be. `external_id` is the operator's own key for it, once in a deployment."""

    name: str
    external_id: str | None = None
    description: str = ""
    display_order: int | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_plan(session: Session, new: NewPlan, actor: str, now: datetime) -> str:
    """Add a plan and return its id.

    Raises:
        Conflict: its key is taken.
    """
    _refuse_taken(session, new.external_id)
    row = Plan(**asdict(new), created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    record(session, actor=actor, action="plan.created", now=now, public_id=row.public_id)
    return row.public_id


def update_plan(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a plan, and leave the rest.

    Raises:
        NotFound: it does not exist or is deleted.
        Conflict: the new key is taken.
    """
    row = published_plan(session, public_id)
    if changes.get("external_id", row.external_id) != row.external_id:
        _refuse_taken(session, changes["external_id"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    changed = ", ".join(sorted(changes))
    record(session, actor=actor, action="plan.updated", now=now, public_id=public_id, changed=changed)


def delete_plan(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """Take a plan out of the catalogue. Whoever is on it stays on it.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    row = published_plan(session, public_id)
    row.status, row.updated_at = RecordStatus.DELETED, now
    session.add(row)
    record(session, actor=actor, action="plan.deleted", now=now, public_id=public_id)


def published_plan(session: Session, public_id: str) -> Plan:
    """Return the row of a plan that can be used.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    usable = col(Plan.public_id) == public_id, col(Plan.status) != RecordStatus.DELETED
    row = session.exec(select(Plan).where(*usable)).first()
    if row is None:
        raise NotFound(noun="Plan")
    return row


def _refuse_taken(session: Session, external_id: str | None) -> None:
    taken = select(Plan.id).where(col(Plan.external_id) == external_id)
    if external_id is not None and session.exec(taken).first() is not None:
        raise Conflict(noun="Plan", key=external_id)
