"""A world of usage to measure on: a thousand customers, ten features, ninety days, any number of events.

Customer 1 is the biggest: it has about a sixth of all events (Zipf, exponent 1.1), as in the studies this engine was
designed by. One event in a hundred is late, one in fifty is sent twice; ids are random, which is the worst case.
"""

from __future__ import annotations

import random
import time
from bisect import bisect
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate

import cast
from cast import NOW
from usage_cast import add_feature, add_meter, add_usage_price

from portal_app.billing.instants import micros
from portal_app.billing.metering import AggregationType
from portal_app.commands.ingest_events import ingest_events
from portal_app.commands.usage_events import EventIn, properties_text
from portal_app.database import Database
from portal_app.migrations import migrate

CUSTOMERS, DAYS, LATE, TWICE = 1000, 90, 0.01, 0.02
FEATURES = 10
PROPERTIES = tuple({"n": n, "model": f"m{n % 7}", "region": ("eu", "us")[n % 2]} for n in range(1, 500))
TEXTS = tuple(properties_text(properties) for properties in PROPERTIES)
BATCH = 10_000


def make_world(database: Database) -> None:
    """Add customers, features, prices and subscriptions, but no event."""
    migrate(database.engine)
    with database.writing() as session:
        plan = cast.add_plan(session, fee=None)
        for number in range(FEATURES):
            meter = add_meter(session, AggregationType.SUM, f"feature-{number}")
            feature = add_feature(session, meter, f"Feature {number}")
            add_usage_price(session, plan, feature, "0.0025")
        for number in range(CUSTOMERS):
            customer = cast.add_customer(session, f"c{number}", timezone="Europe/Berlin")
            cast.add_subscription(session, customer, plan, start_at=cast.days_ago(100))


class Events:
    """Events, always the same for a seed."""

    def __init__(self, seed: int = 1) -> None:
        """Begin at the beginning."""
        self._chance = random.Random(seed)
        self._ends = list(accumulate(1 / (rank + 1) ** 1.1 for rank in range(CUSTOMERS)))

    def batch(self, size: int, total: int, done: int) -> list[EventIn]:
        """Return the next events of a stream that goes through the ninety days in `total` events."""
        chance, start = self._chance, NOW - timedelta(days=DAYS)
        events: list[EventIn] = []
        for number in range(size):
            if events and chance.random() < TWICE:
                events.append(events[chance.randrange(len(events))])
                continue
            at = start + timedelta(days=DAYS) * ((done + number) / total)
            if chance.random() < LATE:
                at -= timedelta(hours=chance.random() * 72)
            which = chance.randrange(len(PROPERTIES))
            customer = bisect(self._ends, chance.random() * self._ends[-1])
            events.append(
                EventIn(
                    customer=f"c{customer}",
                    name=f"feature-{chance.randrange(FEATURES)}",
                    event_id=f"{chance.getrandbits(100):020x}",
                    at=micros(at),
                    properties=PROPERTIES[which],
                    text=TEXTS[which],
                )
            )
        return events


def fill(database: Database, total: int) -> Iterator[tuple[int, float, datetime]]:
    """Take `total` events through the command; yield, ten times, how many there are and the CPU µs for each since."""
    stream, done = Events(), 0
    for step in range(1, 11):
        began, spent = done, 0.0
        while done < total * step // 10:
            events = stream.batch(min(BATCH, total - done), total, done)
            start = time.process_time()
            with database.writing() as session:
                ingest_events(session, events, NOW)
            spent += time.process_time() - start
            done += len(events)
        yield done, spent / max(done - began, 1) * 1e6, NOW
