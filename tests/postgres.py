"""A PostgreSQL server of the tests' own, from Debian's packages, on a socket in a folder of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from portal_app.database import Database, Session

T = TypeVar("T")

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses='' -c max_connections=60"
DURABLE = "-c fsync=on -c synchronous_commit=on -c listen_addresses='' -c max_connections=60"

SWEEP = """
DO $$ DECLARE row record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;  -- neither triggers nor foreign keys are asked
  FOR row IN SELECT tablename AS name FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', row.name);
  END LOOP;
  FOR row IN SELECT sequencename AS name FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
    EXECUTE format('ALTER SEQUENCE %I RESTART', row.name);
  END LOOP;
END $$
"""


class PostgresServer:
    """A server to make databases on. `address` is a URL without a database's name."""

    def __init__(self, address: str, options: str = "") -> None:
        self._address, self._options = address, options
        self._numbers = itertools.count(1)
        self._shared: str | None = None

    def new_database(self, name: str | None = None, template: str | None = "portal_template") -> str:
        """Create a database, as a copy of `template` if one is named, and return its URL."""
        name = name or f"portal_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)

    def clean_database(self) -> str:
        """Return the URL of the one database that tests share: all tables and no rows.

        It is swept rather than copied anew: a copy is a thousand files.
        """
        if self._shared is None:
            self._shared = self.new_database()
        with psycopg.connect(self._shared, autocommit=True) as connection:
            connection.execute(SWEEP)
        return self._shared

    def url(self, name: str) -> str:
        """Return the URL of the database called `name`."""
        return f"{self._address}/{name}{self._options}"


def while_open(database: Database, first: Callable[[Session], object], then: Callable[[], T]) -> T:
    """Do `first`, and `then` before its transaction ends, which it does once `then` waits for it; answer with `then`'s.

    `then` has transactions of its own.
    """
    with ThreadPoolExecutor(1) as thread:
        with database.writing() as session:
            first(session)
            session.flush()
            other = thread.submit(then)
            while not other.done() and not _is_waited_for(database):
                time.sleep(0.01)
        return other.result()


def _is_waited_for(database: Database) -> bool:
    with database.reading() as session:
        blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return session.connection().exec_driver_sql(blocked).scalar_one() > 0


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Yield the server PORTAL_TEST_DATABASE_URL names, else one started here and stopped at the end."""
    given = os.environ.get("PORTAL_TEST_DATABASE_URL")
    if given:
        address, _, rest = given.rpartition("/")
        yield PostgresServer(address, f"?{rest.partition('?')[2]}" if "?" in rest else "")
        return
    with _own_server(FAST) as cluster:
        yield PostgresServer("postgresql://postgres@", f"?host={cluster.folder}")


@contextmanager
def stoppable_postgres() -> Iterator[tuple[PostgresServer, Cluster]]:
    """Yield a server that keeps what it has committed, and what stops it at once and starts it again."""
    with _own_server(DURABLE) as cluster:
        yield PostgresServer("postgresql://postgres@", f"?host={cluster.folder}"), cluster


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server's folder, and its options."""

    folder: Path
    options: str

    def start(self) -> None:
        """Start it, and return when it answers."""
        options = f"{self.options} -k {self.folder}"
        _run("pg_ctl", "-D", self.folder / "data", "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self) -> None:
        """Stop it as a loss of power would: nothing is finished, and no connection is closed."""
        _run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")


@contextmanager
def _own_server(options: str) -> Iterator[Cluster]:
    memory = Path("/dev/shm")  # noqa: S108 (a folder of our own in it)
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir=memory if memory.is_dir() else None))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = Cluster(folder, options)
    try:
        _run("initdb", "-D", folder / "data", "-U", "postgres", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *arguments: str | Path) -> None:
    command = [str(_binaries() / program), *map(str, arguments)]
    if os.geteuid() == 0:  # the server refuses to run as root
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        pytest.exit("PostgreSQL is missing: install Debian's package `postgresql`, or set PORTAL_TEST_DATABASE_URL.", 3)
    return Path(on_path).parent
