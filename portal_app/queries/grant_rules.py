"""What rules promise to running subscriptions, and the credits that a customer will be given next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select as columns
from sqlmodel import col, or_

from portal_app.access.principal import CustomerId
from portal_app.billing.periods import Recurrence, billing_recurrence
from portal_app.billing.states import first_end
from portal_app.billing.statuses import (
    RUNNING_SUBSCRIPTION_STATUSES,
    BillingCycle,
    BillingPeriod,
    GrantExpiration,
    RecordStatus,
)
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.grants import GrantRule
from portal_app.models.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Promise:
    """What a rule gives to a running subscription. A rule without a `period` gives once."""

    rule_id: str
    name: str
    credits: Decimal
    period: BillingPeriod | None
    period_count: int
    expiration: GrantExpiration
    expires_after_days: int | None
    priority: int | None
    rule_starts_at: datetime | None
    rule_ends_at: datetime | None
    customer_id: int
    customer_zone: str
    subscription_key: int
    subscription_id: str
    currency: str
    own_zone: str
    starts_at: datetime
    period_ends_at: datetime
    cancels_with_period: bool
    cancel_at: datetime | None
    end_at: datetime | None

    @property
    def begins_at(self) -> datetime:
        """When both the rule and the subscription have begun."""
        return max(self.starts_at, self.rule_starts_at or self.starts_at)

    @property
    def rhythm(self) -> Recurrence | None:
        """The periods that credits are given in, in the subscription's zone, else its customer's."""
        if self.period is None:
            return None
        zone = ZoneInfo(self.own_zone or self.customer_zone)
        return billing_recurrence(self.period, self.period_count, BillingCycle.ANNIVERSARY, self.begins_at, zone)

    def gives_at(self, at: datetime) -> bool:
        """Tell whether both the rule and the subscription have begun at `at`, and none of them is over."""
        if at < self.begins_at or (self.rule_ends_at is not None and at >= self.rule_ends_at):
            return False
        ends_at = first_end(
            period_end_at=self.period_ends_at,
            cancels_with_period=self.cancels_with_period,
            cancel_at=self.cancel_at,
            end_at=self.end_at,
        )
        return ends_at is None or at < ends_at


@dataclass(frozen=True, slots=True)
class UpcomingGrant:
    """Credits that a subscription will be given at an instant, by one rule."""

    rule_public_id: str
    subscription_public_id: str
    name: str
    credits: Decimal
    at: datetime


def list_promises_of_operator(session: Session, *conditions: Any) -> list[Promise]:
    """Return what rules give to running subscriptions that meet the conditions, none of a deleted customer.

    One that was imported is given by its own rules alone: its plan's credits come from where it does.
    """
    of_it = or_(
        col(GrantRule.plan_id) == col(Subscription.plan_id), col(GrantRule.subscription_id) == col(Subscription.id)
    )
    statement = (
        _PROMISES.join(GrantRule, of_it)
        .join(Customer, col(Customer.id) == col(Subscription.customer_id))
        .where(
            col(Subscription.subscription_status).in_(RUNNING_SUBSCRIPTION_STATUSES),
            col(Subscription.billing_anchor_at).is_not(None) | col(GrantRule.subscription_id).is_not(None),
            GrantRule.status == RecordStatus.PUBLISHED,
            Customer.status != RecordStatus.DELETED,
            *conditions,
        )
        .order_by(col(Subscription.id), col(GrantRule.id))
    )
    session.flush()
    return [Promise(*row) for row in session.connection().execute(statement)]


def upcoming_grants(session: Session, customer_id: CustomerId, now: datetime) -> list[UpcomingGrant]:
    """Return the next credits of each recurring rule, or of one that has not begun, soonest first."""
    found = [
        UpcomingGrant(promise.rule_id, promise.subscription_id, promise.name, promise.credits, at)
        for promise in list_promises_of_operator(session, Subscription.customer_id == customer_id)
        if (at := _next(promise, now)) is not None
    ]
    return sorted(found, key=lambda grant: (grant.at, grant.rule_public_id, grant.subscription_public_id))


def _next(promise: Promise, now: datetime) -> datetime | None:
    rhythm = promise.rhythm
    at = promise.begins_at
    if at <= now:
        at = rhythm.containing(now).end_at if rhythm else None
    return at if at is not None and promise.gives_at(at) else None


_PROMISES: Any = columns(
    col(GrantRule.public_id),
    col(GrantRule.name),
    col(GrantRule.credits),
    col(GrantRule.period),
    col(GrantRule.period_count),
    col(GrantRule.expiration),
    col(GrantRule.expires_after_days),
    col(GrantRule.priority),
    col(GrantRule.start_at),
    col(GrantRule.end_at),
    col(Customer.id),
    col(Customer.timezone),
    col(Subscription.id),
    col(Subscription.public_id),
    col(Subscription.currency),
    col(Subscription.timezone),
    col(Subscription.start_at),
    col(Subscription.current_period_end_at),
    col(Subscription.cancel_at_period_end),
    col(Subscription.cancel_at),
    col(Subscription.end_at),
).select_from(Subscription)
"""The columns of a promise, in its order."""
