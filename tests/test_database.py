"""Sessions on SQLite and PostgreSQL: whole transactions, one snapshot a read, writers in turn, no frozen event loop."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import cast
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import select

from portal_app import database as database_module
from portal_app.database import THREADS, Database, current_database, make_engine, use_database
from portal_app.errors import Busy, NotFound, Unavailable
from portal_app.models.customer import Customer
from portal_app.models.wallet import Wallet, WalletTransaction
from portal_app.queries.customers import count_customers_of_operator
from portal_app.queries.rows import PART, each_row_of


def names(session):
    return sorted(session.exec(select(Customer.external_id)))


@pytest.fixture
def gone(tmp_path, request):
    """A database that does not answer."""
    database = Database(f"sqlite:///{tmp_path / 'no such folder' / 'portal.db'}")
    yield database
    database.close()


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


@pytest.mark.threat("T40")
@pytest.mark.parametrize("ended", [Unavailable, asyncio.CancelledError])
def test_what_nobody_waits_for_any_more_keeps_no_thread(database, monkeypatch, ended):
    def long(session):
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        counting = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000) SELECT count(*) FROM n"
        )
        session.connection().execute(text(counting if is_sqlite else "SELECT pg_sleep(25)"))

    async def ask():
        asked = [asyncio.create_task(database.read(long)) for _ in range(THREADS)]
        await asyncio.sleep(0.3)
        if ended is asyncio.CancelledError:
            assert all(task.cancel() for task in asked)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 5.0)
        return {type(answer) for answer in answers}, await database.read(count_customers_of_operator)

    monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 1.0)
    assert asyncio.run(ask()) == ({ended}, 0)


@pytest.mark.threat("T40")
def test_what_nobody_waits_for_any_more_begins_no_further_statement(database, monkeypatch):
    monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 0.05)
    may_go_on, is_refused = threading.Event(), threading.Event()

    def in_steps(session):
        names(session)
        may_go_on.wait(10)
        with pytest.raises(Unavailable):
            names(session)
        is_refused.set()

    async def ask():
        with pytest.raises(Unavailable):
            await database.read(in_steps)
        may_go_on.set()
        monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 5.0)
        assert await asyncio.to_thread(is_refused.wait, 10)
        return await database.read(names)

    assert asyncio.run(ask()) == []


@pytest.mark.threat("T40")
def test_of_what_is_streamed_no_further_part_is_read_for_nobody(database, monkeypatch):
    """Between two parts the server is at nothing that could be ended."""
    monkeypatch.setattr(database_module, "FILE_SECONDS", 0.05)
    may_go_on, ended, rows = threading.Event(), threading.Event(), []
    counting = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
        "SELECT i FROM n WHERE :customer_id = 1"
    )

    def slowly(session):
        with suppress(Unavailable, OperationalError):
            for row in each_row_of(session, 1, counting):
                rows.append(row)
                may_go_on.wait(10)
        ended.set()

    async def ask():
        with pytest.raises(Unavailable):
            await database.read_file(slowly)
        await asyncio.sleep(0.2)  # whatever is told to stop has been told
        may_go_on.set()
        return await asyncio.to_thread(ended.wait, 10)

    assert asyncio.run(ask())
    assert len(rows) <= PART


def test_a_file_that_takes_longer_than_pages_wait_is_read_beside_them(database, monkeypatch):
    monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 0.2)

    def long(session):
        time.sleep(0.5)
        return names(session)

    async def ask():
        files = [asyncio.create_task(database.read_file(long)) for _ in range(2 * THREADS)]
        pages = [await database.read(names) for _ in range(THREADS)]
        assert not any(file.done() for file in files)
        return pages, await asyncio.gather(*files)

    assert asyncio.run(ask()) == ([[]] * THREADS, [[]] * 2 * THREADS)


@pytest.mark.threat("T40")
def test_a_file_that_is_not_read_in_its_time_is_unavailable(database, monkeypatch):
    monkeypatch.setattr(database_module, "FILE_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        asyncio.run(database.read_file(lambda _session: time.sleep(0.2)))


@pytest.mark.parametrize("goes_on_to_read", [False, True])
def test_a_write_that_did_not_answer_in_time_is_undone(database, monkeypatch, goes_on_to_read):
    """Whoever sends it again without a key would else have it twice."""
    may_go_on = threading.Event()

    def slow(session):
        cast.add_customer(session, "acme")
        session.flush()
        may_go_on.wait(10)
        if goes_on_to_read:
            names(session)

    async def ask():
        monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 0.2)
        with pytest.raises(Unavailable):
            await database.write(slow)
        monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 60.0)
        may_go_on.set()
        await database.write(cast.add_customer, "globex")  # on SQLite once the other one has ended
        await asyncio.gather(*[database.write(names) for _ in range(THREADS)])
        return await database.read(names)

    assert asyncio.run(ask()) == ["globex"]


def test_what_somebody_does_is_written_though_they_leave(database):
    may_go_on, is_done = threading.Event(), threading.Event()

    def slow(session):
        may_go_on.wait(10)
        cast.add_customer(session, "acme")
        is_done.set()

    async def leave():
        asked = asyncio.create_task(database.write(slow))
        await asyncio.sleep(0.1)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        may_go_on.set()
        await asyncio.to_thread(is_done.wait, 10)

    asyncio.run(leave())
    database.close()
    with database.reading() as session:
        assert names(session) == ["acme"]


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


def test_a_slow_database_is_unavailable_and_the_loop_goes_on(database, monkeypatch):
    monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 0.05)
    answered = threading.Event()

    def slow(session):
        answered.wait(10)
        return names(session)

    async def visit():
        turns = 0
        waiting = asyncio.ensure_future(database.read(slow))
        while not waiting.done():
            turns += 1
            await asyncio.sleep(0)
        return turns, waiting.exception()

    turns, error = asyncio.run(visit())
    answered.set()
    assert isinstance(error, Unavailable)
    assert turns > 1


def test_a_database_that_is_gone_is_unavailable(gone):
    with pytest.raises(Unavailable, match="unavailable right now"):
        asyncio.run(gone.read(count_customers_of_operator))


def test_a_server_that_is_gone_is_unavailable(postgres):
    database = Database(postgres.url("portal_never_made"))
    with pytest.raises(Unavailable):
        asyncio.run(database.read(count_customers_of_operator))
    database.close()


def test_a_writer_that_waits_too_long_for_another_is_unavailable_and_changes_nothing(sqlite_database, monkeypatch):
    monkeypatch.setattr(database_module, "TIMEOUT_SECONDS", 0.05)
    with sqlite_database.writing(), pytest.raises(Unavailable):
        asyncio.run(sqlite_database.write(cast.add_customer, "acme"))
    sqlite_database.close()  # once whoever waits has ended
    with sqlite_database.reading() as session:
        assert names(session) == []


def test_pages_read_while_more_writers_wait_for_their_turn_than_there_are_threads(sqlite_database):
    async def read_among_writers():
        with sqlite_database.writing() as session:
            cast.add_customer(session)
            writers = [asyncio.ensure_future(sqlite_database.write(names)) for _ in range(2 * database_module.THREADS)]
            await asyncio.sleep(0.1)
            found = await asyncio.wait_for(sqlite_database.read(names), 2)
        return found, await asyncio.gather(*writers)

    before, after = asyncio.run(read_among_writers())
    assert (before, {tuple(one) for one in after}) == ([], {("acme",)})


def test_what_one_at_a_time_may_do_is_free_again_however_it_ended(database):
    again = pytest.raises(Busy, match="Another import is running")
    with database.alone("import"), database.alone("something else"), again, database.alone("import"):
        pass
    with pytest.raises(LookupError), database.alone("import"):
        raise LookupError
    with database.alone("import"):
        pass


def test_a_statement_that_takes_too_long_on_the_server_is_unavailable(postgres_database):
    def slow(session):
        session.execute(text("SET LOCAL statement_timeout = 20"))
        session.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable):
        asyncio.run(postgres_database.read(slow))


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
