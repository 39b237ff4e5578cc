"""Make meters: a new one counts, from its first moment, what was there before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from portal_app.billing.metering import AggregationType, ResetUsage
from portal_app.commands.rebuild_usage import rebuild_usage
from portal_app.commands.usage_tables import stop_counting
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.catalog import Meter
from portal_app.models.usage import STREAMS, WORDS
from portal_app.queries.meters import rule_of


@dataclass(frozen=True, slots=True)
class MeterTerms:
    """What a meter counts. `filters` are properties and the values that let an event pass."""

    name: str
    event_name: str
    aggregation: AggregationType
    field: str = ""
    multiplier: Decimal | None = None
    filters: Mapping[str, Sequence[str]] | None = None
    reset_usage: ResetUsage = ResetUsage.BILLING_PERIOD
    external_id: str | None = None


def create_meter(session: Session, terms: MeterTerms, now: datetime) -> Meter:
    """Add a meter, and count for it every event that is kept.

    Raises:
        Invalid: the terms do not fit together; it names the field as the documented API does.
    """
    _check(terms)
    stop_counting(session)
    meter = Meter(
        external_id=terms.external_id,
        name=terms.name,
        event_name=terms.event_name,
        aggregation=terms.aggregation,
        field=terms.field,
        multiplier=terms.multiplier,
        filters=[{"key": key, "values": list(values)} for key, values in (terms.filters or {}).items()],
        reset_usage=terms.reset_usage,
        created_at=now,
        updated_at=now,
    )
    session.add(meter)
    session.flush()
    fill_meter(session, meter)
    return meter


def fill_meter(session: Session, meter: Meter) -> int:
    """Count a meter's kept events of every customer anew, and return how many there were."""
    senders = (
        select(STREAMS.c.customer_id)
        .join_from(STREAMS, WORDS, WORDS.c.id == STREAMS.c.name)
        .where(WORDS.c.word == meter.event_name)
        .order_by(STREAMS.c.customer_id)
    )
    rules = {meter.event_name: [rule_of(meter)]}
    return sum(
        rebuild_usage(session, customer_id, rules)
        for customer_id in session.connection().execute(senders).scalars().all()
    )


def _check(terms: MeterTerms) -> None:
    needed = [("name", terms.name), ("event_name", terms.event_name)]
    if terms.aggregation is not AggregationType.COUNT:
        needed.append(("aggregation.field", terms.field))
    for field, value in needed:
        if not value:
            raise Invalid(field=field, problem="is missing")
    multiplies = terms.aggregation is AggregationType.SUM_WITH_MULTIPLIER
    if multiplies and not (terms.multiplier and terms.multiplier > 0):
        raise Invalid(field="aggregation.multiplier", problem="has to be greater than zero")
    if terms.multiplier is not None and not multiplies:
        raise Invalid(field="aggregation.multiplier", problem="belongs to SUM_WITH_MULTIPLIER alone")
    if terms.aggregation is AggregationType.WEIGHTED_SUM and terms.reset_usage is ResetUsage.NEVER:
        raise Invalid(field="reset_usage", problem="has to be BILLING_PERIOD, by which WEIGHTED_SUM weighs")
    for key, values in (terms.filters or {}).items():
        if not key or not values:
            raise Invalid(field="filters", problem="each needs a key and at least one value")
