"""What time alone brings about: credits expire, periods and trials end, pauses end, credits are given.

Nobody has to ask for it: `portal_app/upkeep.py` runs it every few minutes, and so does the command line. Each kind
is a pair: what is due, which only reads, and one step that does one of them and looks again whether it is. Wallets
and subscriptions that were imported are left alone: the system they come from does these things for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import literal_column
from sqlmodel import col, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.states import first_end
from portal_app.billing.statuses import CURRENT_SUBSCRIPTION_STATUSES, SubscriptionStatus, WalletStatus
from portal_app.commands.audit import record
from portal_app.commands.give_grants import give_due_grants
from portal_app.commands.move_credits import post_expiries
from portal_app.commands.subscriptions import period_at
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import CreditGrant, Wallet

ACTOR = "upkeep"


def due_expiries(session: Session, now: datetime) -> Sequence[tuple[int, str]]:
    """Return whose wallets, and which, hold credits that have expired."""
    due = (
        select(Wallet.customer_id, Wallet.public_id)
        .join(CreditGrant, col(CreditGrant.wallet_id) == col(Wallet.id))
        .where(
            col(Wallet.external_id).is_(None),
            Wallet.wallet_status == WalletStatus.ACTIVE,
            col(CreditGrant.credits_available) > literal_column("0"),  # as an index of these may say it
            col(CreditGrant.expires_at) <= now,
        )
        .distinct()
        .order_by(col(Wallet.public_id))
    )
    return session.exec(due).all()


def expire_credits(session: Session, wallet: tuple[int, str], now: datetime) -> int:
    """Post the expiry of every grant of a wallet that is over, and return how many there were."""
    customer, public_id = wallet
    return post_expiries(session, CustomerId(customer), public_id, now)


def due_moves(session: Session, now: datetime) -> Sequence[int]:
    """Return the keys of the subscriptions whose period, trial, pause or end is over."""
    due = select(Subscription.id).where(*_is_over(now)).order_by(col(Subscription.id))
    return [key for key in session.exec(due) if key]


def move_subscription_on(session: Session, key: int, now: datetime) -> int:
    """Bring a subscription to where it is now; return 1, or 0 if it is there already or another one moves it."""
    due = select(Subscription).where(Subscription.id == key, *_is_over(now))
    row = session.exec(due.with_for_update(key_share=True, skip_locked=True)).first()
    if row is None:
        return 0
    ends_at = first_end(
        period_end_at=row.current_period_end_at,
        cancels_with_period=row.cancel_at_period_end,
        cancel_at=row.cancel_at,
        end_at=row.end_at,
    )
    if ends_at is not None and ends_at <= now:
        row.subscription_status, row.cancelled_at = SubscriptionStatus.CANCELLED, ends_at
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
    return 1


def give_credits(session: Session, key: int, now: datetime) -> int:
    """Give what the rules of a running subscription owe it now, and return how often; nothing is given twice."""
    return give_due_grants(session, key, ACTOR, now)


def _is_over(now: datetime) -> tuple[Any, ...]:
    """Return what holds of a subscription that has to be moved on. One that rests keeps its period."""
    status = col(Subscription.subscription_status)
    period_is_over = col(Subscription.current_period_end_at) <= now
    over = or_(
        period_is_over & ((status != SubscriptionStatus.PAUSED) | col(Subscription.cancel_at_period_end)),
        col(Subscription.cancel_at) <= now,
        col(Subscription.end_at) <= now,
        (status == SubscriptionStatus.TRIALING) & (col(Subscription.trial_end_at) <= now),
        (status == SubscriptionStatus.PAUSED) & (col(Subscription.resumes_at) <= now),
    )
    return col(Subscription.billing_anchor_at).is_not(None), status.in_(CURRENT_SUBSCRIPTION_STATUSES), over
