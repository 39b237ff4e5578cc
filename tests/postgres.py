"""A PostgreSQL server of the tests' own, from Debian's packages, on a socket in a folder of its own."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses='' -c max_connections=60"


class PostgresServer:
    """A server to make databases on. `address` is a URL without a database's name."""

    def __init__(self, address: str, options: str = "") -> None:
        self._address, self._options = address, options
        self._numbers = itertools.count(1)

    def new_database(self, name: str | None = None, template: str | None = "portal_template") -> str:
        """Create a database, as a copy of `template` if one is named, and return its URL."""
        name = name or f"portal_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of the database called `name`."""
        return f"{self._address}/{name}{self._options}"


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Yield the server PORTAL_TEST_DATABASE_URL names, else one started here and stopped at the end."""
    given = os.environ.get("PORTAL_TEST_DATABASE_URL")
    if given:
        address, _, rest = given.rpartition("/")
        yield PostgresServer(address, f"?{rest.partition('?')[2]}" if "?" in rest else "")
        return
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        _run("initdb", "-D", folder / "data", "-U", "postgres", "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C")
        options = f"{FAST} -k {folder}"
        _run("pg_ctl", "-D", folder / "data", "-o", options, "-l", folder / "log", "-w", "start")
        try:
            yield PostgresServer("postgresql://postgres@", f"?host={folder}")
        finally:
            _run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
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
