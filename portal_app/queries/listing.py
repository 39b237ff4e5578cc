"""Lists as programs ask for them: a limit, an offset, an order, conditions on named fields.

A query names the fields it lets callers sort and filter by; any other is refused by name.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, false, func

from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.columns import BIGINT_MAX, ScaledDecimal, UtcDateTime

Item = TypeVar("Item")

Fields = Mapping[str, Any]
"""Columns by the name callers know them under; `created_at` is always among them."""


class FilterOperator(StrEnum):
    """How a field is compared with a value. Bounds are strict; `contains` is literal and in any case."""

    EQ = "eq"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    GT = "gt"
    LT = "lt"
    GTE = "gte"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"
    BEFORE = "before"
    AFTER = "after"


_COMPARISONS: dict[FilterOperator, Callable[[ColumnElement[Any], Any], ColumnElement[bool]]] = {
    FilterOperator.EQ: operator.eq,
    FilterOperator.CONTAINS: lambda column, value: column.icontains(value, autoescape=True),
    FilterOperator.NOT_CONTAINS: lambda column, value: ~column.icontains(value, autoescape=True),
    FilterOperator.GT: operator.gt,
    FilterOperator.LT: operator.lt,
    FilterOperator.GTE: operator.ge,
    FilterOperator.LTE: operator.le,
    FilterOperator.IN: lambda column, value: column.in_(value),
    FilterOperator.NOT_IN: lambda column, value: column.not_in(value),
    FilterOperator.BEFORE: operator.lt,
    FilterOperator.AFTER: operator.gt,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: text, a number, an instant, yes or no, or several texts."""

    field: str
    operator: FilterOperator
    value: object


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order."""

    field: str
    ascending: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of a list. Without an order, newest first; made in `[start_at, end_at)`."""

    limit: int
    offset: int = 0
    order: tuple[Order, ...] = ()
    filters: tuple[Filter, ...] = ()
    status: RecordStatus | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slice(Generic[Item]):
    """Some items of a list, and how many it has in all."""

    items: tuple[Item, ...]
    total: int


def all_rows(session: Session, statement: Any, listing: Listing, fields: Fields, tie: Any) -> Slice[Any]:
    """Run a select as a listing asks, in two statements: the rows of one page, and how many there are.

    Rows that are equal in the order asked for follow the inner key `tie`: newest first, or oldest first if the order
    is by time and that way around, so that either direction is the other turned around.

    Raises:
        Invalid: a sort or a filter names a field that is not in `fields`, or compares it with what it cannot hold.
    """
    found = statement.where(*_conditions(listing, fields))
    counted = found.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)
    total = session.connection().scalar(counted)
    ordering = [*_ordering(listing, fields), tie.asc() if _is_oldest_first(listing) else tie.desc()]
    page = found.order_by(*ordering).offset(listing.offset).limit(listing.limit)
    return Slice(tuple(session.execute(page)), total or 0)


def among(field: str, values: tuple[str, ...] | list[str] | None) -> tuple[Filter, ...]:
    """Return the condition that `field` is one of `values`, or none if there are no values."""
    return (Filter(field, FilterOperator.IN, list(values)),) if values else ()


def containing(field: str, text: str | None) -> tuple[Filter, ...]:
    """Return the condition that `field` contains a text, in any case; or none if there is no text."""
    return (Filter(field, FilterOperator.CONTAINS, text),) if text else ()


def equal(field: str, value: object) -> tuple[Filter, ...]:
    """Return the condition that `field` is `value`, or none if that is None."""
    return () if value is None else (Filter(field, FilterOperator.EQ, value),)


def _conditions(listing: Listing, fields: Fields) -> list[ColumnElement[bool]]:
    found = [_condition(filter_, fields) for filter_ in listing.filters]
    if "status" in fields:
        found.append(fields["status"] == (listing.status or RecordStatus.PUBLISHED).value)
    elif listing.status not in {None, RecordStatus.PUBLISHED}:
        found.append(false())  # nouns without a status of this kind are all published
    if listing.start_at is not None:
        found.append(fields["created_at"] >= listing.start_at)
    if listing.end_at is not None:
        found.append(fields["created_at"] < listing.end_at)
    return found


def _is_oldest_first(listing: Listing) -> bool:
    return bool(listing.order) and listing.order[-1] == Order("created_at", ascending=True)


def _ordering(listing: Listing, fields: Fields) -> list[Any]:
    keys: list[Any] = []
    for order in listing.order or (Order("created_at", ascending=False),):
        column = _field(order.field, fields, "sort")
        keys.append(column.asc() if order.ascending else column.desc())
    return keys


def _condition(filter_: Filter, fields: Fields) -> ColumnElement[bool]:
    column = _field(filter_.field, fields, "filters")
    value = _value(filter_, column)
    return _COMPARISONS[filter_.operator](column, value)


def _field(name: str, fields: Fields, where: str) -> ColumnElement[Any]:
    if name not in fields:
        raise Invalid(field=where, problem=f"{name} is not one of {', '.join(sorted(fields))}")
    return fields[name]


def _value(filter_: Filter, column: ColumnElement[Any]) -> Any:
    """Return the value as the column compares it.

    Raises:
        Invalid: it is of another kind.
    """
    several = filter_.operator in {FilterOperator.IN, FilterOperator.NOT_IN}
    partly = filter_.operator in {FilterOperator.CONTAINS, FilterOperator.NOT_CONTAINS}
    if several != isinstance(filter_.value, list):
        raise Invalid(field=f"filters.{filter_.field}", problem=f"{filter_.operator} cannot compare with this value")
    if isinstance(filter_.value, list):
        return [_one(value, filter_.field, column) for value in filter_.value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if partly and _kind(column) is not str:
        raise Invalid(field=f"filters.{filter_.field}", problem=f"{filter_.operator} compares text only")
    return _one(filter_.value, filter_.field, column)


def _one(value: object, field: str, column: ColumnElement[Any]) -> object:
    kind = _kind(column)
    if kind in {Decimal, int} and isinstance(value, str | Decimal):
        value = _number(value, field, whole=kind is int)
    if not isinstance(value, kind):
        raise Invalid(field=f"filters.{field}", problem="this value is of another kind than the field")
    return value


def _number(value: str | Decimal, field: str, *, whole: bool) -> Decimal | int:
    try:
        number = Decimal(value)
        if not whole:
            return number
        if number == number.to_integral_value() and abs(number) <= BIGINT_MAX:
            return int(number)
    except ArithmeticError:
        pass
    raise Invalid(field=f"filters.{field}", problem="must be a whole number" if whole else "must be a decimal")


def _kind(column: ColumnElement[Any]) -> type:
    """Return what a column is compared with; words of closed vocabularies are texts."""
    if isinstance(column.type, ScaledDecimal):
        return Decimal
    if isinstance(column.type, UtcDateTime):
        return datetime
    kind = column.type.python_type
    return kind if kind in {bool, int} else str
