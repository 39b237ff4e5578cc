"""The credits that a customer's subscriptions will give it next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portal_app.access.principal import CustomerId
from portal_app.commands.give_grants import Promise, list_promises
from portal_app.database import Session
from portal_app.models.subscription import Subscription


@dataclass(frozen=True, slots=True)
class UpcomingGrant:
    """Credits that a subscription will be given at an instant, by one rule."""

    rule_public_id: str
    subscription_public_id: str
    name: str
    credits: Decimal
    at: datetime


def upcoming_grants(session: Session, customer_id: CustomerId, now: datetime) -> list[UpcomingGrant]:
    """Return the next credits of each recurring rule, or of one that has not begun, soonest first."""
    found = [
        UpcomingGrant(promise.rule_id, promise.subscription_id, promise.name, promise.credits, at)
        for promise in list_promises(session, Subscription.customer_id == customer_id)
        if (at := _next(promise, now)) is not None
    ]
    return sorted(found, key=lambda grant: (grant.at, grant.rule_public_id, grant.subscription_public_id))


def _next(promise: Promise, now: datetime) -> datetime | None:
    rhythm = promise.rhythm
    at = promise.begins_at
    if at <= now:
        at = rhythm.containing(now).end_at if rhythm else None
    return at if at is not None and promise.gives_at(at) else None
