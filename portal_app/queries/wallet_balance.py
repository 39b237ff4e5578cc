"""What of a wallet is really left: its balance without what is used or billed already, but not paid from it yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import MONEY_SCALE, quantize
from portal_app.billing.periods import TimeRange, on_grid
from portal_app.billing.statuses import (
    RUNNING_SUBSCRIPTION_STATUSES,
    SETTLED_PAYMENT_STATUSES,
    InvoiceStatus,
    WalletStatus,
    WalletType,
)
from portal_app.database import Session
from portal_app.models.invoice import Invoice
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import CreditGrant, Wallet
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.queries.wallets import WalletSummary, get_wallet, list_wallets

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A wallet in real time. Amounts are in its currency: `real_time` = the wallet's value − the two parts.

    A postpaid wallet is settled after use, so nothing is taken off; of a frozen or closed one nothing is left.
    `purchased` and `free` are the credits that may still be spent, by how they came.
    """

    wallet: WalletSummary
    pending_usage: Decimal
    unpaid_invoices: Decimal
    real_time: Decimal
    real_time_credits: Decimal
    purchased: Decimal
    free: Decimal
    at: datetime


def get_balance(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> WalletBalance:
    """Return a wallet with its balance in real time. It may be negative.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet = get_wallet(session, customer_id, public_id, now)
    return _balance(session, customer_id, wallet, pending_usage(session, customer_id, now), now)


def list_balances(session: Session, customer_id: CustomerId, now: datetime) -> list[WalletBalance]:
    """Return all wallets of the customer with their balances in real time, in the order of `list_wallets`."""
    pending = pending_usage(session, customer_id, now)
    wallets = list_wallets(session, customer_id, now)
    return [_balance(session, customer_id, wallet, pending, now) for wallet in wallets]


def pending_usage(session: Session, customer_id: CustomerId, now: datetime) -> dict[str, Decimal]:
    """Return what the running subscriptions' usage costs so far in their current periods, by currency."""
    running = select(Subscription).where(
        Subscription.customer_id == customer_id,
        col(Subscription.subscription_status).in_(RUNNING_SUBSCRIPTION_STATUSES),
    )
    mine: defaultdict[TimeRange, set[str]] = defaultdict(set)
    for row in session.exec(running):
        if row.current_period_start_at < now:
            mine[on_grid(TimeRange(row.current_period_start_at, row.current_period_end_at))].add(row.public_id)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for period, subscriptions in mine.items():
        for series in usage_report(session, customer_id, UsageQuestion(period), now).series:
            for charged in series.charged:
                if charged.subscription_public_id in subscriptions:
                    sums[charged.cost.currency] += charged.cost.exact.amount
    return {currency: quantize(amount, MONEY_SCALE) for currency, amount in sums.items()}


def _balance(
    session: Session, customer_id: CustomerId, wallet: WalletSummary, usage: Mapping[str, Decimal], now: datetime
) -> WalletBalance:
    pending, unpaid = ZERO, ZERO
    left = wallet.value.amount if wallet.status is WalletStatus.ACTIVE else ZERO
    if wallet.status is WalletStatus.ACTIVE and wallet.wallet_type is WalletType.PRE_PAID:
        pending = usage.get(wallet.currency, ZERO)
        unpaid = _unpaid(session, customer_id, wallet.currency)
        left -= pending + unpaid
    purchased, free = _by_origin(session, customer_id, wallet.public_id, now)
    return WalletBalance(
        wallet=wallet,
        pending_usage=pending,
        unpaid_invoices=unpaid,
        real_time=left,
        real_time_credits=quantize(left / wallet.conversion_rate, MONEY_SCALE),
        purchased=purchased,
        free=free,
        at=now,
    )


def _unpaid(session: Session, customer_id: CustomerId, currency: str) -> Decimal:
    """What is still to pay of issued invoices in one currency."""
    statement = select(func.sum(Invoice.amount_remaining)).where(
        Invoice.customer_id == customer_id,
        Invoice.currency == currency,
        Invoice.invoice_status == InvoiceStatus.FINALIZED,
        col(Invoice.payment_status).not_in(SETTLED_PAYMENT_STATUSES),
    )
    return session.exec(statement).one() or ZERO


def _by_origin(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> tuple[Decimal, Decimal]:
    statement = (
        select(CreditGrant.is_purchased, func.sum(CreditGrant.credits_available))
        .join(Wallet, col(Wallet.id) == col(CreditGrant.wallet_id))
        .where(
            CreditGrant.customer_id == customer_id,
            Wallet.public_id == public_id,
            col(CreditGrant.expires_at).is_(None) | (col(CreditGrant.expires_at) > now),
        )
        .group_by(col(CreditGrant.is_purchased))
    )
    found: dict[bool, Decimal] = dict(session.exec(statement).all())
    return found.get(True, ZERO), found.get(False, ZERO)
