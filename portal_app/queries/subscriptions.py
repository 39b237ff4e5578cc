"""Subscriptions, as a customer sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.states import SubscriptionState, end_of_cancelled, first_end, subscription_state
from portal_app.billing.statuses import (
    BillingCycle,
    BillingModel,
    BillingPeriod,
    PriceType,
    RecordStatus,
    SubscriptionStatus,
)
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Plan, Price
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.queries.listing import Fields, Listing, Slice, all_rows
from portal_app.queries.rows import MINE, NOW, all_rows_of, columns_of, rows_of


@dataclass(frozen=True, slots=True)
class RecurringFee:
    """A flat fee, a plan's or one subscription's own: `amount` of `currency` for each `count` periods."""

    amount: Decimal
    currency: str
    period: BillingPeriod
    count: int


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """What a plan is called. `external_id` is the operator's own key for it."""

    public_id: str
    external_id: str | None
    name: str
    description: str
    display_order: int | None
    status: RecordStatus
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


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
    customer_public_id: str
    plan: PlanSummary
    status: SubscriptionStatus
    currency: str
    billing_period: BillingPeriod
    billing_period_count: int
    billing_cycle: BillingCycle
    billing_anchor_at: datetime
    timezone: str
    """An IANA name: the subscription's own zone, else its customer's."""
    end_at: datetime | None
    trial_start_at: datetime | None
    cancel_at_period_end: bool
    cancel_at: datetime | None
    cancelled_at: datetime | None
    external_id: str | None
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime

    @property
    def is_past(self) -> bool:
        """Whether it is over."""
        return self.state in {SubscriptionState.CANCELLED, SubscriptionState.ENDED}


def list_subscriptions(session: Session, customer_id: CustomerId, now: datetime) -> list[SubscriptionSummary]:
    """Return all the customer's subscriptions but drafts: current ones first, each part newest first."""
    rows = rows_of(session, customer_id, _MINE_IN_ORDER)
    fees = rows_of(session, customer_id, _MY_FEES, now=now) if rows else []
    return sorted(_summaries(rows, fees, now), key=lambda subscription: subscription.is_past)


def page_subscriptions(
    session: Session, customer_id: CustomerId, listing: Listing, now: datetime
) -> Slice[SubscriptionSummary]:
    """Return the customer's subscriptions that a listing asks for, drafts never among them."""
    statement = _SUBSCRIPTIONS.where(*_visible(customer_id))
    found = all_rows(session, statement, listing, SUBSCRIPTION_FIELDS, col(Subscription.id))
    return Slice(tuple(_with_fees(session, found.items, now)), found.total)


def get_subscription(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> SubscriptionSummary:
    """Return one subscription.

    Raises:
        NotFound: it does not exist, is a draft, or is another customer's.
    """
    return _one(session, (*_visible(customer_id), col(Subscription.public_id) == public_id), now)


def get_subscription_of_operator(
    session: Session, customer_id: CustomerId, public_id: str, now: datetime
) -> SubscriptionSummary:
    """Return one subscription, be it a draft.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = col(Subscription.customer_id) == customer_id, col(Subscription.public_id) == public_id
    return _one(session, mine, now)


def list_subscriptions_of_operator(session: Session, listing: Listing, now: datetime) -> Slice[SubscriptionSummary]:
    """Return the subscriptions of all customers that a listing asks for, drafts included."""
    found = all_rows(session, _SUBSCRIPTIONS, listing, SUBSCRIPTION_FIELDS, col(Subscription.id))
    return Slice(tuple(_with_fees(session, found.items, now)), found.total)


def _visible(customer_id: Any) -> tuple[Any, ...]:
    return (
        col(Subscription.customer_id) == customer_id,
        col(Subscription.subscription_status) != SubscriptionStatus.DRAFT,
    )


def _one(session: Session, conditions: tuple[Any, ...], now: datetime) -> SubscriptionSummary:
    row = session.connection().execute(_SUBSCRIPTIONS.where(*conditions)).first()
    if row is None:
        raise NotFound(noun="Subscription")
    return _with_fees(session, [row], now)[0]


def _with_fees(session: Session, rows: Sequence[Any], now: datetime) -> list[SubscriptionSummary]:
    if not rows:
        return []
    plans, subscriptions = list({row.plan_id for row in rows}), [row.id for row in rows]
    return _summaries(rows, all_rows_of(session, _FEES_OF, plans=plans, subscriptions=subscriptions, now=now), now)


def _summaries(rows: Iterable[Any], fees: Iterable[Any], now: datetime) -> list[SubscriptionSummary]:
    """Word subscriptions, each with the fees of its plan and those of its own, which have its key."""
    found: defaultdict[tuple[int, int | None, str], list[RecurringFee]] = defaultdict(list)
    for plan_id, subscription_id, *fee in fees:
        one = RecurringFee(*fee)
        found[plan_id, subscription_id, one.currency].append(one)
    return [
        _summary(row, _charged(row, *(found[row.plan_id, key, row.currency] for key in (row.id, None))), now)
        for row in rows
    ]


def _summary(row: Any, fees: tuple[RecurringFee, ...], now: datetime) -> SubscriptionSummary:
    ends_at = _end(row)
    state = subscription_state(
        row.subscription_status,
        end_at=ends_at,
        cancels=row.cancel_at_period_end or row.cancel_at is not None,
        now=now,
    )
    plan = PlanSummary(*row[: len(PLAN)])
    return SubscriptionSummary(
        public_id=row.public_id,
        plan_name=plan.name,
        plan_description=plan.description,
        state=state,
        fees=fees,
        period_start_at=row.current_period_start_at,
        period_end_at=row.current_period_end_at,
        next_billing_at=_next_billing(row, ends_at) if state in _BILLED else None,
        trial_end_at=row.trial_end_at,
        ends_at=_ended(row, ends_at) if state is SubscriptionState.CANCELLED else ends_at,
        resumes_at=row.resumes_at,
        started_at=row.start_at,
        customer_public_id=row.customer_public_id,
        plan=plan,
        status=row.subscription_status,
        currency=row.currency,
        billing_period=row.billing_period,
        billing_period_count=row.billing_period_count,
        billing_cycle=row.billing_cycle,
        billing_anchor_at=row.billing_anchor_at or row.start_at,
        timezone=row.timezone or row.customer_timezone,
        end_at=row.end_at,
        trial_start_at=row.trial_start_at,
        cancel_at_period_end=row.cancel_at_period_end,
        cancel_at=row.cancel_at,
        cancelled_at=row.cancelled_at,
        external_id=row.external_id,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


_BILLED = {SubscriptionState.ACTIVE, SubscriptionState.TRIALING, SubscriptionState.CANCELLING}


def _end(row: Any) -> datetime | None:
    """Return the first of the ends that are set."""
    return first_end(
        period_end_at=row.current_period_end_at,
        cancels_with_period=row.cancel_at_period_end,
        cancel_at=row.cancel_at,
        end_at=row.end_at,
    )


def _ended(row: Any, ends_at: datetime | None) -> datetime:
    return end_of_cancelled(
        period_end_at=row.current_period_end_at, cancelled_at=row.cancelled_at, ends_at=ends_at, end_at=row.end_at
    )


def _next_billing(row: Any, ends_at: datetime | None) -> datetime | None:
    """Return when a period or the trial ends and the next begins; None if the subscription ends first."""
    is_trial = row.subscription_status is SubscriptionStatus.TRIALING
    turn = (row.trial_end_at if is_trial else None) or row.current_period_end_at
    return turn if ends_at is None or turn < ends_at else None


def _charged(row: Any, own: list[RecurringFee], of_plan: list[RecurringFee]) -> tuple[RecurringFee, ...]:
    """Return a subscription's own fees, and those of its plan for which it has none that is due as often.

    A plan may be sold by the month and by the year: of its fees, a subscription pays those of its own period.
    """
    as_often = (row.billing_period, row.billing_period_count)
    replaced = {_rhythm(fee) for fee in own}
    rest = (fee for fee in of_plan if _rhythm(fee) in {as_often, _ONCE} and _rhythm(fee) not in replaced)
    return (*own, *rest)


_ONCE = (BillingPeriod.ONETIME, 1)


def _rhythm(fee: RecurringFee) -> tuple[BillingPeriod, int]:
    """Return how often a fee is due; once is once."""
    return _ONCE if fee.period is BillingPeriod.ONETIME else (fee.period, fee.count)


PLAN = columns_of(Plan, PlanSummary.__slots__, prefix="plan_")
"""The columns of a plan, in its order."""
_SUBSCRIPTIONS = (
    select(
        *PLAN,
        *columns_of(Subscription),
        col(Customer.public_id).label("customer_public_id"),
        col(Customer.timezone).label("customer_timezone"),
    )
    .join_from(Subscription, Plan, col(Plan.id) == col(Subscription.plan_id))
    .join(Customer, col(Customer.id) == col(Subscription.customer_id))
)
_MINE_IN_ORDER = _SUBSCRIPTIONS.where(*_visible(MINE)).order_by(
    col(Subscription.start_at).desc(), col(Subscription.id).desc()
)
_FEES: Any = (
    select(
        col(Price.plan_id),
        col(Price.subscription_id),
        col(Price.amount),
        col(Price.currency),
        col(Price.billing_period),
        col(Price.billing_period_count),
    )
    .where(
        col(Price.type) == PriceType.FIXED,
        col(Price.billing_model) == BillingModel.FLAT_FEE,
        col(Price.status) == RecordStatus.PUBLISHED,
        col(Price.start_at).is_(None) | (col(Price.start_at) <= NOW),
        col(Price.end_at).is_(None) | (col(Price.end_at) > NOW),
    )
    .order_by(col(Price.id))
)
"""Flat fees that are valid at a moment."""


def _fees_of(plans: Any, subscriptions: Any) -> Any:
    own = col(Price.subscription_id)
    return _FEES.where(col(Price.plan_id).in_(plans), own.is_(None) | own.in_(subscriptions))


_FEES_OF = _fees_of(bindparam("plans", expanding=True), bindparam("subscriptions", expanding=True))
_MY_FEES = _fees_of(*(
    select(col(column)).where(col(Subscription.customer_id) == MINE)
    for column in (Subscription.plan_id, Subscription.id)
))  # fmt: skip
SUBSCRIPTION_FIELDS: Fields = {
    "id": col(Subscription.public_id),
    "customer_id": col(Customer.public_id),
    "external_customer_id": col(Customer.external_id),
    "plan_id": col(Plan.public_id),
    "lookup_key": col(Subscription.external_id),
    "subscription_status": col(Subscription.subscription_status),
    "currency": col(Subscription.currency),
    "billing_period": col(Subscription.billing_period),
    "start_date": col(Subscription.start_at),
    "end_date": col(Subscription.end_at),
    "current_period_start": col(Subscription.current_period_start_at),
    "current_period_end": col(Subscription.current_period_end_at),
    "created_at": col(Subscription.created_at),
    "updated_at": col(Subscription.updated_at),
}
