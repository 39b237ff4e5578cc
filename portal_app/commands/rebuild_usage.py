"""Count a customer's events anew: after corrections, for a meter that came later, and to mend what `verify` found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, Table, delete, select, tuple_

from portal_app.billing.instants import QUARTER_HOUR, bucket_of
from portal_app.billing.metering import MeterRule
from portal_app.commands.count_events import Counted, count
from portal_app.commands.event_register import horizon
from portal_app.commands.usage_events import read_json
from portal_app.commands.usage_tables import stop_counting
from portal_app.database import Session
from portal_app.models.usage import CELLS, EVENTS, PROBLEMS, TEXTS, WORDS
from portal_app.queries.meters import meter_rules_of_operator

AT_ONCE = 10_000
END_OF_TIME = 2**31 - 1
"""The quarter hour after all others."""


def rebuild_usage(
    session: Session,
    customer_id: int,
    rules: Mapping[str, Sequence[MeterRule]],
    first: int = 0,
    last: int = END_OF_TIME,
) -> int:
    """Make these meters' cells of the quarter hours from `first` until before `last` anew, and return the events read.

    Cells before the horizon, whose events are purged, stay as they are. Memory stays constant.
    """
    stop_counting(session)
    first = max(first, (horizon(session) or 0) // QUARTER_HOUR)
    meters = [rule.key for of_name in rules.values() for rule in of_name]
    if not meters or first >= last:
        return 0
    for table in (CELLS, TEXTS):
        session.connection().execute(delete(table).where(*_of(table, customer_id, meters, table.c.bucket, first, last)))
    between = first * QUARTER_HOUR, last * QUARTER_HOUR
    session.connection().execute(delete(PROBLEMS).where(*_of(PROBLEMS, customer_id, meters, PROBLEMS.c.at, *between)))
    read = 0
    for events in kept_events(session, customer_id, list(rules), *between):
        count(events, rules).write(session)
        read += len(events)
    return read


def rebuild_days(session: Session, customer_id: int, first: date | None, last: date | None) -> int:
    """Make all cells of the days (UTC) from `first` until before `last` anew; None leaves that end open."""
    ends = [day and bucket_of(datetime.combine(day, time(), UTC)) for day in (first, last)]
    rules = meter_rules_of_operator(session)
    return rebuild_usage(session, customer_id, rules, ends[0] or 0, ends[1] or END_OF_TIME)


def kept_events(
    session: Session, customer_id: int, names: Sequence[str], start: int, end: int
) -> Iterator[list[Counted]]:
    """Yield a customer's events of these names in `[start, end)`, microseconds since 1970, some at a time, in order."""
    event, after = EVENTS.c, (start, "")
    statement = (
        select(event.at, event.event_id, WORDS.c.word, event.properties)
        .join_from(EVENTS, WORDS, WORDS.c.id == event.name)
        .where(event.customer_id == customer_id, event.at < end, WORDS.c.word.in_(names))
        .order_by(event.at, event.event_id)
        .limit(AT_ONCE)
    )
    while rows := session.connection().execute(statement.where(tuple_(event.at, event.event_id) > after)).all():
        yield [Counted(customer_id, at, event_id, name, read_json(text)) for at, event_id, name, text in rows]
        after = rows[-1][0], rows[-1][1]


def _of(
    table: Table, customer_id: int, meters: Sequence[int], place: ColumnElement[int], start: int, end: int
) -> tuple[ColumnElement[bool], ...]:
    return table.c.customer_id == customer_id, table.c.meter_id.in_(meters), place >= start, place < end
