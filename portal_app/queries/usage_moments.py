"""Between which two instants a feature was used: what an explanation says about the events behind a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.instants import QUARTER_HOUR, instant, micros
from portal_app.billing.metering import MeterRule, Unusable
from portal_app.billing.periods import TimeRange
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.usage_events import read_json
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Feature, Meter
from portal_app.models.usage import CELLS, EVENTS, WORDS
from portal_app.queries.meters import rule_of

MOST_READ = 1000
"""How many events of a quarter hour are looked through for the first or the last one that counts."""


@dataclass(frozen=True, slots=True)
class UsageMoments:
    """The first and the last event that a feature counted in a span; None if there is none.

    They are exact as long as raw events are kept, after that the start of their quarter hour.
    """

    first_at: datetime | None
    last_at: datetime | None


def usage_moments(session: Session, customer_id: CustomerId, feature_id: str, span: TimeRange) -> UsageMoments:
    """Return when in `span` the customer used a feature, named by its public id.

    Raises:
        NotFound: there is no such metered feature.
    """
    statement = (
        select(Meter)
        .join(Feature, col(Feature.meter_id) == col(Meter.id))
        .where(col(Feature.public_id) == feature_id, col(Feature.status) != RecordStatus.DELETED)
    )
    meter = session.scalars(statement).one_or_none()
    if meter is None:
        raise NotFound(noun="Feature")
    rule, cell = rule_of(meter, meter.id or 0), CELLS.c
    ours = (
        cell.customer_id == customer_id,
        cell.meter_id == rule.key,
        cell.bucket >= micros(span.start_at) // QUARTER_HOUR,
        cell.bucket < -(-micros(span.end_at) // QUARTER_HOUR),
    )
    # Two statements: each end of the primary key's range is one look, both at once would read all of it.
    first, last = (session.connection().execute(select(end(cell.bucket)).where(*ours)).scalar() for end in _ENDS)
    if first is None or last is None:
        return UsageMoments(None, None)
    at = EVENTS.c.at
    return UsageMoments(
        _counted_at(session, customer_id, rule, first, at), _counted_at(session, customer_id, rule, last, at.desc())
    )


_ENDS = (func.min, func.max)


def _counted_at(
    session: Session, customer_id: CustomerId, rule: MeterRule, bucket: int, order: ColumnElement[int]
) -> datetime:
    """Return when the first event of a quarter hour, in this order, happened that the meter counts."""
    event, start = EVENTS.c, bucket * QUARTER_HOUR
    statement = (
        select(event.at, event.properties)
        .join_from(EVENTS, WORDS, WORDS.c.id == event.name)
        .where(event.customer_id == customer_id, event.at >= start, event.at < start + QUARTER_HOUR)
        .where(WORDS.c.word == rule.event_name)
        .order_by(order)
        .limit(MOST_READ)
    )
    rows = session.connection().execute(statement)
    return instant(next((at for at, properties in rows if _counts(rule, properties)), start))


def _counts(rule: MeterRule, properties: str) -> bool:
    try:
        return rule.read(read_json(properties)) is not None
    except Unusable:
        return False
