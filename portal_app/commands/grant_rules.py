"""Credits that plans and subscriptions give: set the rules, and give what is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.periods import TimeRange, billing_recurrence
from portal_app.billing.states import first_end
from portal_app.billing.statuses import (
    BillingCycle,
    BillingPeriod,
    GrantCadence,
    GrantExpiration,
    RecordStatus,
    SubscriptionStatus,
    TransactionReason,
    WalletStatus,
    WalletType,
)
from portal_app.commands.catalog_rows import added, changed, deleted, usable
from portal_app.commands.move_credits import TopUp, top_up
from portal_app.commands.wallets import NewWallet, create_wallet
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.grants import GrantRule
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet, WalletTransaction

GIVING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)


@dataclass(frozen=True, slots=True)
class NewGrantRule:
    """A rule to be, of a plan or of one subscription."""

    name: str
    credits: Decimal
    plan_id: str | None = None
    subscription_id: str | None = None
    cadence: GrantCadence = GrantCadence.ONETIME
    period: BillingPeriod | None = None
    period_count: int = 1
    expiration: GrantExpiration = GrantExpiration.NEVER
    expires_after_days: int | None = None
    priority: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_grant_rule(session: Session, new: NewGrantRule, actor: str, now: datetime) -> str:
    """Add a rule and return its id. One subscription's gives right away; a plan's, when `upkeep` next runs.

    Raises:
        NotFound: the plan or the subscription does not exist.
        Invalid: a recurring rule without a period, or a duration without days.
    """
    recurring = new.cadence is GrantCadence.RECURRING
    if recurring == (new.period in {None, BillingPeriod.ONETIME}):
        raise Invalid(field="period", problem="belongs to a RECURRING grant, and every one of them has one")
    if (new.expiration is GrantExpiration.DURATION) == (new.expires_after_days is None):
        raise Invalid(field="expiration_duration", problem="belongs to the expiration_type DURATION alone")
    plan_id, subscription_id = _scope(session, new)
    row = GrantRule(
        plan_id=plan_id,
        subscription_id=subscription_id,
        name=new.name,
        credits=new.credits,
        cadence=new.cadence,
        period=new.period,
        period_count=new.period_count,
        expiration=new.expiration,
        expires_after_days=new.expires_after_days,
        priority=new.priority,
        start_at=new.start_at,
        end_at=new.end_at,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    added(session, row, actor, now)
    if subscription_id is not None:
        give_due_grants(session, session.get_one(Subscription, subscription_id), actor, now)
    return row.public_id


def update_grant_rule(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a rule, and leave the rest. What it gave stays given.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    changed(session, usable(session, GrantRule, public_id), changes, actor, now)


def delete_grant_rule(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """End a rule. What it gave stays given.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, GrantRule, public_id), actor, now)


def give_due_grants(session: Session, subscription: Subscription, actor: str, now: datetime) -> int:
    """Give what a subscription's rules owe it now, and return how often. Asked again, nothing is given twice."""
    if subscription.subscription_status not in GIVING:
        return 0
    rules = select(GrantRule).where(
        or_(col(GrantRule.plan_id) == subscription.plan_id, col(GrantRule.subscription_id) == subscription.id),
        col(GrantRule.status) == RecordStatus.PUBLISHED,
    )
    found = session.exec(rules.order_by(col(GrantRule.id))).all()
    return sum(_give(session, rule, subscription, actor, now) for rule in found)


def period_of(rule: GrantRule, subscription: Subscription, zone: ZoneInfo, at: datetime) -> TimeRange | None:
    """Return the period of a recurring rule that holds `at`; None if it gives once."""
    if rule.period is None:
        return None
    begins = max(subscription.start_at, rule.start_at or subscription.start_at)
    cycle = BillingCycle.ANNIVERSARY
    own_zone = ZoneInfo(subscription.timezone) if subscription.timezone else zone
    return billing_recurrence(rule.period, rule.period_count, cycle, begins, own_zone).containing(at)


def end_of(subscription: Subscription) -> datetime | None:
    """Return when a subscription ends by what is set, or None if it has no end."""
    return first_end(
        period_end_at=subscription.current_period_end_at,
        cancels_with_period=subscription.cancel_at_period_end,
        cancel_at=subscription.cancel_at,
        end_at=subscription.end_at,
    )


def gives_at(rule: GrantRule, subscription: Subscription, at: datetime) -> bool:
    """Tell whether both the rule and the subscription have begun at `at`, and none of them is over."""
    begun = max(subscription.start_at, rule.start_at or subscription.start_at) <= at
    return begun and all(end is None or at < end for end in (rule.end_at, end_of(subscription)))


def _give(session: Session, rule: GrantRule, subscription: Subscription, actor: str, now: datetime) -> bool:
    if not gives_at(rule, subscription, now):
        return False
    zone = ZoneInfo(session.get_one(Customer, subscription.customer_id).timezone)
    period = period_of(rule, subscription, zone, now)
    key = f"{rule.public_id}:{subscription.public_id}" + (f":{period.start_at:%Y%m%dT%H%M}" if period else "")
    expires_at = _expiry(rule, subscription, period, now)
    if expires_at is not None and expires_at <= now:
        return False  # a period's credits that would be gone already
    if _was_given(session, subscription.customer_id, key):
        return False
    given = TopUp(
        TransactionReason.SUBSCRIPTION_CREDIT_GRANT,
        rule.credits,
        expires_at=expires_at,
        priority=rule.priority,
        idempotency_key=key,
        description=rule.name,
    )
    customer_id = CustomerId(subscription.customer_id)
    top_up(session, customer_id, _wallet(session, subscription, actor, now), given, actor, now)
    return True


def _expiry(rule: GrantRule, subscription: Subscription, period: TimeRange | None, now: datetime) -> datetime | None:
    if rule.expiration is GrantExpiration.DURATION:
        return (period.start_at if period else now) + timedelta(days=rule.expires_after_days or 0)
    if rule.expiration is GrantExpiration.BILLING_CYCLE:
        return period.end_at if period else subscription.current_period_end_at
    return None


def _wallet(session: Session, subscription: Subscription, actor: str, now: datetime) -> str:
    """Return the customer's active prepaid wallet in the subscription's currency, opened if there is none."""
    usable_ = select(Wallet.public_id).where(
        Wallet.customer_id == subscription.customer_id,
        Wallet.currency == subscription.currency,
        Wallet.wallet_type == WalletType.PRE_PAID,
        Wallet.wallet_status == WalletStatus.ACTIVE,
    )
    found = session.exec(usable_.order_by(col(Wallet.id))).first()
    return found or create_wallet(
        session, CustomerId(subscription.customer_id), NewWallet(subscription.currency), actor, now
    )


def _scope(session: Session, new: NewGrantRule) -> tuple[int | None, int | None]:
    if new.subscription_id is None:
        return usable(session, Plan, new.plan_id or "").id, None
    named = select(Subscription.id).where(col(Subscription.public_id) == new.subscription_id)
    found = session.exec(named).first()
    if found is None:
        raise NotFound(noun="Subscription")
    return None, found


def _was_given(session: Session, customer_id: int, key: str) -> bool:
    given = select(WalletTransaction.id).where(
        WalletTransaction.customer_id == customer_id, col(WalletTransaction.idempotency_key) == key
    )
    return session.exec(given).first() is not None
