"""How many statements a query sends, and how SQLite would run them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from portal_app.database import Session


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """Yield the statements that `session` sends meanwhile."""
    sent: list[str] = []
    session.flush()  # what the test itself still had to write does not count
    connection = session.connection()

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)


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
