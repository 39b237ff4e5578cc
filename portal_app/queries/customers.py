"""Customers: whose portal this is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session, is_storable
from portal_app.errors import CustomerNotFound, NotFound
from portal_app.models.customer import Customer


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """What a customer sees of itself.

    `address` is without its country, which is an ISO 3166 code; `timezone` is an IANA name; empty texts were not given.
    """

    public_id: str
    external_id: str
    name: str
    email: str
    address: tuple[str, ...]
    country: str
    tax_id: str
    timezone: str
    locale: str


def get_profile(session: Session, customer_id: CustomerId) -> CustomerProfile:
    """Return the customer's own profile.

    Raises:
        NotFound: the customer does not exist.
    """
    row = session.get(Customer, customer_id)
    if row is None:
        raise NotFound(noun="Customer")
    return CustomerProfile(
        public_id=row.public_id,
        external_id=row.external_id,
        name=row.name,
        email=row.email,
        address=address_lines(row),
        country=row.address_country,
        tax_id=row.tax_id,
        timezone=row.timezone,
        locale=row.locale,
    )


def address_lines(row: Customer) -> tuple[str, ...]:
    """Return the address as people write it, one line each, without empty ones and without the country."""
    place = " ".join(part for part in (row.address_postal_code, row.address_city) if part)
    lines = (row.address_line1, row.address_line2, place, row.address_state)
    return tuple(line for line in lines if line)


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
