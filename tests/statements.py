"""How many statements a query sends."""

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
