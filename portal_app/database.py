"""The engine and sessions for SQLite or PostgreSQL, and the one bounded executor that faces read through."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from threading import Event, Lock
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from portal_app.billing.money import DoesNotFit
from portal_app.errors import Busy, ChangedMeanwhile, TooLarge, Unavailable
from portal_app.settings import get_settings

__all__ = ["Database", "Session", "current_database", "is_storable", "refuse_if_over", "use_database"]

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 4
TIMEOUT_SECONDS = 5.0
THREADS_FOR_FILES = 2
FILE_SECONDS = 50.0
"""For what is read into a file: less than the minute that proxies wait for an answer's first byte."""
READING: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "sqlite": {"sqlite_query_only": True},
}
"""By dialect: a query sees one moment, whatever commits between its statements, and cannot write."""


class Database:
    """One engine and the few threads that use it for the coroutines of pages and routes.

    A slow or vanished database never freezes the event loop: a call that takes longer than
    `TIMEOUT_SECONDS` becomes `Unavailable`. Files may take longer, and have threads of their own.
    """

    def __init__(self, url: str) -> None:
        """Prepare an engine for `url`; nothing connects until the first use."""
        self.url = url
        self.engine = make_engine(url)
        event.listen(self.engine, "before_cursor_execute", refuse_if_over)
        self._reader = self.engine.execution_options(**READING[self.engine.dialect.name])
        self._writer = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._readers = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")
        self._writers = ThreadPoolExecutor(THREADS, thread_name_prefix="writing")
        self._filers = ThreadPoolExecutor(THREADS_FOR_FILES, thread_name_prefix="filing")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for queries: it sees one moment, and the engine refuses whatever would write."""
        with Session(self._reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session for one command; its transaction commits at the end or rolls back whole."""
        with Session(self._writer, expire_on_commit=False) as session:
            session.connection()  # begins: a writer waits for its turn before it reads anything
            yield session
            session.commit()

    async def read(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query in a thread with a session of its own; writers that wait for their turn do not hold it up.

        The database is told to stop when nobody waits any more: the thread is free for the next one.

        Raises:
            Unavailable: the database did not answer in time.
        """
        return await self._run(self._readers, TIMEOUT_SECONDS, self.reading, query, *args, **kwargs)

    async def read_file(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query that reads a whole file, as `read` does, in one of the few threads that are kept for such.

        Raises:
            Unavailable: it was not read in `FILE_SECONDS`.
        """
        return await self._run(self._filers, FILE_SECONDS, self.reading, query, *args, **kwargs)

    async def write(self, command: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a command in a thread, in one transaction.

        Raises:
            Unavailable: the database did not answer in time; nothing was written, unless it was just being committed.
            ChangedMeanwhile: another transaction got there first; nothing was written.
            TooLarge: a number has more digits than its column keeps; it is named, and nothing was written.
        """
        return await self._run(self._writers, TIMEOUT_SECONDS, self.writing, command, *args, **kwargs)

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        """Hold what one process at a time may do with this database; it is given back even if the process dies.

        Raises:
            Busy: another process, or another thread of this one, holds it.
        """
        if self.engine.dialect.name == "sqlite":
            with _file_alone(self.engine.url.database or "", task):
                yield
            return
        key = zlib.crc32(task.encode())
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({key})").scalar():
                raise Busy(task=task)
            try:
                yield
            finally:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({key})")

    async def _run(
        self,
        threads: ThreadPoolExecutor,
        seconds: float,
        transaction: Callable[[], AbstractContextManager[Session]],
        call: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        task = _Task(transaction, lambda session: call(session, *args, **kwargs))
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(threads, task.run)
        except TimeoutError as error:
            task.give_up()
            raise Unavailable from error
        except asyncio.CancelledError:
            if threads is not self._writers:  # what somebody did is written down, even if they leave
                task.give_up()
            raise
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable from error
        except IntegrityError as error:
            logger.warning("a write met a constraint: %s", str(error.orig).partition("\n")[0])
            raise ChangedMeanwhile from error
        except StatementError as error:
            if isinstance(error.orig, DoesNotFit):
                raise TooLarge(field=_column_of(error.orig, error.params), problem=error.orig) from error
            raise

    def close(self) -> None:
        """Release the connections and threads, once the calls that are running have ended."""
        self._readers.shutdown(cancel_futures=True)
        self._writers.shutdown(cancel_futures=True)
        self._filers.shutdown(cancel_futures=True)
        self.engine.dispose()


class _Task:
    """What a thread does with the database for a coroutine, which may not wait for its end."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[Session]], call: Callable[[Session], Any]
    ) -> None:
        self._transaction, self._call = transaction, call
        self._lock, self._connections, self._is_over = Lock(), list[Any](), Event()

    def run(self) -> Any:
        """Call in a transaction; whoever has given up before it commits finds nothing written."""
        with self._transaction() as session:
            connection = session.connection().execution_options(is_over=self._is_over)
            self._connections.append(connection.connection.driver_connection)
            try:
                answer = self._call(session)
                session.flush()
            finally:
                with self._lock:  # from here on the connection may be another one's
                    self._connections.clear()
            refuse_if_over(connection)
            return answer

    def give_up(self) -> None:
        """Have it begin no further statement, and the database end the one that it is at, which may take a moment."""
        self._is_over.set()
        asyncio.get_running_loop().run_in_executor(None, self._stop)

    def _stop(self) -> None:
        with self._lock:
            for connection in self._connections:
                if isinstance(connection, sqlite3.Connection):
                    connection.interrupt()
                    continue
                with suppress(Exception):  # it is gone, and the statement with it
                    connection.cancel_safe(timeout=TIMEOUT_SECONDS)


def refuse_if_over(connection: Connection, *_statement: object) -> None:
    """Refuse to go on where nobody waits any more: before each statement, and between the parts of what one streams.

    Raises:
        Unavailable: nobody waits.
    """
    is_over = connection.get_execution_options().get("is_over")
    if is_over is not None and is_over.is_set():
        raise Unavailable


def _column_of(fault: DoesNotFit, parameters: Any) -> str:
    """Return the name of the parameter whose value did not fit: of what is written, that is its column's."""
    for row in parameters if isinstance(parameters, list | tuple) else [parameters]:
        for name, value in row.items():
            if value is fault.value:
                return name
    return "body"


def make_engine(url: str) -> Engine:
    """Return an engine for a SQLite or PostgreSQL URL, with the pragmas that make SQLite durable and strict."""
    if url.startswith("postgres"):
        scheme, _, rest = url.partition("://")
        url = f"postgresql+psycopg://{rest}" if "+" not in scheme else url
        options = "-c timezone=UTC -c statement_timeout=30000"
        return create_engine(url, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": 5})
    engine = create_engine(url, connect_args={"timeout": 10})
    event.listen(engine, "do_connect", _create_privately)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    # Readers see one snapshot; writers take the lock at once, so that none has to be undone half-way.
    options = connection.get_execution_options()
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    query_only = options.get("sqlite_query_only", False)
    if connection.info.get("query_only") is not query_only:  # a pragma makes SQLite prepare every statement anew
        driver.execute(f"PRAGMA query_only={query_only}")
        connection.info["query_only"] = query_only
    driver.execute(f"BEGIN {options.get('sqlite_begin', 'DEFERRED')}")


def _create_privately(_dialect: object, _record: object, arguments: list[str], _parameters: object) -> None:
    # SQLite would let everyone read a new file, and production refuses one that everyone may read.
    path = Path(arguments[0])
    if path.name != ":memory:" and path.parent.is_dir():
        # Only a new one is opened: closing a file lets go of all locks that this process has on it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, not the driver's guess
    for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _file_alone(path: str, task: str) -> Iterator[None]:
    descriptor = os.open(f"{path}-{task}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(task=task) from error
        yield
    finally:
        os.close(descriptor)  # which gives it back


def is_storable(text: str) -> bool:
    """Tell whether both engines can hold `text`, and so whether a row can have it: no NUL, no half surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


_current: Database | None = None


def current_database() -> Database:
    """Return the database of this process, opened from the settings the first time."""
    return _current if _current is not None else use_database(Database(get_settings().database_url))


def use_database(database: Database) -> Database:
    """Make `database` the one this process uses; tests and tools point it at their own."""
    global _current  # noqa: PLW0603 (one per process, like the settings)
    _current = database
    return database
