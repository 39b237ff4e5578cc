"""Retention: raw events older than the horizon go; their cells stay, and so do their ids, for a month more."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from portal_app.billing.instants import QUARTER_HOUR, instant, micros
from portal_app.commands.audit import record
from portal_app.commands.event_register import horizon
from portal_app.commands.usage_tables import Rows, execute_each, stop_counting
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.usage import AMENDMENTS, CONFLICTS, EVENTS, KEYS, PROBLEMS, STREAMS, UNMATCHED

KEYS_OUTLIVE = timedelta(days=30)
"""How long an event that is purged is still known: a retry without its timestamp does not count again."""
AT_ONCE = 20_000

_HORIZON = Rows("usage_horizon", "ON CONFLICT (id) DO UPDATE SET before_at = excluded.before_at")


def close_usage(session: Session, before: datetime, actor: str, now: datetime) -> datetime:
    """Set the horizon to the quarter hour that holds `before`, and return it; it never moves back.

    From now on, events from before it, their corrections and rebuilds of their cells are refused, so that whatever
    `purge_some` takes away, nothing that is counted changes.

    Raises:
        Invalid: `before` lies in the future.
    """
    if before > now:
        raise Invalid(field="before", problem="lies in the future")
    stop_counting(session)
    at = micros(before) // QUARTER_HOUR * QUARTER_HOUR
    standing = horizon(session)
    if standing is not None and standing >= at:
        return instant(standing)
    _HORIZON.write(session, [(1, at)])
    record(session, actor=actor, action="usage.closed", now=now, before=instant(at).isoformat())
    return instant(at)


def purge_some(session: Session) -> int:
    """Take away some of what lies before the horizon, and return how much: 0 means that nothing is left.

    Each call is a short transaction, so that events keep coming in between.
    """
    before = horizon(session)
    if before is None:
        return 0
    return _purge_events(session, before) or _purge_keys(session, before) or _purge_traces(session, before)


def _purge_events(session: Session, before: int) -> int:
    connection, event, stream = session.connection(), EVENTS.c, STREAMS.c
    senders = select(stream.customer_id).where(stream.events > stream.purged, stream.first_at < before).distinct()
    for customer_id in connection.execute(senders).scalars().all():
        old = event.customer_id == customer_id, event.at < before
        upto = connection.execute(select(event.at).where(*old).order_by(event.at).offset(AT_ONCE).limit(1)).scalar()
        some = (*old, event.at <= upto) if upto is not None else old
        # Counted as they go: whoever purges at the same time takes the others.
        gone = Counter(connection.execute(delete(EVENTS).where(*some).returning(event.name)).scalars())
        if gone:
            more = "UPDATE usage_stream SET purged = purged + ? WHERE customer_id = ? AND name = ?"
            execute_each(session, more, [(count, customer_id, name) for name, count in sorted(gone.items())])
            return gone.total()
    return 0


def _purge_keys(session: Session, before: int) -> int:
    connection, key, stream = session.connection(), KEYS.c, STREAMS.c
    cutoff = before - KEYS_OUTLIVE // timedelta(microseconds=1)
    senders = select(stream.customer_id).where(stream.first_at < cutoff).distinct()
    for customer_id in connection.execute(senders).scalars().all():
        old = key.customer_id == customer_id, key.at < cutoff
        last = select(key.event_id).where(*old).order_by(key.event_id).offset(AT_ONCE).limit(1)
        upto = connection.execute(last).scalar()
        some = (*old, key.event_id <= upto) if upto is not None else old
        if count := connection.execute(delete(KEYS).where(*some)).rowcount:
            return count
    return 0


def _purge_traces(session: Session, before: int) -> int:
    """Take away, at the end, what was noted about events that are gone: they are few."""
    connection, key = session.connection(), KEYS.c
    connection.execute(delete(UNMATCHED).where(UNMATCHED.c.at < before))
    connection.execute(delete(PROBLEMS).where(PROBLEMS.c.at < before))
    for table in (AMENDMENTS, CONFLICTS):
        known = exists().where(key.customer_id == table.c.customer_id, key.event_id == table.c.event_id)
        connection.execute(delete(table).where(~known))
    return 0
