"""The credits that a customer's subscriptions will give it next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.grant_rules import GIVING, gives_at, period_of
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.grants import GrantRule
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
    statement = (
        select(GrantRule, Subscription, Customer.timezone)
        .join(
            Subscription,
            or_(
                col(GrantRule.plan_id) == col(Subscription.plan_id),
                col(GrantRule.subscription_id) == col(Subscription.id),
            ),
        )
        .join(Customer, col(Customer.id) == col(Subscription.customer_id))
        .where(
            Subscription.customer_id == customer_id,
            col(Subscription.subscription_status).in_(GIVING),
            GrantRule.status == RecordStatus.PUBLISHED,
        )
    )
    found = [
        UpcomingGrant(rule.public_id, subscription.public_id, rule.name, rule.credits, at)
        for rule, subscription, zone in session.exec(statement)
        if (at := _next(rule, subscription, ZoneInfo(zone), now)) is not None
    ]
    return sorted(found, key=lambda grant: (grant.at, grant.rule_public_id, grant.subscription_public_id))


def _next(rule: GrantRule, subscription: Subscription, zone: ZoneInfo, now: datetime) -> datetime | None:
    begins = max(subscription.start_at, rule.start_at or subscription.start_at)
    if begins > now:
        at = begins
    else:
        period = period_of(rule, subscription, zone, now)
        at = period.end_at if period else None
    return at if at is not None and gives_at(rule, subscription, at) else None
