"""What commands on the catalogue have in common: find a row that can be used, keep keys unique, change columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlmodel import select

from portal_app.billing.statuses import RecordStatus
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import Conflict, NotFound
from portal_app.models.catalog import Entitlement, Feature, Group, Meter, Plan, Price
from portal_app.models.grants import GrantRule

AnyRow = TypeVar("AnyRow", Plan, Price, Group, Meter, Feature, Entitlement, GrantRule)

NOUNS: dict[type[Any], str] = {
    Plan: "Plan",
    Price: "Price",
    Group: "Group",
    Meter: "Meter",
    Feature: "Feature",
    Entitlement: "Entitlement",
    GrantRule: "Credit grant",
}


def usable(session: Session, table: type[AnyRow], public_id: str) -> AnyRow:
    """Return the row of this id.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    columns = inspect(table).columns
    here = columns["public_id"] == public_id, columns["status"] != RecordStatus.DELETED
    row = session.exec(select(table).where(*here)).first()
    if row is None:
        raise NotFound(noun=NOUNS[table])
    return row


def refuse_taken(session: Session, table: type[AnyRow], column: str, key: str | None) -> None:
    """Keep a key of the operator's unique, also among what is deleted.

    Raises:
        Conflict: a row has it.
    """
    columns = inspect(table).columns
    taken = select(columns["id"]).where(columns[column] == key)
    if key is not None and session.exec(taken).first() is not None:
        raise Conflict(noun=NOUNS[table], key=key)


def added(session: Session, row: AnyRow, actor: str, now: datetime) -> AnyRow:
    """Store a new row, and who made it."""
    session.add(row)
    session.flush()
    record(session, actor=actor, action=f"{_word(type(row))}.created", now=now, public_id=row.public_id)
    return row


def changed(session: Session, row: AnyRow, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns, and keep who did."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    words, action = ", ".join(sorted(changes)), f"{_word(type(row))}.updated"
    record(session, actor=actor, action=action, now=now, public_id=row.public_id, changed=words)


def deleted(session: Session, row: AnyRow, actor: str, now: datetime) -> None:
    """Take a row out of every list. It stays in the table: what referred to it still does."""
    row.status, row.updated_at = RecordStatus.DELETED, now
    session.add(row)
    record(session, actor=actor, action=f"{_word(type(row))}.deleted", now=now, public_id=row.public_id)


def _word(table: type[Any]) -> str:
    return NOUNS[table].lower().replace(" ", "_")
