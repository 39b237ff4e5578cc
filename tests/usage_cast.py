"""Events, meters and features of the characters in cast.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from cast import NOW, _added

from portal_app.billing.metering import AggregationType, FeatureType
from portal_app.billing.statuses import BillingModel, BillingPeriod, InvoiceCadence, PriceType
from portal_app.commands.ingest_events import Taken, ingest_events
from portal_app.commands.meters import MeterTerms, create_meter
from portal_app.commands.usage_events import read_event
from portal_app.database import Session
from portal_app.models.catalog import Feature, Meter, Plan, Price, PriceTier


def sent(
    event_id: str | None = None,
    at: datetime | str | None = NOW,
    name: str = "call",
    customer: str = "acme",
    source: str | None = None,
    **properties: Any,
) -> dict[str, Any]:
    """Return an event as a caller sends it; `at=None` leaves the timestamp out."""
    event: dict[str, Any] = {"event_name": name, "external_customer_id": customer, "properties": properties}
    if event_id is not None:
        event["event_id"] = event_id
    if at is not None:
        event["timestamp"] = at if isinstance(at, str) else at.isoformat()
    if source is not None:
        event["source"] = source
    return event


def ingest(session: Session, *events: Mapping[str, Any], now: datetime = NOW) -> Taken:
    """Send events in one request."""
    return ingest_events(session, [read_event(event, now, f"events[{i}].") for i, event in enumerate(events)], now)


def add_meter(
    session: Session, aggregation: AggregationType = AggregationType.SUM, event_name: str = "call", **more: Any
) -> Meter:
    """Add a meter that reads `n`."""
    values = {"name": f"{aggregation} of {event_name}", "field": "n"} | more
    if aggregation is AggregationType.SUM_WITH_MULTIPLIER:
        values = {"multiplier": Decimal("0.5")} | values
    return create_meter(session, MeterTerms(event_name=event_name, aggregation=aggregation, **values), NOW)


def add_feature(
    session: Session, meter: Meter | AggregationType = AggregationType.SUM, name: str = "Calls", **more: Any
) -> Feature:
    """Add a feature of a meter, with a meter of its own if an aggregation is given."""
    if isinstance(meter, AggregationType):
        meter = add_meter(session, meter)
    values = {"unit_singular": "call", "unit_plural": "calls", "created_at": NOW, "updated_at": NOW} | more
    return _added(session, Feature(name=name, type=FeatureType.METERED, meter_id=meter.id, **values))


def add_usage_price(
    session: Session,
    plan: Plan,
    feature: Feature,
    amount: str = "0.25",
    tiers: list[PriceTier] | None = None,
    **more: Any,
) -> Price:
    """Add a price for what a feature's meter counts: per unit, unless it says otherwise."""
    values: dict[str, Any] = {
        "type": PriceType.USAGE,
        "billing_model": BillingModel.TIERED if tiers else BillingModel.FLAT_FEE,
        "billing_period": BillingPeriod.MONTHLY,
        "invoice_cadence": InvoiceCadence.ARREAR,
        "currency": "usd",
        "created_at": NOW,
        "updated_at": NOW,
    } | more
    price = _added(
        session,
        Price(plan_id=plan.id or 0, meter_id=feature.meter_id, amount=Decimal(0 if tiers else amount), **values),
    )
    for position, tier in enumerate(tiers or []):
        tier.price_id, tier.position = price.id or 0, position
        _added(session, tier)
    return price
