"""The way in for many at once: nothing is answered before it is committed, nothing acknowledged is ever lost."""

import asyncio
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Semaphore

import cast
import pytest
from cast import NOW, days_ago
from sqlalchemy import func, select
from usage_cast import add_feature, sent

from portal_app.billing.metering import AggregationType
from portal_app.commands import usage_writer
from portal_app.commands.ingest_events import Taken, ingest_requests
from portal_app.commands.purge_usage import close_usage
from portal_app.commands.usage_events import read_event
from portal_app.commands.usage_writer import UsageWriter
from portal_app.errors import Invalid, TooManyRequests, Unavailable
from portal_app.models.usage import EVENTS, KEYS
from portal_app.queries.invariants import all_violations

PROCESS = Path(__file__).parent.parent / "ingest_process.py"


@pytest.fixture
def writer(database):
    with database.writing() as session:
        for external_id in ("acme", "globex"):
            cast.add_customer(session, external_id)
        for aggregation in AggregationType:
            add_feature(session, aggregation, aggregation.value)
    writer = UsageWriter(database)
    yield writer
    writer.close()


def events(*ids, **more):
    return [read_event(sent(event_id, n=1, **more), NOW) for event_id in ids]


def stored(database, table=EVENTS):
    with database.reading() as session:
        return session.connection().execute(select(func.count()).select_from(table)).scalar()


def violations(database):
    with database.reading() as session:
        return list(all_violations(session))


def test_an_answer_comes_after_the_commit(writer, database):
    async def take():
        answer = await writer.take(events("e1", "e2"), NOW)
        return answer, stored(database)

    assert asyncio.run(take()) == (Taken(2, 0, 0, 0), 2)


def test_many_requests_at_once_each_get_their_own_answer(writer, database):
    async def take():
        calls = [writer.take(events(f"e{n}", f"e{n - n % 10}"), NOW) for n in range(200)]
        return await asyncio.gather(*calls)

    answers = asyncio.run(take())
    assert sum(answer.new for answer in answers) == stored(database) == 200
    assert all(answer.new + answer.duplicates == 2 for answer in answers)
    assert violations(database) == []


def test_a_request_that_is_refused_takes_nothing_from_the_others(writer, database):
    with database.writing() as session:
        close_usage(session, days_ago(1), "command line", NOW)

    async def take():
        old = writer.take([*events("e1"), *events("old", at=days_ago(2))], NOW)
        return await asyncio.gather(old, writer.take(events("e2"), NOW), return_exceptions=True)

    refused, taken = asyncio.run(take())
    assert isinstance(refused, Invalid)
    assert taken == Taken(1, 0, 0, 0)
    assert stored(database) == 1


@dataclass
class Held:
    """A writer's threads in the middle of their transactions."""

    entered: Semaphore = field(default_factory=lambda: Semaphore(0))
    go: Event = field(default_factory=Event)


@pytest.fixture
def held(monkeypatch):
    """Hold the writer in the middle of its transactions, until told to go."""
    held = Held()

    def hold(session, *arguments):
        answer = ingest_requests(session, *arguments)
        held.entered.release()
        assert held.go.wait(60)
        return answer

    monkeypatch.setattr(usage_writer, "ingest_requests", hold)
    yield held
    held.go.set()


def test_when_too_many_wait_the_next_is_refused_whole_and_told_when_to_come_again(writer, database, held):
    small = UsageWriter(database, max_waiting=3)

    async def take():
        first = []
        for n in range(len(small._threads)):
            first.append(asyncio.ensure_future(small.take(events(f"first{n}", name=f"name {n}"), NOW)))
            await asyncio.to_thread(held.entered.acquire)
        second = asyncio.ensure_future(small.take(events("e1", "e2"), NOW))
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequests) as caught:
            await small.take(events("e3", "e4"), NOW)
        assert caught.value.facts == {"retry_after": 1}
        held.go.set()
        return await asyncio.gather(*first, second)

    assert all(answer.duplicates == 0 for answer in asyncio.run(take()))
    assert stored(database) == len(small._threads) + 2
    small.close()


def test_what_waits_is_taken_before_the_writer_ends(writer, database):
    async def take():
        calls = [asyncio.ensure_future(writer.take(events(f"e{n}"), NOW)) for n in range(50)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        with pytest.raises(TooManyRequests):
            await writer.take(events("late"), NOW)
        return await asyncio.gather(*calls)

    assert len(asyncio.run(take())) == stored(database) == 50


def test_a_database_that_does_not_answer_in_time_is_unavailable(writer, database, held, monkeypatch):
    monkeypatch.setattr(usage_writer, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(Unavailable):
        asyncio.run(writer.take(events("e1"), NOW))


def test_a_failure_nobody_thought_of_takes_one_request_and_not_its_neighbours(writer, database, monkeypatch):
    def fail(session, requests, now):
        if any(event.event_id == "poison" for request in requests for event in request):
            raise ZeroDivisionError
        return ingest_requests(session, requests, now)

    monkeypatch.setattr(usage_writer, "ingest_requests", fail)

    async def take():
        calls = [writer.take(events(event_id), NOW) for event_id in ("e1", "poison", "e2")]
        return await asyncio.gather(*calls, return_exceptions=True)

    first, poison, last = asyncio.run(take())
    assert (first, last) == (Taken(1, 0, 0, 0), Taken(1, 0, 0, 0))
    assert isinstance(poison, ZeroDivisionError)
    assert stored(database) == 2


def test_a_database_that_cannot_be_used_is_unavailable_and_the_writer_goes_on(sqlite_database):
    writer = UsageWriter(sqlite_database)
    rename = "ALTER TABLE usage_word RENAME TO {0}", "ALTER TABLE {0} RENAME TO usage_word"
    with sqlite_database.writing() as session:
        cast.add_customer(session)
        session.connection().exec_driver_sql(rename[0].format("elsewhere"))
    with pytest.raises(Unavailable):
        asyncio.run(writer.take(events("e1"), NOW))
    with sqlite_database.writing() as session:
        session.connection().exec_driver_sql(rename[1].format("elsewhere"))
    assert asyncio.run(writer.take(events("e1"), NOW)) == Taken(1, 0, 0, 0)
    writer.close()


class Ingesting:
    """A process that takes events, and what it says into a file: a pipe that nobody empties would hold it up."""

    def __init__(self, url, seed, said):
        self._said = said
        command = [sys.executable, PROCESS, url, seed, "acme,globex,stranger"]
        environment = os.environ | {"PYTHONPATH": f"{PROCESS.parent}:{PROCESS.parent.parent}"}
        with said.open("wb") as out:
            self._process = subprocess.Popen(command, stdout=out, env=environment)

    def wait_until_busy(self):
        """Return once it has been told that a first request is taken."""
        while len(self._lines()) < 2:
            assert self._process.poll() is None
            time.sleep(0.01)
        return self

    def kill(self):
        """Kill it, and return the events that it knew to be taken; a line that was cut short it did not."""
        self._process.kill()
        self._process.wait()
        return {event_id for line in self._lines()[1:] for event_id in line.split(",")}

    def _lines(self):
        said = self._said.read_text()
        return said[: said.rfind("\n") + 1].splitlines()


def kill_while_busy(process, seconds):
    process.wait_until_busy()
    time.sleep(seconds)
    return process.kill()


def assert_nothing_lost_or_doubled(database, ids):
    with database.reading() as session:
        connection = session.connection()
        kept = connection.execute(select(EVENTS.c.event_id)).scalars().all()
        strangers = connection.exec_driver_sql("SELECT event_id FROM usage_unmatched").scalars().all()
    assert len(kept) == len(set(kept)) == stored(database, KEYS)
    assert ids - set(kept) - set(strangers) == set()
    assert violations(database) == []


@pytest.mark.parametrize("round_", range(5))
def test_a_kill_in_the_middle_of_ingestion_loses_and_doubles_nothing(writer, database, tmp_path, round_, tally):
    process = Ingesting(database.url, f"kill{round_}", tmp_path / "said")
    ids = kill_while_busy(process, 0.1 + 0.1 * round_)
    assert len(ids) > 10
    assert_nothing_lost_or_doubled(database, ids)
    tally("D1 kills of a process that took events", 1, 0)


def test_several_processes_at_once_count_each_event_once(writer, database, tmp_path):
    processes = [Ingesting(database.url, seed, tmp_path / str(at)) for at, seed in enumerate(("a", "b", "a"))]
    for process in processes:
        process.wait_until_busy()
    time.sleep(0.7)
    ids = set[str]().union(*(process.kill() for process in processes))
    assert len(ids) > 100
    assert_nothing_lost_or_doubled(database, ids)


@pytest.mark.long
@pytest.mark.parametrize("fresh", range(25))
def test_five_hundred_kills_lose_and_double_nothing(writer, database, tmp_path, fresh, tally):
    """D1: twenty to a database, for each of them counts all that came before it anew."""
    chance, ids = random.Random(fresh), set()
    for round_ in range(20):
        process = Ingesting(database.url, f"{fresh}-{round_}", tmp_path / "said")
        ids |= kill_while_busy(process, chance.uniform(0, 0.5))
        assert_nothing_lost_or_doubled(database, ids)
    assert len(ids) > 1000
    tally("D1 kills of a process that took events", 20, 0)
    tally("D1 events acknowledged before a kill", len(ids), 0)
