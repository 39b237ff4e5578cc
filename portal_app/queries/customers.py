"""Customers: whose portal this is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session, is_storable
from portal_app.errors import CustomerNotFound, NotFound
from portal_app.models.customer import Customer
from portal_app.queries.listing import Fields, Listing, Slice, all_rows
from portal_app.queries.rows import MINE, columns_of, row_of


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """What a customer sees of itself.

    `address` is without its country, which is an ISO 3166 code; `timezone` is an IANA name; empty texts were not given.
    """

    public_id: str
    external_id: str
    name: str
    email: str
    address_line1: str
    address_line2: str
    address_city: str
    address_state: str
    address_postal_code: str
    address_country: str
    tax_id: str
    timezone: str
    locale: str
    status: RecordStatus
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime

    @property
    def address(self) -> tuple[str, ...]:
        """The address as people write it, one line each, without empty ones and without the country."""
        place = " ".join(part for part in (self.address_postal_code, self.address_city) if part)
        lines = (self.address_line1, self.address_line2, place, self.address_state)
        return tuple(line for line in lines if line)

    @property
    def country(self) -> str:
        """The country's ISO code, or nothing."""
        return self.address_country


def get_profile(session: Session, customer_id: CustomerId) -> CustomerProfile:
    """Return the customer's own profile.

    Raises:
        NotFound: the customer does not exist.
    """
    row = row_of(session, customer_id, _MINE)
    if row is None:
        raise NotFound(noun="Customer")
    return CustomerProfile(*row)


def list_customers_of_operator(
    session: Session, listing: Listing, metadata: Mapping[str, str] | None = None
) -> Slice[CustomerProfile]:
    """Return the customers a listing asks for that have all of `metadata`; without a status, the published ones."""
    has = [col(Customer.meta)[name].as_string() == value for name, value in (metadata or {}).items()]
    found = all_rows(session, select_columns(*PROFILE).where(*has), listing, _fields(), col(Customer.id))
    return Slice(tuple(CustomerProfile(*row) for row in found.items), found.total)


def customer_id_of_operator(
    session: Session, public_id: str | None = None, external_id: str | None = None
) -> CustomerId:
    """Return the inner key of a customer that is not deleted, by its public id or else by the operator's own.

    Raises:
        CustomerNotFound: there is none.
    """
    named = Customer.public_id == public_id if public_id else Customer.external_id == (external_id or "")
    found = session.exec(select(Customer.id).where(named, col(Customer.status) != RecordStatus.DELETED)).first()
    if found is None:
        raise CustomerNotFound if public_id is None else NotFound(noun="Customer")
    return CustomerId(found)


def get_published_customer_of_operator(session: Session, external_id: str) -> tuple[CustomerId, str]:
    """Return the inner key and the public id of a published customer by the operator's own name for it.

    Raises:
        CustomerNotFound: there is none, or it is archived or deleted.
    """
    statement = select(Customer.id, Customer.public_id).where(
        Customer.external_id == external_id, col(Customer.status) == RecordStatus.PUBLISHED
    )
    row = session.exec(statement).first() if is_storable(external_id) else None
    if row is None:
        raise CustomerNotFound
    return CustomerId(row[0] or 0), row[1]


def count_customers_of_operator(session: Session) -> int:
    """Return how many customers there are, whatever their status."""
    return session.exec(select(func.count()).select_from(Customer)).one()


def names_of_operator(session: Session, external_ids: tuple[str, ...]) -> Mapping[str, str]:
    """Return the names of those of `external_ids` that exist, by external id."""
    statement = select(Customer.external_id, Customer.name).where(col(Customer.external_id).in_(external_ids))
    return dict(session.exec(statement).all())


def _fields() -> Fields:
    names = ("created_at", "updated_at", "external_id", "name", "email", "address_country", "timezone", "status")
    return {name: col(getattr(Customer, name)) for name in names} | {"id": col(Customer.public_id)}


PROFILE = columns_of(Customer, CustomerProfile.__slots__)
"""The columns of a profile, in its order."""
_MINE = select_columns(*PROFILE).where(col(Customer.id) == MINE)
