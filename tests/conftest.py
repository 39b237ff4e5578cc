"""What every test stands on: settings of its own, and a migrated database on SQLite and on PostgreSQL."""

import os

# Before anything of the portal is imported: tests never read a developer's secrets or database.
os.environ |= {
    "PORTAL_ENV": "development",
    "REFLEX_WEB_WORKDIR": ".web-tests",
    "PORTAL_DATABASE_URL": "sqlite:///tests-open-their-own.db",
    "PORTAL_SECRET_KEY": "q7Zt0vYw3sLr8Nf2Xk5Jb9Hd6Gc1Pm4U",
    "PORTAL_SESSION_KEYS": "t1:DQw6ARpE9t6T9MyHlfjJxNCbEmvlMbMft1cSqXFK5S0=",
    # Attacks come by the thousand from one address; tests of the limits set their own.
    "PORTAL_LIMIT_MINTS": "1000000/second",
    "PORTAL_LIMIT_FAILURES": "1000000/second",
    "PORTAL_LIMIT_EVENTS": "1000000/second",
    "PORTAL_OPERATOR_NAME": "Northwind",
    "PORTAL_OPERATOR_SUPPORT_EMAIL": "billing@northwind.example",
    "PORTAL_OPERATOR_RETURN_URL": "https://northwind.example/account",
}

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cast
import hypothesis
import pytest
from postgres import PostgresServer, running_postgres
from server import RunningPortal, running_portal

from portal_app import database as database_module
from portal_app.access.principal import CustomerId
from portal_app.database import Database, Session, use_database
from portal_app.demo.world import load_demo
from portal_app.migrations import migrate
from portal_app.settings import Settings, get_settings

# The same commit gives the same result, on however slow a machine.
database_module.TIMEOUT_SECONDS = 60.0
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings the environment above makes."""
    return get_settings()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with all tables; tests copy it."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    migrate(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server whose template database has all tables."""
    with running_postgres() as server:
        template = Database(server.new_database(name="portal_template", template=None))
        migrate(template.engine)
        template.close()
        yield server


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated SQLite database, current for this process."""
    shutil.copy(migrated_sqlite, tmp_path / "portal.db")
    yield from _current(f"sqlite:///{tmp_path / 'portal.db'}")


@pytest.fixture
def postgres_database(postgres: PostgresServer) -> Iterator[Database]:
    """An empty, migrated PostgreSQL database, current for this process."""
    yield from _current(postgres.clean_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty, migrated database: each test that asks for it runs on both engines."""
    return request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")


@pytest.fixture(scope="session")
def demo_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world of 2026-01-20 on SQLite; tests copy it."""
    path = tmp_path_factory.mktemp("sqlite") / "demo.db"
    shutil.copy(migrated_sqlite, path)
    _fill_with_demo(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def demo_postgres(postgres: PostgresServer) -> str:
    """The name of a database that holds the demo world of 2026-01-20; tests copy it."""
    _fill_with_demo(postgres.new_database("portal_demo"))
    return "portal_demo"


@pytest.fixture(params=["sqlite", "postgresql"])
def demo_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The demo world of 2026-01-20 to read or to break, on both engines."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("demo_sqlite"), tmp_path / "demo.db")
        yield from _current(f"sqlite:///{tmp_path / 'demo.db'}")
    else:
        template = request.getfixturevalue("demo_postgres")
        yield from _current(request.getfixturevalue("postgres").new_database(template=template))


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes and reads; what it wrote is rolled back with the database it wrote to."""
    with database.writing() as session:
        yield session


@pytest.fixture
def acme(session: Session) -> CustomerId:
    """Acme: the customer under test."""
    return cast.add_customer(session, "acme")


@pytest.fixture
def globex(session: Session) -> CustomerId:
    """Globex: the customer that must never appear."""
    return cast.add_customer(session, "globex")


@pytest.fixture(scope="session")
def demo_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running portal with the demo world of today; for tests that look and change nothing."""
    with running_portal(tmp_path_factory.mktemp("demo")) as portal:
        yield portal


@pytest.fixture
def own_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files that is this test's alone."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, int, int], None]:
    """Take down how many attempts of a kind an attack made and how many got through; the run prints the table."""
    return lambda kind, attempts, leaks: record_property("attack", [kind, attempts, leaks])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was attempted, by kind, and what of it got through."""
    table: dict[str, list[int]] = {}
    for report in [one for reports in terminalreporter.stats.values() for one in reports]:
        for name, value in getattr(report, "user_properties", ()):
            if name == "attack" and report.when == "call":
                row = table.setdefault(value[0], [0, 0])
                row[0], row[1] = row[0] + value[1], row[1] + value[2]
    if table:
        terminalreporter.section("attacks: attempts, leaks")
        for kind, (attempts, leaks) in sorted(table.items()):
            terminalreporter.write_line(f"{kind:<60} {attempts:>9,} {leaks:>5}")


def _fill_with_demo(url: str) -> None:
    database = Database(url)
    with database.writing() as session:
        load_demo(session, cast.NOW.date(), cast.NOW, cast.DEMO_EVENTS)
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _current(url: str) -> Iterator[Database]:
    database = use_database(Database(url))
    yield database
    database.close()
    database_module._current = None
