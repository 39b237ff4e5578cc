"""Subscriptions, as a customer sees them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import (
    BillingModel,
    BillingPeriod,
    PriceType,
    SubscriptionState,
    SubscriptionStatus,
    subscription_state,
)
from portal_app.database import Session
from portal_app.models.catalog import Plan, Price
from portal_app.models.subscription import Subscription


@dataclass(frozen=True, slots=True)
class RecurringFee:
    """A plan's flat fee: `amount` of `currency` for each `count` periods."""

    amount: Decimal
    currency: str
    period: BillingPeriod
    count: int


@dataclass(frozen=True, slots=True)
class SubscriptionSummary:
    """A subscription. The current period is `[period_start_at, period_end_at)`; no `next_billing_at` means never."""

    public_id: str
    plan_name: str
    plan_description: str
    state: SubscriptionState
    fees: tuple[RecurringFee, ...]
    period_start_at: datetime
    period_end_at: datetime
    next_billing_at: datetime | None
    trial_end_at: datetime | None
    ends_at: datetime | None
    resumes_at: datetime | None
    started_at: datetime

    @property
    def is_past(self) -> bool:
        """Whether it is over."""
        return self.state in {SubscriptionState.CANCELLED, SubscriptionState.ENDED}


def list_subscriptions(session: Session, customer_id: CustomerId, now: datetime) -> list[SubscriptionSummary]:
    """Return all the customer's subscriptions but drafts: current ones first, each part newest first."""
    statement = (
        select(Subscription, Plan)
        .join(Plan, col(Plan.id) == col(Subscription.plan_id))
        .where(
            Subscription.customer_id == customer_id,
            col(Subscription.subscription_status) != SubscriptionStatus.DRAFT,
        )
        .order_by(col(Subscription.start_at).desc(), col(Subscription.id).desc())
    )
    rows = session.exec(statement).all()
    fees = _fees(session, customer_id, now) if rows else {}
    found = [_summary(row, plan, fees.get((row.plan_id, row.currency), ()), now) for row, plan in rows]
    return sorted(found, key=lambda subscription: subscription.is_past)


def _fees(session: Session, customer_id: CustomerId, now: datetime) -> dict[tuple[int, str], tuple[RecurringFee, ...]]:
    """Flat fees valid at `now` of the plans this customer is on, by plan and currency."""
    plans = select(Subscription.plan_id).where(Subscription.customer_id == customer_id)
    statement = (
        select(Price)
        .where(
            col(Price.plan_id).in_(plans),
            col(Price.type) == PriceType.FIXED,
            col(Price.billing_model) == BillingModel.FLAT_FEE,
            col(Price.start_at).is_(None) | (col(Price.start_at) <= now),
            col(Price.end_at).is_(None) | (col(Price.end_at) > now),
        )
        .order_by(col(Price.id))
    )
    fees: defaultdict[tuple[int, str], list[RecurringFee]] = defaultdict(list)
    for price in session.exec(statement):
        fee = RecurringFee(price.amount, price.currency, price.billing_period, price.billing_period_count)
        fees[price.plan_id, price.currency].append(fee)
    return {key: tuple(of_plan) for key, of_plan in fees.items()}


def _summary(row: Subscription, plan: Plan, fees: tuple[RecurringFee, ...], now: datetime) -> SubscriptionSummary:
    ends_at = _end(row)
    state = subscription_state(
        row.subscription_status,
        end_at=ends_at,
        cancels=row.cancel_at_period_end or row.cancel_at is not None,
        now=now,
    )
    return SubscriptionSummary(
        public_id=row.public_id,
        plan_name=plan.name,
        plan_description=plan.description,
        state=state,
        fees=tuple(fee for fee in fees if _is_charged(fee, row)),
        period_start_at=row.current_period_start_at,
        period_end_at=row.current_period_end_at,
        next_billing_at=_next_billing(row, ends_at) if state in _BILLED else None,
        trial_end_at=row.trial_end_at,
        ends_at=row.cancelled_at or ends_at if state is SubscriptionState.CANCELLED else ends_at,
        resumes_at=row.resumes_at,
        started_at=row.start_at,
    )


_BILLED = {SubscriptionState.ACTIVE, SubscriptionState.TRIALING, SubscriptionState.CANCELLING}


def _end(row: Subscription) -> datetime | None:
    """Return the first of the ends that are set."""
    at_period_end = row.current_period_end_at if row.cancel_at_period_end else None
    return min((at for at in (at_period_end, row.cancel_at, row.end_at) if at is not None), default=None)


def _next_billing(row: Subscription, ends_at: datetime | None) -> datetime | None:
    """Return when a period or the trial ends and the next begins; None if the subscription ends first."""
    is_trial = row.subscription_status is SubscriptionStatus.TRIALING
    turn = (row.trial_end_at if is_trial else None) or row.current_period_end_at
    return turn if ends_at is None or turn < ends_at else None


def _is_charged(fee: RecurringFee, row: Subscription) -> bool:
    """Tell whether a fee of the plan is this subscription's: a plan may be sold by the month and by the year."""
    as_often = (fee.period, fee.count) == (row.billing_period, row.billing_period_count)
    return as_often or fee.period is BillingPeriod.ONETIME
