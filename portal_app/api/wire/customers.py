"""Customers, as the dialect writes and reads them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import ListQuery, SearchWire
from portal_app.api.wire.values import Key, LongText, Metadata, Name, ObjectId, Text, Zone
from portal_app.commands.customers import NewCustomer
from portal_app.queries.customers import CustomerProfile
from portal_app.queries.listing import Filter, Listing, among, equal

Country = Annotated[str, StringConstraints(pattern="^([A-Za-z]{2})?$")]
Email = Annotated[str, StringConstraints(max_length=320, pattern=r"^([^@\s]+@[^@\s]+)?$")]
PostalCode = Annotated[str, StringConstraints(max_length=40)]
TaxId = Annotated[str, StringConstraints(max_length=64)]
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r'^[^"\\\\]*$')]
Locale = Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9_-]*$")]


class CustomerWire(ObjectWire):
    """A customer. `external_id` is the operator's own name for it."""

    id: str
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
    metadata: dict[str, str]


class _CustomerFields(RequestWire):
    email: Email | None = None
    address_line1: Text | None = None
    address_line2: Text | None = None
    address_city: Text | None = None
    address_state: Text | None = None
    address_postal_code: PostalCode | None = None
    address_country: Country | None = None
    tax_id: TaxId | None = None
    timezone: Zone | None = None
    locale: Locale | None = None
    metadata: Metadata | None = None


class CustomerUpdate(_CustomerFields):
    """What may be changed of a customer; what is left out stays."""

    external_id: Key | None = None
    name: Name | None = None


class CustomerCreate(_CustomerFields):
    """A customer to be."""

    external_id: Key
    name: Name

    def new(self) -> NewCustomer:
        """Return what the command takes."""
        return NewCustomer(**self.changes())


class _CustomerFilters(RequestWire):
    customer_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    external_ids: list[Key] = Field(default_factory=list[str], max_length=1000)
    external_id: Key | None = None
    email: Email | None = None

    def asked_of_customers(self) -> tuple[Filter, ...]:
        """Return the conditions in the words of queries."""
        return (
            *among("id", self.customer_ids),
            *among("external_id", self.external_ids),
            *equal("external_id", self.external_id),
            *equal("email", self.email),
        )


class CustomerQuery(ListQuery, _CustomerFilters):
    """The query of a list of customers."""

    def asked(self) -> Listing:
        """Return what is asked, in the words of queries."""
        return self.listing(*self.asked_of_customers())


class CustomerSearch(SearchWire, _CustomerFilters):
    """A search among customers; `metadata` finds those that have all of it."""

    metadata: dict[MetadataKey, LongText] = Field(default_factory=dict[str, str], max_length=10)

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(*self.asked_of_customers())


def customer_wire(customer: CustomerProfile) -> CustomerWire:
    """Return a customer as the dialect writes it."""
    return CustomerWire(
        id=customer.public_id,
        external_id=customer.external_id,
        name=customer.name,
        email=customer.email,
        address_line1=customer.address_line1,
        address_line2=customer.address_line2,
        address_city=customer.address_city,
        address_state=customer.address_state,
        address_postal_code=customer.address_postal_code,
        address_country=customer.address_country,
        tax_id=customer.tax_id,
        timezone=customer.timezone,
        locale=customer.locale,
        metadata=dict(customer.meta),
        status=customer.status,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )
