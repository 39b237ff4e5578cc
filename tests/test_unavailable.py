"""A database that answers late or not at all: nobody waits for long, and what nobody waits for is ended or undone."""

import asyncio
import threading
import time
from contextlib import suppress

import cast
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from portal_app import database as database_module
from portal_app.database import THREADS, Database
from portal_app.errors import Unavailable
from portal_app.models.customer import Customer
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


def test_a_statement_that_takes_too_long_on_the_server_is_unavailable(postgres_database):
    def slow(session):
        session.execute(text("SET LOCAL statement_timeout = 20"))
        session.execute(text("SELECT pg_sleep(5)"))

    with pytest.raises(Unavailable):
        asyncio.run(postgres_database.read(slow))
