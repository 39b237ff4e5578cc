"""Set-based writes to the usage tables: one statement for each engine, the same for every table.

SQLite runs a prepared statement over the rows; PostgreSQL unnests their columns. Rows are written in the order of
the key: where several PostgreSQL writers meet, all take their locks in that order, so none waits in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from portal_app.database import Session
from portal_app.models.usage import UsageEvent

Row = tuple[Any, ...]

_LOCK = 0x75736167
"""PostgreSQL's advisory lock of those who count events (shared) and those who change what counts (exclusive)."""
_PG = postgresql.dialect()


class Rows:
    """A usage table, written many rows at a time."""

    def __init__(self, name: str, on_conflict: str = "") -> None:
        """Prepare the statements; `on_conflict` is what to do with a row whose key is there already."""
        table = UsageEvent.metadata.tables[name]
        columns = list(table.columns)
        self._key = tuple(column.name for column in table.primary_key)
        self._width = len(self._key)
        self._key_of = itemgetter(*range(self._width))
        names = ", ".join(column.name for column in columns)
        marks = ", ".join("?" for _ in columns)
        arrays = ", ".join(f"%s::{column.type.compile(_PG).split(' COLLATE')[0]}[]" for column in columns)
        into = f"INSERT INTO {table.name} ({names})"
        self._sqlite = f"{into} VALUES ({marks}) {on_conflict}"
        self._postgres = f"{into} SELECT * FROM unnest({arrays}) {on_conflict}"

    def write(self, session: Session, rows: Iterable[Row]) -> None:
        """Insert the rows, in the order of their keys."""
        ordered = sorted(rows, key=self._key_of)
        if not ordered:
            return
        connection = session.connection()
        if is_sqlite(session):
            connection.exec_driver_sql(self._sqlite, ordered)
        else:
            connection.exec_driver_sql(self._postgres, _columns(ordered))

    def write_new(self, session: Session, rows: Iterable[Row]) -> set[Row]:
        """Insert the rows whose key is not there yet, and return the keys of those: ON CONFLICT DO NOTHING it is."""
        ordered = sorted(rows, key=self._key_of)
        if not ordered:
            return set()
        connection = session.connection()
        if is_sqlite(session):
            return self._write_new_one_by_one(connection, ordered)
        returning = f"{self._postgres} RETURNING {', '.join(self._key)}"
        return {tuple(row) for row in connection.exec_driver_sql(returning, _columns(ordered))}

    def _write_new_one_by_one(self, connection: Connection, rows: Sequence[Row]) -> set[Row]:
        """SQLite tells of one row at a time whether it was new; in its own process that is the fastest way."""
        cursor = connection.connection.cursor()
        new: set[Row] = set()
        for row in rows:
            cursor.execute(self._sqlite, row)
            if cursor.rowcount:
                new.add(row[: self._width])
        cursor.close()
        return new


def share_counting(session: Session) -> None:
    """Let this transaction count events while nobody changes what counts. SQLite has one writer anyway."""
    _lock(session, "pg_advisory_xact_lock_shared")


def stop_counting(session: Session) -> None:
    """Let this transaction change what counts: it waits for those who count, and they for it, until it ends."""
    _lock(session, "pg_advisory_xact_lock")


def _lock(session: Session, function: str) -> None:
    if not is_sqlite(session):
        session.connection().exec_driver_sql(f"SELECT {function}({_LOCK})")


def execute_each(session: Session, statement: str, rows: Sequence[Row]) -> None:
    """Run a statement, written with `?` for its parameters, for each row."""
    if rows:
        statement = statement if is_sqlite(session) else statement.replace("?", "%s")
        session.connection().exec_driver_sql(statement, list(rows))


def is_sqlite(session: Session) -> bool:
    """Tell which of the two engines this is."""
    return session.connection().dialect.name == "sqlite"


def _columns(rows: Sequence[Row]) -> Row:
    return tuple(list(column) for column in zip(*rows, strict=True))
