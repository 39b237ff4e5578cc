"""Sessions on SQLite and PostgreSQL: whole transactions, one snapshot a read, writers in turn, no frozen event loop."""

import asyncio
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import cast
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from portal_app import database as database_module
from portal_app.database import Database, current_database, make_engine, use_database
from portal_app.errors import Busy, NotFound
from portal_app.models.customer import Customer
from portal_app.models.wallet import Wallet, WalletTransaction
from portal_app.queries.customers import count_customers_of_operator


def names(session):
    return sorted(session.exec(select(Customer.external_id)))


def test_a_command_commits_whole_at_its_end(database):
    with database.writing() as session:
        cast.add_customer(session, "acme")
        with database.reading() as reading:
            assert names(reading) == []
    with database.reading() as reading:
        assert names(reading) == ["acme"]


def test_a_command_that_fails_leaves_nothing(database):
    with pytest.raises(LookupError), database.writing() as session:
        [][cast.add_customer(session, "acme")]
    with database.reading() as reading:
        assert names(reading) == []


def test_what_a_command_returns_can_be_read_after_its_commit(database):
    with database.writing() as session:
        plan = cast.add_plan(session)
    assert plan.name == "Plan Base"


@pytest.mark.threat("T16")
def test_a_query_cannot_write(database):
    with database.reading() as session, pytest.raises(DBAPIError, match=r"readonly|read-only"):
        cast.add_customer(session, "acme")
    with database.writing() as session:
        cast.add_customer(session, "acme")


def test_all_statements_of_a_query_see_the_same_moment(database):
    with database.reading() as reading:
        assert names(reading) == []
        with database.writing() as session:
            cast.add_customer(session, "acme")
        assert names(reading) == []
    with database.reading() as reading:
        assert names(reading) == ["acme"]


def test_writers_take_turns_and_no_update_is_lost(database):
    with database.writing() as session:
        wallet_id = cast.add_wallet(session, cast.add_customer(session)).id

    def add_and_spend(number):
        with database.writing() as session:
            wallet = session.get_one(Wallet, wallet_id)
            at = cast.days_ago(0)
            cast.post(session, wallet, cast.credit("3", at), cast.debit("1", at, description=str(number)))

    with ThreadPoolExecutor(4) as together:
        list(together.map(add_and_spend, range(12)))
    with database.reading() as session:
        rows = session.exec(select(WalletTransaction).order_by(WalletTransaction.sequence)).all()
    assert [row.sequence for row in rows] == list(range(1, 25))
    assert rows[-1].credit_balance_after == 24
    assert all(row.credit_balance_after == after.credit_balance_before for row, after in pairwise(rows))


def test_a_writer_on_sqlite_holds_the_lock_from_its_first_moment(sqlite_database, tmp_path):
    with sqlite_database.writing():
        other = sqlite3.connect(tmp_path / "portal.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_on_sqlite_never_waits_for_a_writer(sqlite_database):
    with sqlite_database.writing() as session:
        cast.add_customer(session, "acme")
        with sqlite_database.reading() as reading:
            assert names(reading) == []


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 10_000)],
)
def test_every_connection_to_sqlite_is_durable_and_strict(sqlite_database, pragma, value):
    engine = sqlite_database.engine
    with engine.connect() as one, engine.connect() as other, sqlite_database.writing() as session:
        for connection in (one, other, session):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == value


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_any_spelling_of_a_postgresql_url_leads_to_the_same_driver(scheme):
    assert make_engine(f"{scheme}://portal@db.example/portal").url.drivername == "postgresql+psycopg"


def test_postgresql_speaks_utc_and_gives_up_in_time(postgres_database):
    with postgres_database.reading() as session:
        assert session.execute(text("SHOW timezone")).scalar_one() == "UTC"
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == "30s"


def test_a_connection_that_died_in_the_pool_is_replaced(postgres_database):
    with postgres_database.reading() as session:
        doomed = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = make_engine(postgres_database.url)
    with other.connect() as connection:
        assert connection.execute(text(f"SELECT pg_terminate_backend({doomed})")).scalar_one()
    other.dispose()
    with postgres_database.reading() as session:
        assert names(session) == []


def test_pages_read_and_write_without_blocking(database):
    async def visit():
        await database.write(cast.add_customer, "acme", name="Acme")
        return await database.read(count_customers_of_operator)

    assert asyncio.run(visit()) == 1


def test_a_command_for_a_page_that_fails_leaves_nothing_and_says_why(database):
    def failing(session):
        cast.add_customer(session, "acme")
        raise NotFound(noun="Wallet")

    with pytest.raises(NotFound, match="Wallet not found"):
        asyncio.run(database.write(failing))
    assert asyncio.run(database.read(names)) == []


def test_what_one_at_a_time_may_do_is_free_again_however_it_ended(database):
    again = pytest.raises(Busy, match="Another import is running")
    with database.alone("import"), database.alone("something else"), again, database.alone("import"):
        pass
    with pytest.raises(LookupError), database.alone("import"):
        raise LookupError
    with database.alone("import"):
        pass


def test_a_process_has_one_database_until_it_is_told_of_another(settings, sqlite_database, tmp_path):
    assert current_database() is sqlite_database
    other = use_database(Database(f"sqlite:///{tmp_path / 'other.db'}"))
    assert current_database() is other
    other.close()


def test_the_database_of_the_settings_is_opened_when_first_asked_for(settings, monkeypatch):
    monkeypatch.setattr(database_module, "_current", None)
    opened = current_database()
    assert opened.url == settings.database_url
    assert current_database() is opened
    opened.close()


def test_a_connection_more_leaves_the_locks_of_those_before_it(sqlite_database):
    path = sqlite_database.url.removeprefix("sqlite:///")
    with sqlite_database.engine.connect() as first, sqlite_database.engine.connect() as second:
        first.execute(text("SELECT count(*) FROM customer"))
        second.execute(text("SELECT count(*) FROM customer"))
        visitor = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM customer'); c.close()"
        )
        subprocess.run([sys.executable, "-c", visitor, path], check=True)
        # Who is the last to leave removes the log, under the feet of whoever's locks are lost.
        assert Path(path + "-wal").exists()
