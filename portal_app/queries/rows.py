"""Reads as plain rows: just the columns that are asked for, run without mapped objects.

A statement that is made when its module is imported, with parameters for what changes, is compiled once and
never built again: that is most of what a small query costs (docs/decisions/0401-plain-rows.md).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import SQLModel, col

from portal_app.access.principal import CustomerId
from portal_app.database import Session, refuse_if_over
from portal_app.models.columns import IntegerKey, UtcDateTime

MINE: Any = bindparam("customer_id", type_=IntegerKey)
"""Whose rows a statement made beforehand is about."""
NOW: Any = bindparam("now", type_=UtcDateTime)
"""The moment a statement made beforehand is about."""
PART = 500
"""Rows of what is streamed that are held at once."""


def columns_of(table: type[SQLModel], names: Iterable[str] = (), prefix: str = "") -> list[Any]:
    """Return columns of a table, all if none is named, each under its attribute's name behind `prefix`."""
    return [col(getattr(table, name)).label(prefix + name) for name in names or table.model_fields]


def rows_of(session: Session, customer_id: CustomerId, statement: Any, **parameters: object) -> list[Any]:
    """Run a statement about `MINE`, and return its rows as named tuples."""
    return all_rows_of(session, statement, customer_id=customer_id, **parameters)


def row_of(session: Session, customer_id: CustomerId, statement: Any, **parameters: object) -> Any:
    """Run a statement about `MINE`, and return its first row, or None."""
    return session.connection().execute(statement, {"customer_id": customer_id, **parameters}).first()


def each_row_of(session: Session, customer_id: CustomerId, statement: Any, **parameters: object) -> Iterator[Any]:
    """Run a statement about `MINE`, and yield its rows in constant memory, as long as somebody waits for them."""
    connection, streamed = session.connection(), statement.execution_options(yield_per=PART)
    with connection.execute(streamed, {"customer_id": customer_id, **parameters}) as result:
        for rows in result.partitions(PART):
            refuse_if_over(connection)
            yield from rows


def all_rows_of(session: Session, statement: Any, **parameters: object) -> list[Any]:
    """Run a statement about whatever its parameters say, and return its rows as named tuples."""
    result = session.connection().execute(statement, parameters)
    return list(map(_shape(tuple(result.keys()))._make, result.all()))


@cache
def _shape(names: tuple[str, ...]) -> Any:
    """Named tuples are read several times as fast as the rows of SQLAlchemy."""
    return namedtuple("Row", names)  # noqa: PYI024 (its columns are known only now)
