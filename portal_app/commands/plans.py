"""Create, change and delete plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from portal_app.commands.catalog_rows import added, changed, deleted, refuse_taken, usable
from portal_app.database import Session
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
    refuse_taken(session, Plan, "external_id", new.external_id)
    return added(session, Plan(**asdict(new), created_at=now, updated_at=now), actor, now).public_id


def update_plan(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a plan, and leave the rest.

    Raises:
        NotFound: it does not exist or is deleted.
        Conflict: the new key is taken.
    """
    row = usable(session, Plan, public_id)
    if changes.get("external_id", row.external_id) != row.external_id:
        refuse_taken(session, Plan, "external_id", changes["external_id"])
    changed(session, row, changes, actor, now)


def delete_plan(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """Take a plan out of the catalogue. Whoever is on it stays on it.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, Plan, public_id), actor, now)
