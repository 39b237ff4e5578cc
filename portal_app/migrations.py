"""Bring a database to the tables of this version."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from alembic import command

ROOT = Path(__file__).parent.parent
LOCK = 0x706F7274616C
"""PostgreSQL's advisory lock of whoever migrates: the letters of `portal`."""


def migrate(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`: all of them, or, where one fails, none."""
    with exclusive(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take migrations back, down to `revision`: all of them, or none."""
    with exclusive(engine) as connection:
        command.downgrade(_config(connection), revision)


def is_current(engine: Engine) -> bool:
    """Tell whether a database has the tables of this version."""
    with engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_heads()
        return set(at) == set(ScriptDirectory.from_config(_config(connection)).get_heads())


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that one process at a time can have; it commits at the end.

    SQLite changes a table by copying it, so its foreign keys rest meanwhile.
    """
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # an index of a large table takes its time
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection
            connection.commit()
            return
        connection.execution_options(sqlite_begin="IMMEDIATE")
        connection.connection.execute("PRAGMA foreign_keys=OFF")  # without effect once a transaction has begun
        try:
            with connection.begin():  # one that Alembic finds begun is ours to commit: its own would be one a migration
                yield connection
        finally:
            connection.connection.execute("PRAGMA foreign_keys=ON")


def _config(connection: Connection) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["connection"] = connection
    return config
