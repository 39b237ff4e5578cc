"""A customer who uses something: the reference example's numbers, within the last thirty days of any `now`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import cast
from usage_cast import add_feature, add_meter, add_usage_price, ingest, sent

from portal_app.access.principal import CustomerId
from portal_app.billing.metering import AggregationType, GroupEntity
from portal_app.database import Session
from portal_app.models.catalog import Feature, Group, Plan

FEATURE_B = {"quantity": "5,911 calls", "events": "113", "cost": "$141.86"}
GROUPS = {"GPU Usage": "$7,365.00", "Add-ons": "$3,409.00"}
TOTAL = "$14,585.86"


def add_group(session: Session, name: str) -> Group:
    """Add a group of features."""
    key = name.lower().replace(" ", "_")
    values = {"entity_type": GroupEntity.FEATURE, "created_at": cast.NOW, "updated_at": cast.NOW}
    return cast._added(session, Group(name=name, lookup_key=key, **values))


def add_metered(
    session: Session, name: str, units: tuple[str, str], plan: Plan | None = None, price: str = "1", **more: Any
) -> Feature:
    """Add a feature that sums up its own events, named like it, with a price per unit if there is a plan."""
    meter = add_meter(session, more.pop("aggregation", AggregationType.SUM), event_name=name)
    feature = add_feature(session, meter, name, unit_singular=units[0], unit_plural=units[1], **more)
    if plan is not None:
        add_usage_price(session, plan, feature, price)
    return feature


def use(
    session: Session,
    feature: str,
    total: str | int,
    ats: Sequence[datetime],
    now: datetime,
    customer: str = "acme",
) -> None:
    """Send one event at each of some instants: uneven whole values, the last one such that they make the total."""
    whole = int(Decimal(total))
    values = [whole * (2 + place % 5) // (len(ats) * 4) for place in range(len(ats) - 1)]
    values.append(Decimal(total) - sum(values))
    events = [
        sent(f"{feature}-{place}", at, feature, customer, n=str(value))
        for place, (at, value) in enumerate(zip(ats, values, strict=True))
    ]
    ingest(session, *events, now=now)


def spread(now: datetime, count: int, days: float = 28) -> list[datetime]:
    """Return so many instants before now, the oldest first, the last one minutes ago."""
    step = timedelta(days=days) / max(count - 1, 1)
    return [now - timedelta(minutes=3) - step * place for place in reversed(range(count))]


def fill_reference(session: Session, now: datetime, customer: str = "acme", **profile: Any) -> CustomerId:
    """Add the customer of the reference example, with what it uses and its prices."""
    key = cast.add_customer(session, customer, **profile)
    plan = cast.add_plan(session)
    start = {"start_at": now - timedelta(days=60), "current_period_start_at": now - timedelta(days=14)}
    cast.add_subscription(session, key, plan, current_period_end_at=now + timedelta(days=17), **start)
    gpu, addons = add_group(session, "GPU Usage"), add_group(session, "Add-ons")
    add_metered(session, "Feature B", ("call", "calls"), plan, "0.024")
    add_metered(session, "GPU", ("minute", "minutes"), plan, group_id=gpu.id)
    add_metered(session, "LLM", ("K tokens", "K tokens"), plan, group_id=gpu.id)
    add_metered(session, "Priority Support", ("minute", "minutes"), plan, group_id=addons.id)
    add_metered(session, "Storage", ("GB", "GB"), plan)
    use(session, "Feature B", 5911, spread(now, 113), now, customer)
    use(session, "GPU", 3460, spread(now, 200), now, customer)
    use(session, "LLM", 3905, spread(now, 300), now, customer)
    use(session, "Priority Support", 3409, spread(now, 12), now, customer)
    use(session, "Storage", 3670, spread(now, 30), now, customer)
    return key
