"""Whatever comes in: it is refused with the field's name, or kept once; nothing else ever happens."""

import random
from decimal import Decimal

import cast
import pytest
from cast import NOW
from sqlalchemy import select
from usage_cast import add_meter, sent

from portal_app.billing.metering import AggregationType
from portal_app.commands.ingest_events import ingest_requests
from portal_app.commands.usage_events import read_events
from portal_app.errors import Invalid
from portal_app.models.usage import EVENTS, UNMATCHED
from portal_app.queries.invariants import all_violations

ODD = (
    None, "", 0, -1, True, 10**40, -(10**20), Decimal("1e999"), Decimal("1E-999"), Decimal("0." + "1" * 80), [], {},
    [[[]]], {"a": {"b": 1}}, "\0", "\ud800", "’", "Ω" * 300, "a" * 70_000, "'; DROP TABLE usage_event; --", "%s", "{}",
    "NaN",
    "1e400", "٣", "2026-01-20T12:00:00Z", "0000-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
    "2026-01-20T12:00:00+23:59", "2026-01-20", "event\u202eid", " lead", "tab\t",
)  # fmt: skip
FIELDS = (
    "event_name",
    "external_customer_id",
    "event_id",
    "timestamp",
    "source",
    "properties",
    "n",
    "model",
    "unknown",
)


def odd_event(chance, number):
    event = sent(f"good{number}", n=chance.randint(0, 9), model="large")
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        field, value = chance.choice(FIELDS), chance.choice(ODD)
        if field in {"n", "model"} and isinstance(event.get("properties"), dict):
            event["properties"][field] = value
        elif chance.random() < 0.2:
            event.pop(field, None)
        else:
            event[field] = value
    return chance.choice(ODD) if chance.random() < 0.02 else event


def play(session, count, seed):
    chance = random.Random(seed)
    cast.add_customer(session)
    for aggregation in AggregationType:
        add_meter(session, aggregation, filters={"model": ["large", "0", "true"]} if aggregation == "MAX" else None)
    good, refused = set(), set()
    while count > 0:
        if count % 1000 < 5:
            session.commit()  # PostgreSQL walks over all versions of a row that one transaction has made
        size = chance.choice((1, 1, 2, 5))
        request = [odd_event(chance, count - index) for index in range(size)]
        count -= size
        try:
            events = read_events(request, NOW)
        except Invalid as error:
            refused.add(error.facts["field"].partition("[")[0])
            continue
        ingest_requests(session, [events], NOW)
        good |= {(event.customer, event.event_id) for event in events}
    kept = session.connection().execute(select(EVENTS.c.event_id)).scalars().all()
    waiting = session.connection().execute(select(UNMATCHED.c.external_customer_id, UNMATCHED.c.event_id)).all()
    assert sorted([("acme", event_id) for event_id in kept] + [tuple(row) for row in waiting]) == sorted(good)
    assert list(all_violations(session)) == []
    assert refused == {"events"}


def test_five_thousand_odd_events_are_refused_by_name_or_kept_once(session, tally):
    play(session, 5_000, 11)
    tally("C3 odd events", 5_000, 0)


@pytest.mark.long
def test_a_million_odd_events_are_refused_by_name_or_kept_once(session, tally):
    play(session, 1_000_000, 12)
    tally("C3 odd events", 1_000_000, 0)
