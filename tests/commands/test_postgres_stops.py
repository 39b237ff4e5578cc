"""PostgreSQL goes away at once, in the middle of it all, and comes back: nothing acknowledged is lost or doubled."""

import asyncio
import os
import threading
import time

import cast
import pytest
from cast import NOW
from postgres import stoppable_postgres
from sqlalchemy import select
from usage_cast import add_feature, sent

from portal_app.billing.metering import AggregationType
from portal_app.commands.usage_events import read_event
from portal_app.commands.usage_writer import UsageWriter
from portal_app.database import Database
from portal_app.errors import TooManyRequests, Unavailable
from portal_app.migrations import migrate
from portal_app.models.usage import EVENTS
from portal_app.queries.invariants import all_violations

SENDERS = 4


class Senders:
    """Programs that send ten events at a time until they are told to stop, and again what was not acknowledged."""

    def __init__(self, writer: UsageWriter) -> None:
        self._writer, self._over = writer, threading.Event()
        self.acknowledged: set[str] = set()
        self.refusals = 0
        self._thread = threading.Thread(target=lambda: asyncio.run(self._all()))
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    async def _all(self) -> None:
        await asyncio.gather(*(self._send(number) for number in range(SENDERS)))

    async def _send(self, number: int) -> None:
        batch = 0
        while not self._over.is_set():
            ids = [f"{number}-{batch}-{place}" for place in range(10)]
            try:
                await self._writer.take([read_event(sent(event_id, n=1), NOW) for event_id in ids], NOW)
            except (Unavailable, TooManyRequests):
                self.refusals += 1
                await asyncio.sleep(0.02)
                continue
            self.acknowledged |= set(ids)
            batch += 1


def stop_it(times):
    with stoppable_postgres() as (server, cluster):
        database = Database(server.new_database(template=None))
        migrate(database.engine)
        with database.writing() as session:
            cast.add_customer(session, "acme")
            for aggregation in AggregationType:
                add_feature(session, aggregation, aggregation.value)
        writer = UsageWriter(database)
        senders = Senders(writer)
        for _ in range(times):
            before = len(senders.acknowledged)
            cluster.stop()
            cluster.start()
            deadline = time.monotonic() + 30
            while len(senders.acknowledged) <= before + 10 * SENDERS and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(senders.acknowledged) > before + 10 * SENDERS
        senders.stop()
        writer.close()
        with database.reading() as session:
            kept = session.connection().execute(select(EVENTS.c.event_id)).scalars().all()
            violations = list(all_violations(session))
        database.close()
    assert len(kept) == len(set(kept))
    assert senders.acknowledged <= set(kept)
    assert violations == []
    return senders


needs_its_own = pytest.mark.skipif(bool(os.environ.get("PORTAL_TEST_DATABASE_URL")), reason="that server is not ours")


@needs_its_own
def test_stopped_three_times_under_load_it_loses_and_doubles_nothing(tally):
    senders = stop_it(3)
    assert senders.refusals > 0
    tally("D2 events acknowledged while PostgreSQL came and went", len(senders.acknowledged), 0)


@needs_its_own
@pytest.mark.long
def test_stopped_fifty_times_under_load_it_loses_and_doubles_nothing(tally):
    senders = stop_it(50)
    assert senders.refusals > 0
    tally("D2 events acknowledged while PostgreSQL came and went", len(senders.acknowledged), 0)
