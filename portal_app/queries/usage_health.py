"""What came in and does not count, or not as its sender may think: for the operator, who can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.instants import instant
from portal_app.database import Session
from portal_app.models.catalog import Meter
from portal_app.models.usage import CONFLICTS, HORIZON, PROBLEMS, STREAMS, UNMATCHED, WORDS
from portal_app.queries.meters import meter_rules_of_operator

SHOWN = 100
"""How many of each kind are listed, the greatest or latest first; counts are of all."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Events that wait for a customer, or a meter, of this name."""

    name: str
    events: int


@dataclass(frozen=True, slots=True)
class UsageHealth:
    """What is kept in all, and what of it does not count. `closed_before` is the horizon, if there is one."""

    events: int
    unknown_customers: tuple[Unmatched, ...]
    unmetered_names: tuple[Unmatched, ...]
    conflicts: int
    problems: int
    closed_before: datetime | None


@dataclass(frozen=True, slots=True)
class EventConflict:
    """An event id that came again, `times` with other content; `properties` are the latest, as JSON, if known."""

    event_id: str
    times: int
    event_name: str
    properties: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class EventProblem:
    """An event whose value a meter could not use."""

    event_id: str
    at: datetime
    meter_public_id: str
    meter_name: str
    problem: str


def usage_health_of_operator(session: Session) -> UsageHealth:
    """Return what came in from everybody and does not count."""
    stream, waiting = STREAMS.c, UNMATCHED.c
    metered = meter_rules_of_operator(session).keys()
    kept = func.sum(stream.events - stream.purged)
    by_name = (
        select(WORDS.c.word, kept)
        .join_from(STREAMS, WORDS, WORDS.c.id == stream.name)
        .where(WORDS.c.word.not_in(metered))
        .group_by(WORDS.c.word)
        .having(kept > 0)
    )
    by_customer = select(waiting.external_customer_id, func.count()).group_by(waiting.external_customer_id)
    closed = session.connection().execute(select(HORIZON.c.before_at)).scalar()
    return UsageHealth(
        events=_sum(session, select(func.sum(stream.events - stream.purged))),
        unknown_customers=_most(session.connection().execute(by_customer)),
        unmetered_names=_most(session.connection().execute(by_name)),
        conflicts=_sum(session, select(func.sum(CONFLICTS.c.times)))
        + _sum(session, select(func.sum(waiting.conflicts))),
        problems=_sum(session, select(func.count()).select_from(PROBLEMS)),
        closed_before=None if closed is None else instant(closed),
    )


def list_conflicts(session: Session, customer_id: CustomerId) -> list[EventConflict]:
    """Return the customer's latest conflicts, latest first."""
    column = CONFLICTS.c
    statement = (
        select(column.event_id, column.times, column.name, column.properties, column.received_at)
        .where(column.customer_id == customer_id)
        .order_by(column.received_at.desc(), column.event_id)
        .limit(SHOWN)
    )
    rows = session.connection().execute(statement)
    return [EventConflict(event_id, times, name, text, instant(at)) for event_id, times, name, text, at in rows]


def list_problems(session: Session, customer_id: CustomerId) -> list[EventProblem]:
    """Return the customer's latest events with a value that a meter could not use, latest first."""
    column, meter = PROBLEMS.c, Meter.metadata.tables["meter"].c
    statement = (
        select(column.event_id, column.at, meter.public_id, meter.name, column.problem)
        .join_from(PROBLEMS, Meter, meter.id == column.meter_id)
        .where(column.customer_id == customer_id)
        .order_by(column.at.desc(), column.event_id)
        .limit(SHOWN)
    )
    rows = session.connection().execute(statement)
    return [EventProblem(event_id, instant(at), key, name, problem) for event_id, at, key, name, problem in rows]


def _sum(session: Session, statement: Any) -> int:
    return int(session.connection().execute(statement).scalar() or 0)


def _most(rows: Iterable[Any]) -> tuple[Unmatched, ...]:
    found = sorted((Unmatched(name, int(events)) for name, events in rows), key=lambda one: (-one.events, one.name))
    return tuple(found[:SHOWN])
