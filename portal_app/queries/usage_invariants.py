"""Invariant I4, as far as it is stored: each event counted once, and cells that are what their events make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table, exists, func, select
from sqlmodel import select as select_rows

from portal_app.billing.aggregation import Cell
from portal_app.billing.instants import QUARTER_HOUR, bucket_start, instant
from portal_app.commands.count_events import Count, count
from portal_app.commands.event_register import horizon
from portal_app.commands.rebuild_usage import kept_events
from portal_app.database import Session
from portal_app.models.catalog import Meter
from portal_app.models.customer import Customer
from portal_app.models.usage import AMENDMENTS, CELLS, EVENTS, KEYS, PROBLEMS, STREAMS, TEXTS, WORDS
from portal_app.queries.meters import RulesByName, meter_rules_of_operator
from portal_app.queries.usage_cells import stored_cell
from portal_app.queries.violation import Violation

AT_ONCE = 30 * 24 * 4
"""Quarter hours that are compared at a time."""

_Key = tuple[int, int, int]


def all_usage_violations(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with anybody's usage, events first, then cells; nothing is compared before the horizon."""
    customers = dict(session.exec(select_rows(Customer.id, Customer.public_id)).all())
    key, event, was = KEYS.c, EVENTS.c, AMENDMENTS.c
    is_kept = exists().where(event.customer_id == key.customer_id, event.at == key.at, event.event_id == key.event_id)
    is_void = exists().where(was.customer_id == key.customer_id, was.event_id == key.event_id, was.is_void)
    lost = _events(KEYS).where(key.at >= (horizon(session) or 0), ~is_kept, ~is_void)
    yield from _found(session, customers, lost, KEYS, "it was taken, but it is not kept")
    is_known = exists().where(key.customer_id == event.customer_id, key.event_id == event.event_id, key.at == event.at)
    yield from _found(session, customers, _events(EVENTS).where(~is_known), EVENTS, "its id could be counted again")
    yield from _streams(session, customers)
    meters = dict(session.exec(select_rows(Meter.id, Meter.public_id)).all())
    rules = meter_rules_of_operator(session)
    for customer_id, first, last in _reach(session):
        for start in range(first, last, AT_ONCE):
            wrong = _differences(session, customer_id, rules, start, min(start + AT_ONCE, last))
            for (_, meter_id, bucket), sentence in wrong:
                row = f"{customers.get(customer_id)} {meters.get(meter_id)} {bucket_start(bucket):%Y-%m-%dT%H:%MZ}"
                yield Violation("I4", CELLS.name, row, sentence)


def _events(table: Table) -> Select[Any, Any, Any]:
    return select(table.c.customer_id, table.c.event_id, table.c.at)


def _found(
    session: Session,
    customers: Mapping[int | None, str],
    statement: Select[Any, Any, Any],
    table: Table,
    sentence: str,
) -> Iterator[Violation]:
    for customer_id, event_id, at in session.connection().execute(statement):
        row = f"{customers.get(customer_id)} {event_id}"
        yield Violation("I6", table.name, row, f"{sentence} (of {instant(at):%Y-%m-%dT%H:%M:%SZ})")


def _streams(session: Session, customers: Mapping[int | None, str]) -> Iterator[Violation]:
    """Compare the count of each customer's events, by name, with those that are kept."""
    event, stream = EVENTS.c, STREAMS.c
    kept = select(event.customer_id, event.name, func.count().label("count")).group_by(event.customer_id, event.name)
    kept = kept.subquery()
    statement = (
        select(stream.customer_id, WORDS.c.word, stream.events - stream.purged, func.coalesce(kept.c.count, 0))
        .join_from(STREAMS, WORDS, WORDS.c.id == stream.name)
        .join(kept, (kept.c.customer_id == stream.customer_id) & (kept.c.name == stream.name), isouter=True)
        .where(stream.events - stream.purged != func.coalesce(kept.c.count, 0))
    )
    for customer_id, name, counted, found in session.connection().execute(statement):
        row = f"{customers.get(customer_id)} {name}"
        yield Violation("I4", STREAMS.name, row, f"it counts {counted} events, but {found} are kept")


def _reach(session: Session) -> Iterator[tuple[int, int, int]]:
    """Yield each customer with the quarter hours that its events and cells may be in."""
    before = (horizon(session) or 0) // QUARTER_HOUR
    stream = STREAMS.c
    statement = select(stream.customer_id, func.min(stream.first_at), func.max(stream.last_at))
    for customer_id, first_at, last_at in session.connection().execute(statement.group_by(stream.customer_id)).all():
        yield customer_id, max(first_at // QUARTER_HOUR, before), last_at // QUARTER_HOUR + 1


def _differences(
    session: Session, customer_id: int, rules: RulesByName, first: int, last: int
) -> Iterator[tuple[_Key, str]]:
    """Yield the cells that are not what their events make, in order."""
    wanted = Count()
    for events in kept_events(session, customer_id, list(rules), first * QUARTER_HOUR, last * QUARTER_HOUR):
        wanted.add(count(events, rules))
    stored = _stored(session, customer_id, [rule.key for of_name in rules.values() for rule in of_name], first, last)
    for key in sorted(wanted.cells.keys() | stored.keys()):
        is_now, should_be = stored.get(key, Cell()), wanted.cells.get(key, Cell())
        if is_now != should_be:
            yield key, f"it keeps {_words(is_now)}, but its events make {_words(should_be)}"
    yield from _unreported(session, customer_id, wanted, first, last)


def _stored(session: Session, customer_id: int, meters: Sequence[int], first: int, last: int) -> dict[_Key, Cell]:
    cells: dict[_Key, Cell] = {}
    for table in (CELLS, TEXTS):
        column = table.c
        rows = select(*table.columns).where(
            column.customer_id == customer_id,
            column.meter_id.in_(meters),
            column.bucket >= first,
            column.bucket < last,
        )
        for owner, meter, bucket, *kept in map(tuple, session.connection().execute(rows)):
            cell = stored_cell(bucket, kept) if table is CELLS else Cell(texts={kept[0]})
            cells.setdefault((owner, meter, bucket), Cell()).add(cell)
    return cells


def _unreported(session: Session, customer_id: int, wanted: Count, first: int, last: int) -> Iterator[tuple[_Key, str]]:
    """Compare the values that meters could not use with those that are reported."""
    problem = PROBLEMS.c
    between = problem.at >= first * QUARTER_HOUR, problem.at < last * QUARTER_HOUR
    rows = select(*PROBLEMS.columns).where(problem.customer_id == customer_id, *between)
    reported = set(map(tuple, session.connection().execute(rows)))
    for row in sorted(reported.symmetric_difference(wanted.problems)):
        owner, meter, at, event_id, sentence = row
        which = "is reported" if row in reported else "is not reported"
        yield (owner, meter, at // QUARTER_HOUR), f"of event {event_id}, it {which} that {sentence}"


def _words(cell: Cell) -> str:
    if not cell.events and cell == Cell():
        return "nothing"
    facts = {
        "events": cell.events,
        "total": cell.total or None,
        "moment": cell.moment,
        "greatest": cell.peak,
        "latest": cell.last,
        "texts": cell.texts and len(cell.texts),
    }
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
