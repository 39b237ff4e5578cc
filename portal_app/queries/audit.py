"""The audit log: who did what, to whom, when. Rows are only ever added, so their order is that of their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.database import Session, is_storable
from portal_app.models.access import AuditEntry
from portal_app.models.customer import Customer
from portal_app.queries.paging import PAGE_SIZE

LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What to find. `actor` is how it begins; the days are UTC, both included; what is empty or None says nothing."""

    action: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None
    customer_id: CustomerId | None = None

    @classmethod
    def of_address(cls, asked: Mapping[str, str]) -> AuditSearch:
        """Return what the words of an address ask for; a day that cannot be read says nothing."""
        since, until = _day(asked.get("since", "")), _day(asked.get("until", ""))
        return cls(asked.get("action", ""), asked.get("actor", ""), since, until)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry. `at` is UTC; the customer's texts are empty where it is about none."""

    number: int
    at: datetime
    actor: str
    action: str
    customer_external_id: str
    customer_name: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page, newest first; `has_more` says whether another follows."""

    items: tuple[AuditRecord, ...]
    number: int
    has_more: bool


def search_audit_of_operator(session: Session, search: AuditSearch, number: int = 1) -> AuditPage:
    """Return one page of the entries that match, newest first."""
    offset = (number - 1) * PAGE_SIZE
    rows = session.exec(_entries(search).offset(offset).limit(PAGE_SIZE + 1)).all()
    return AuditPage(tuple(_record(*row) for row in rows[:PAGE_SIZE]), number, has_more=len(rows) > PAGE_SIZE)


def each_audit_entry_of_operator(session: Session, search: AuditSearch) -> Iterator[AuditRecord]:
    """Yield every entry that matches, newest first, in constant memory."""
    return (_record(*row) for row in session.exec(_entries(search).execution_options(yield_per=500)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _entries(search: AuditSearch) -> Any:
    statement = (
        select(AuditEntry, Customer.external_id, Customer.name)
        .outerjoin(Customer, col(Customer.id) == col(AuditEntry.customer_id))
        .order_by(col(AuditEntry.id).desc())
    )
    if search.action:
        action = search.action if is_storable(search.action) else LAST
        statement = statement.where(col(AuditEntry.action) == action)
    if search.actor:
        actor = search.actor if is_storable(search.actor) else LAST
        statement = statement.where(col(AuditEntry.actor).startswith(actor, autoescape=True))
    if search.since:
        statement = statement.where(col(AuditEntry.at) >= _midnight(search.since))
    if search.until:
        statement = statement.where(col(AuditEntry.at) < _midnight(search.until) + timedelta(days=1))
    if search.customer_id is not None:
        statement = statement.where(col(AuditEntry.customer_id) == search.customer_id)
    return statement


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _record(row: AuditEntry, external_id: str | None, name: str | None) -> AuditRecord:
    return AuditRecord(row.id or 0, row.at, row.actor, row.action, external_id or "", name or "", row.details)
