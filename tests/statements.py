"""How many statements a query sends, or a whole database gets; and how SQLite would run them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event

from portal_app.database import Database, Session


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Yield the statements that `session` sends meanwhile."""
    session.flush()  # what the test itself still had to write does not count
    with _noted(session.connection()) as sent:
        yield sent


@contextmanager
def counted_by(database: Database) -> Iterator[list[str]]:
    """Yield the statements that anybody sends to a database meanwhile."""
    with _noted(database.engine) as sent:
        yield sent


@contextmanager
def _noted(whose: Connection | Engine) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(whose, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(whose, "before_cursor_execute", note)


@contextmanager
def explained(session: Session) -> Iterator[list[list[str]]]:
    """Yield SQLite's plan of each statement that `session` sends meanwhile, a line a step."""
    plans: list[list[str]] = []
    connection = session.connection()

    def explain(connection, _cursor, statement, parameters, *_rest):
        driver = connection.connection.dbapi_connection
        plans.append([row[-1] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    event.listen(connection, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(connection, "before_cursor_execute", explain)
