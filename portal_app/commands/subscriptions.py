"""Put a customer on a plan, and end, pause or resume that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.periods import TimeRange, billing_recurrence, floor_to_grid
from portal_app.billing.statuses import (
    RUNNING_SUBSCRIPTION_STATUSES,
    BillingCycle,
    BillingPeriod,
    SubscriptionStatus,
)
from portal_app.commands.audit import record
from portal_app.commands.catalog_rows import usable
from portal_app.commands.give_grants import give_due_grants
from portal_app.database import Session
from portal_app.errors import Conflict, Invalid, NotFound, SubscriptionIs
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription


class Cancellation(StrEnum):
    """When a subscription ends."""

    IMMEDIATE = "immediate"
    END_OF_PERIOD = "end_of_period"
    SCHEDULED = "scheduled_date"


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """A subscription to be, from `start_at` or now. An empty zone is the customer's."""

    plan_id: str
    currency: str
    billing_period: BillingPeriod
    billing_period_count: int = 1
    billing_cycle: BillingCycle = BillingCycle.ANNIVERSARY
    billing_anchor_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    trial: timedelta = timedelta(0)
    timezone: str = ""
    is_draft: bool = False
    external_id: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_subscription(
    session: Session, customer_id: CustomerId, new: NewSubscription, actor: str, now: datetime
) -> str:
    """Add a subscription and return its id. A trial is its first period; the others repeat from the trial's end.

    Raises:
        NotFound: the plan does not exist.
        Conflict: its key is taken.
        Invalid: it would end before it begins.
    """
    plan = usable(session, Plan, new.plan_id)
    _refuse_taken(session, new.external_id)
    start_at = new.start_at or now
    trial_end_at = start_at + new.trial if new.trial else None
    if new.end_at is not None and new.end_at <= (trial_end_at or start_at):
        raise Invalid(field="end_date", problem="must be after the start and the trial")
    row = Subscription(
        customer_id=customer_id,
        plan_id=plan.id or 0,
        subscription_status=_first_status(new, trial_end_at, now),
        currency=new.currency,
        billing_period=new.billing_period,
        billing_period_count=new.billing_period_count,
        billing_cycle=new.billing_cycle,
        billing_anchor_at=new.billing_anchor_at or trial_end_at or start_at,
        timezone=new.timezone,
        start_at=start_at,
        end_at=new.end_at,
        current_period_start_at=start_at,
        current_period_end_at=start_at + timedelta(days=1),
        trial_start_at=start_at if trial_end_at else None,
        trial_end_at=trial_end_at,
        external_id=new.external_id,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    _set_period(row, period_at(row, _zone(session, row), max(now, start_at)))
    session.add(row)
    session.flush()
    _record(session, row, "subscription.created", actor, now)
    give_due_grants(session, row.id or 0, actor, now)
    return row.public_id


def update_subscription(
    session: Session, customer_id: CustomerId, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Set the named columns of a subscription, none of which says what it charges or when.

    Raises:
        NotFound: it does not exist or is another customer's.
        Conflict: the new key is taken.
    """
    row = _locked(session, customer_id, public_id)
    if changes.get("external_id", row.external_id) != row.external_id:
        _refuse_taken(session, changes["external_id"])
    for name, value in changes.items():
        setattr(row, name, value)
    _keep(session, row, "subscription.updated", actor, now)


def cancel_subscription(
    session: Session,
    customer_id: CustomerId,
    public_id: str,
    when: Cancellation,
    cancel_at: datetime | None,
    actor: str,
    now: datetime,
) -> None:
    """End a subscription now, with its current period, or at `cancel_at`.

    Raises:
        NotFound: it does not exist or is another customer's.
        SubscriptionIs: it has ended already.
        Invalid: no date for a scheduled end, or one that has passed.
    """
    row = _locked(session, customer_id, public_id)
    if row.subscription_status is SubscriptionStatus.CANCELLED:
        raise SubscriptionIs(status=row.subscription_status, wanted="cancelled")
    if when is Cancellation.SCHEDULED and (cancel_at is None or cancel_at <= now):
        raise Invalid(field="cancel_at", problem="must be a time that lies ahead")
    if when is Cancellation.IMMEDIATE:
        row.subscription_status, row.cancelled_at = SubscriptionStatus.CANCELLED, now
    row.cancel_at_period_end = when is Cancellation.END_OF_PERIOD
    ends = {Cancellation.IMMEDIATE: now, Cancellation.END_OF_PERIOD: row.current_period_end_at}
    row.cancel_at = ends.get(when, cancel_at)
    _keep(session, row, f"subscription.cancelled.{when}", actor, now)


def pause_subscription(
    session: Session, customer_id: CustomerId, public_id: str, resumes_at: datetime | None, actor: str, now: datetime
) -> None:
    """Let a subscription rest, until `resumes_at` or until it is resumed.

    Raises:
        NotFound: it does not exist or is another customer's.
        SubscriptionIs: it is not running.
        Invalid: the time to resume has passed.
    """
    row = _locked(session, customer_id, public_id)
    if row.subscription_status not in RUNNING_SUBSCRIPTION_STATUSES:
        raise SubscriptionIs(status=row.subscription_status, wanted="paused")
    if resumes_at is not None and resumes_at <= now:
        raise Invalid(field="pause_end", problem="must be a time that lies ahead")
    row.subscription_status, row.resumes_at = SubscriptionStatus.PAUSED, resumes_at
    _keep(session, row, "subscription.paused", actor, now)


def resume_subscription(session: Session, customer_id: CustomerId, public_id: str, actor: str, now: datetime) -> None:
    """Let a paused subscription run again, in the period it would be in.

    Raises:
        NotFound: it does not exist or is another customer's.
        SubscriptionIs: it is not paused.
    """
    row = _locked(session, customer_id, public_id)
    if row.subscription_status is not SubscriptionStatus.PAUSED:
        raise SubscriptionIs(status=row.subscription_status, wanted="resumed")
    trialing = row.trial_end_at is not None and row.trial_end_at > now
    row.subscription_status = SubscriptionStatus.TRIALING if trialing else SubscriptionStatus.ACTIVE
    row.resumes_at = None
    _set_period(row, period_at(row, _zone(session, row), now))
    _keep(session, row, "subscription.resumed", actor, now)


def period_at(row: Subscription, zone: ZoneInfo, at: datetime) -> TimeRange:
    """Return the period of a subscription that holds `at`: its trial, or one of those that repeat from its anchor."""
    if row.trial_start_at is not None and row.trial_end_at is not None and at < row.trial_end_at:
        return TimeRange(floor_to_grid(row.trial_start_at), floor_to_grid(row.trial_end_at))
    rhythm = (row.billing_period, row.billing_period_count, row.billing_cycle)
    repeated = billing_recurrence(*rhythm, row.billing_anchor_at or row.start_at, zone).containing(at)
    # The first one is cut short by the start, the last one by the end.
    first_at = floor_to_grid(row.trial_end_at or row.start_at)
    end_at = repeated.end_at if row.end_at is None else min(repeated.end_at, row.end_at)
    start_at = max(repeated.start_at, first_at)
    return TimeRange(start_at, end_at) if end_at > start_at else repeated


def _first_status(new: NewSubscription, trial_end_at: datetime | None, now: datetime) -> SubscriptionStatus:
    if new.is_draft:
        return SubscriptionStatus.DRAFT
    trialing = trial_end_at is not None and trial_end_at > now
    return SubscriptionStatus.TRIALING if trialing else SubscriptionStatus.ACTIVE


def _set_period(row: Subscription, period: TimeRange) -> None:
    row.current_period_start_at, row.current_period_end_at = period.start_at, period.end_at


def _refuse_taken(session: Session, key: str | None) -> None:
    taken = select(Subscription.id).where(col(Subscription.external_id) == key)
    if key is not None and session.exec(taken).first() is not None:
        raise Conflict(noun="Subscription", key=key)


def _zone(session: Session, row: Subscription) -> ZoneInfo:
    return ZoneInfo(row.timezone or session.get_one(Customer, row.customer_id).timezone)


def _locked(session: Session, customer_id: CustomerId, public_id: str) -> Subscription:
    mine = Subscription.customer_id == customer_id, Subscription.public_id == public_id
    row = session.exec(select(Subscription).where(*mine).with_for_update(key_share=True)).first()
    if row is None:
        raise NotFound(noun="Subscription")
    return row


def _keep(session: Session, row: Subscription, action: str, actor: str, now: datetime) -> None:
    row.updated_at = now
    session.add(row)
    _record(session, row, action, actor, now)


def _record(session: Session, row: Subscription, action: str, actor: str, now: datetime) -> None:
    customer = CustomerId(row.customer_id)
    record(session, actor=actor, action=action, customer_id=customer, now=now, public_id=row.public_id)
