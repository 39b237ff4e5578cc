"""What time alone brings about: credits expire, periods and trials end, pauses end, credits are given.

Nobody has to ask for it: `portal_app/upkeep.py` runs it every few minutes, and so does the command line. Wallets
and subscriptions that were imported are left alone: the system they come from does these things for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus, SubscriptionStatus, WalletStatus
from portal_app.commands.audit import record
from portal_app.commands.grant_rules import GIVING, end_of, give_due_grants
from portal_app.commands.move_credits import post_expiries
from portal_app.commands.subscriptions import period_at
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.grants import GrantRule
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import CreditGrant, Wallet

ACTOR = "upkeep"
RUNNING = (*GIVING, SubscriptionStatus.PAUSED)


def expire_credits(session: Session, now: datetime) -> int:
    """Post the expiry of every grant that is over, and return how many there were."""
    due = (
        select(Wallet.customer_id, Wallet.public_id)
        .join(CreditGrant, col(CreditGrant.wallet_id) == col(Wallet.id))
        .where(
            col(Wallet.external_id).is_(None),
            Wallet.wallet_status == WalletStatus.ACTIVE,
            col(CreditGrant.credits_available) > 0,
            col(CreditGrant.expires_at) <= now,
        )
        .distinct()
        .order_by(col(Wallet.public_id))
    )
    wallets = session.exec(due).all()
    return sum(post_expiries(session, CustomerId(customer), wallet, now) for customer, wallet in wallets)


def move_subscriptions_on(session: Session, now: datetime) -> int:
    """Bring every subscription whose period, trial, pause or end is over to where it is now; return how many."""
    over = or_(
        col(Subscription.current_period_end_at) <= now,
        col(Subscription.cancel_at) <= now,
        col(Subscription.end_at) <= now,
        (col(Subscription.subscription_status) == SubscriptionStatus.TRIALING)
        & (col(Subscription.trial_end_at) <= now),
        (col(Subscription.subscription_status) == SubscriptionStatus.PAUSED) & (col(Subscription.resumes_at) <= now),
    )
    due = select(Subscription).where(
        col(Subscription.billing_anchor_at).is_not(None),
        col(Subscription.subscription_status).in_(RUNNING),
        over,
    )
    rows = session.exec(due.order_by(col(Subscription.id)).with_for_update(skip_locked=True)).all()
    return sum(_move_on(session, row, now) for row in rows)


def give_credits(session: Session, now: datetime) -> None:
    """Give what the rules of running subscriptions owe now; nothing is given twice."""
    for subscription in _with_rules(session):
        give_due_grants(session, subscription, ACTOR, now)


def _move_on(session: Session, row: Subscription, now: datetime) -> bool:
    ends_at = end_of(row)
    paused = row.subscription_status is SubscriptionStatus.PAUSED
    if ends_at is not None and ends_at <= now:
        row.subscription_status, row.cancelled_at = SubscriptionStatus.CANCELLED, ends_at
    elif paused and (row.resumes_at is None or row.resumes_at > now):
        return False  # it rests, and its period with it
    else:
        zone = ZoneInfo(row.timezone or session.get_one(Customer, row.customer_id).timezone)
        period = period_at(row, zone, now)
        row.current_period_start_at, row.current_period_end_at = period.start_at, period.end_at
        trialing = row.trial_end_at is not None and row.trial_end_at > now
        row.subscription_status = SubscriptionStatus.TRIALING if trialing else SubscriptionStatus.ACTIVE
        row.resumes_at = None
    row.updated_at = now
    session.add(row)
    action, customer = f"subscription.{row.subscription_status}", CustomerId(row.customer_id)
    record(session, actor=ACTOR, action=action, customer_id=customer, now=now, public_id=row.public_id)
    return True


def _with_rules(session: Session) -> Sequence[Subscription]:
    of_it = or_(col(GrantRule.plan_id) == Subscription.plan_id, col(GrantRule.subscription_id) == Subscription.id)
    has_rules = select(GrantRule.id).where(of_it, col(GrantRule.status) == RecordStatus.PUBLISHED).exists()
    running = select(Subscription).where(
        col(Subscription.billing_anchor_at).is_not(None), col(Subscription.subscription_status).in_(GIVING), has_rules
    )
    return session.exec(running.order_by(col(Subscription.id))).all()
