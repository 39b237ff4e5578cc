"""Make meters: a new one counts, from its first moment, what was there before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

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
    filters = [{"key": key, "values": list(values)} for key, values in (terms.filters or {}).items()]
    columns: dict[str, Any] = {name: getattr(terms, name) for name in terms.__slots__} | {"filters": filters}
    for field, problem in terms_problems(columns):
        raise Invalid(field=field, problem=problem)
    meter = Meter(**columns, created_at=now, updated_at=now)
    start_counting(session, meter)
    return meter


def start_counting(session: Session, meter: Meter) -> None:
    """Store a new meter, and count for it every event that is kept."""
    stop_counting(session)
    session.add(meter)
    session.flush()
    fill_meter(session, meter)


def fill_meter(session: Session, meter: Meter) -> int:
    """Count a meter's kept events of every customer anew, and return how many there were."""
    senders = (
        select(STREAMS.c.customer_id)
        .join_from(STREAMS, WORDS, WORDS.c.id == STREAMS.c.name)
        .where(WORDS.c.word == meter.event_name)
        .order_by(STREAMS.c.customer_id)
    )
    rules = {meter.event_name: [rule_of(meter, meter.id or 0)]}
    return sum(
        rebuild_usage(session, customer_id, rules)
        for customer_id in session.connection().execute(senders).scalars().all()
    )


def terms_problems(terms: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a meter's terms: the field as the documented API calls it, and what it has to be."""
    needed = [("name", "name"), ("event_name", "event_name")]
    if terms["aggregation"] is not AggregationType.COUNT:
        needed.append(("aggregation.field", "field"))
    for field, name in needed:
        if not terms[name]:
            yield field, "is missing"
    multiplies, multiplier = terms["aggregation"] is AggregationType.SUM_WITH_MULTIPLIER, terms["multiplier"]
    if multiplies and not (multiplier and multiplier > 0):
        yield "aggregation.multiplier", "has to be greater than zero"
    if multiplier is not None and not multiplies:
        yield "aggregation.multiplier", "belongs to SUM_WITH_MULTIPLIER alone"
    if terms["aggregation"] is AggregationType.WEIGHTED_SUM and terms["reset_usage"] is ResetUsage.NEVER:
        yield "reset_usage", "has to be BILLING_PERIOD, by which WEIGHTED_SUM weighs"
    if any(not wanted["key"] or not wanted["values"] for wanted in terms["filters"]):
        yield "filters", "each needs a key and at least one value"
