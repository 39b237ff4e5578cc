"""Lists and searches: what may be asked of every one of them, and the envelope they come in."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field, StringConstraints

from portal_app.api.wire.base import RequestWire
from portal_app.api.wire.values import Amount, Instant
from portal_app.billing.statuses import RecordStatus
from portal_app.queries.listing import Filter, FilterOperator, Listing, Order, Slice

Item = TypeVar("Item", bound=BaseModel)
Found = TypeVar("Found")

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000_000
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Direction(StrEnum):
    """Which end of a list comes first."""

    ASC = "asc"
    DESC = "desc"


class PaginationWire(BaseModel):
    """Where a page stands. `offset` is where the *next* page begins, as documented; of invoices, where this one did."""

    total: int
    limit: int
    offset: int


class ListWire(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    pagination: PaginationWire


class ListQuery(RequestWire):
    """The query of a list: newest first, fifty at a time, unless it says otherwise."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    offset: int = Field(default=0, ge=0, le=MAX_OFFSET)
    sort: FieldName = "created_at"
    order: Direction = Direction.DESC
    status: RecordStatus | None = None
    start_time: Instant | None = Field(default=None, description="Made at or after this time.")
    end_time: Instant | None = Field(default=None, description="Made before this time.")
    expand: str = Field(default="", max_length=200, description="Accepted; what it could add is always there.")

    def listing(self, *filters: Filter) -> Listing:
        """Return what is asked, in the words of queries."""
        order = (Order(self.sort, ascending=self.order is Direction.ASC),)
        return Listing(self.limit, self.offset, order, filters, self.status, self.start_time, self.end_time)


class FilterValueWire(RequestWire):
    """A value to compare with, under the name of its type."""

    string: str | None = Field(default=None, max_length=255)
    number: Amount | None = None
    boolean: bool | None = None
    date: Instant | None = None
    array: list[Annotated[str, StringConstraints(max_length=255)]] | None = Field(default=None, max_length=MAX_LIMIT)


class FilterWire(RequestWire):
    """One condition of a search."""

    field: FieldName
    operator: FilterOperator
    data_type: str = Field(default="", max_length=16)
    value: FilterValueWire

    def filter(self) -> Filter:
        """Return the condition in the words of queries."""
        values: list[Any] = [value for value in dict(self.value).values() if value is not None]
        return Filter(self.field, self.operator, values[0] if values else None)


class SortWire(RequestWire):
    """One key of an order."""

    field: FieldName
    direction: Direction = Direction.DESC


class SearchWire(RequestWire):
    """The body of a search."""

    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)
    offset: int = Field(default=0, ge=0, le=MAX_OFFSET)
    filters: list[FilterWire] = Field(default_factory=list[FilterWire], max_length=20)
    sort: list[SortWire] = Field(default_factory=list[SortWire], max_length=5)
    status: RecordStatus | None = None
    start_time: Instant | None = None
    end_time: Instant | None = None
    expand: str = Field(default="", max_length=200)

    def listing(self, *more: Filter) -> Listing:
        """Return what is asked, in the words of queries; `more` are the noun's own fields."""
        order = tuple(Order(key.field, ascending=key.direction is Direction.ASC) for key in self.sort)
        filters = (*(condition.filter() for condition in self.filters), *more)
        return Listing(self.limit, self.offset, order, filters, self.status, self.start_time, self.end_time)


class PageBody(RequestWire):
    """The body of the portal's two lists: pages count from 1."""

    page: int = Field(default=1, ge=1, le=1_000_000)
    limit: int = Field(default=DEFAULT_LIMIT, ge=1, le=MAX_LIMIT)

    def listing(self) -> Listing:
        """Return what is asked, in the words of queries."""
        return Listing(self.limit, (self.page - 1) * self.limit)


def page_wire(found: Slice[Found], listing: Listing, wire: Callable[[Found], Item]) -> ListWire[Item]:
    """Return a page of a list; its `offset` is where the next one begins, as documented."""
    pagination = PaginationWire(total=found.total, limit=listing.limit, offset=listing.offset + listing.limit)
    return ListWire(items=[wire(one) for one in found.items], pagination=pagination)


def this_page(found: Slice[Any], listing: Listing) -> PaginationWire:
    """Return the pagination of invoices, whose `offset` is the one that was asked for."""
    return PaginationWire(total=found.total, limit=listing.limit, offset=listing.offset)
