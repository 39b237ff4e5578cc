"""Create, change and delete customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.audit import record
from portal_app.commands.match_unmatched import match_unmatched
from portal_app.database import Session
from portal_app.errors import Conflict, NotFound
from portal_app.models.customer import Customer


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to be. `external_id` is the operator's own name for it, once in a deployment."""

    external_id: str
    name: str
    email: str = ""
    address_line1: str = ""
    address_line2: str = ""
    address_city: str = ""
    address_state: str = ""
    address_postal_code: str = ""
    address_country: str = ""
    tax_id: str = ""
    timezone: str = "UTC"
    locale: str = ""
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_customer(session: Session, new: NewCustomer, actor: str, now: datetime) -> CustomerId:
    """Add a customer, and count what it used before it was known.

    Raises:
        Conflict: the external id is taken, be it by a deleted customer.
    """
    _refuse_taken(session, new.external_id)
    row = Customer(**asdict(new), created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    key = CustomerId(row.id or 0)
    record(session, actor=actor, action="customer.created", customer_id=key, now=now, public_id=row.public_id)
    match_unmatched(session, [new.external_id])
    return key


def update_customer(
    session: Session, customer_id: CustomerId, changes: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Set the named columns of a customer, and leave the rest.

    Raises:
        NotFound: it does not exist or is deleted.
        Conflict: the new external id is taken.
    """
    row = _customer(session, customer_id)
    if changes.get("external_id", row.external_id) != row.external_id:
        _refuse_taken(session, changes["external_id"])
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    changed = ", ".join(sorted(changes))
    record(session, actor=actor, action="customer.updated", customer_id=customer_id, now=now, changed=changed)
    if "external_id" in changes:
        session.flush()
        match_unmatched(session, [row.external_id])


def delete_customer(session: Session, customer_id: CustomerId, actor: str, now: datetime) -> None:
    """Take a customer out of every list. Its open sessions end at once; its rows stay, as books must.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    row = _customer(session, customer_id)
    row.status, row.updated_at = RecordStatus.DELETED, now
    session.add(row)
    record(session, actor=actor, action="customer.deleted", customer_id=customer_id, now=now)


def _customer(session: Session, customer_id: CustomerId) -> Customer:
    row = session.get(Customer, customer_id)
    if row is None or row.status is RecordStatus.DELETED:
        raise NotFound(noun="Customer")
    return row


def _refuse_taken(session: Session, external_id: str) -> None:
    if session.exec(select(Customer.id).where(col(Customer.external_id) == external_id)).first() is not None:
        raise Conflict(noun="Customer", key=external_id)
