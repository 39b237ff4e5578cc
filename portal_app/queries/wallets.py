"""Wallets and their ledgers, as a customer sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.ledger import Grant, expired_credits, next_to_expire
from portal_app.billing.money import Money, value_of_credits
from portal_app.billing.statuses import (
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.database import Session, is_storable
from portal_app.errors import NotFound
from portal_app.models.invoice import Invoice
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction
from portal_app.queries.paging import PAGE_SIZE, Page, offset_of


@dataclass(frozen=True, slots=True)
class WalletSummary:
    """A wallet and what may still be spent from it.

    `credits` is the ledger's balance without what has expired; `value` is what that is worth, unrounded.
    """

    public_id: str
    name: str
    description: str
    currency: str
    wallet_type: WalletType
    status: WalletStatus
    conversion_rate: Decimal
    credits: Decimal
    value: Money
    next_expiring_credits: Decimal
    next_expiry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """One row of a ledger. `credits` and `value` carry their sign: negative is spent."""

    public_id: str
    type: TransactionType
    status: TransactionStatus
    reason: TransactionReason
    credits: Decimal
    value: Money
    credits_after: Decimal
    at: datetime
    expires_at: datetime | None
    priority: int | None
    invoice_number: str | None
    invoice_public_id: str | None
    description: str
    grant_name: str


def list_wallets(session: Session, customer_id: CustomerId, now: datetime) -> list[WalletSummary]:
    """Return all wallets of the customer, active ones first, then oldest first."""
    last_balance = (
        select(col(WalletTransaction.credit_balance_after))
        .where(WalletTransaction.wallet_id == Wallet.id)
        .order_by(col(WalletTransaction.sequence).desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = select(Wallet, last_balance).where(Wallet.customer_id == customer_id).order_by(col(Wallet.id))
    grants = _open_grants(session, customer_id)
    found = [
        _summary(row, balance or Decimal(0), grants.get(row.id or 0, []), now)
        for row, balance in session.exec(statement)
    ]
    return sorted(found, key=lambda wallet: wallet.status is not WalletStatus.ACTIVE)


def list_transactions(
    session: Session, customer_id: CustomerId, wallet_public_id: str, number: int = 1
) -> Page[Transaction]:
    """Return one page of a wallet's ledger, newest first.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id = _wallet_id(session, customer_id, wallet_public_id)
    scope = (WalletTransaction.customer_id == customer_id, WalletTransaction.wallet_id == wallet_id)
    total = session.exec(select(func.count()).select_from(WalletTransaction).where(*scope)).one()
    number, offset = offset_of(number, total)
    rows = session.exec(_ledger(*scope).offset(offset).limit(PAGE_SIZE))
    return Page(tuple(_transaction(*row) for row in rows), number, total)


def each_transaction(session: Session, customer_id: CustomerId, wallet_public_id: str) -> Iterator[Transaction]:
    """Yield a wallet's whole ledger, newest first, in constant memory.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id = _wallet_id(session, customer_id, wallet_public_id)
    scope = (WalletTransaction.customer_id == customer_id, WalletTransaction.wallet_id == wallet_id)
    rows = session.exec(_ledger(*scope).execution_options(yield_per=500))
    return (_transaction(*row) for row in rows)


def _wallet_id(session: Session, customer_id: CustomerId, public_id: str) -> int:
    statement = select(Wallet.id).where(Wallet.customer_id == customer_id, Wallet.public_id == public_id)
    found = session.exec(statement).first() if is_storable(public_id) else None
    if found is None:
        raise NotFound(noun="Wallet")
    return found


def _open_grants(session: Session, customer_id: CustomerId) -> dict[int, list[Grant]]:
    statement = select(CreditGrant).where(
        CreditGrant.customer_id == customer_id,
        col(CreditGrant.credits_available) > 0,
        col(CreditGrant.expires_at).is_not(None),
    )
    grants: dict[int, list[Grant]] = {}
    for row in session.exec(statement):
        grant = Grant(
            row.id or 0, row.credits_available, row.granted_at, row.priority, row.is_purchased, row.expires_at
        )
        grants.setdefault(row.wallet_id, []).append(grant)
    return grants


def _summary(row: Wallet, balance: Decimal, grants: list[Grant], now: datetime) -> WalletSummary:
    credits_ = balance - expired_credits(grants, now)
    expiring = next_to_expire(grants, now)
    return WalletSummary(
        public_id=row.public_id,
        name=row.name,
        description=row.description,
        currency=row.currency,
        wallet_type=row.wallet_type,
        status=row.wallet_status,
        conversion_rate=row.conversion_rate,
        credits=credits_,
        value=Money(value_of_credits(credits_, row.conversion_rate), row.currency),
        next_expiring_credits=expiring.available if expiring else Decimal(0),
        next_expiry_at=expiring.expires_at if expiring else None,
    )


def _ledger(*scope: object):  # noqa: ANN202 (a statement's type is its columns')
    return (
        select(  # pyright: ignore[reportCallIssue] (typed for up to four columns)
            WalletTransaction, Wallet.currency, CreditGrant, Invoice.number, Invoice.public_id
        )
        .join(Wallet, col(Wallet.id) == col(WalletTransaction.wallet_id))
        .outerjoin(CreditGrant, col(CreditGrant.id) == col(WalletTransaction.grant_id))
        .outerjoin(Invoice, col(Invoice.id) == col(WalletTransaction.invoice_id))
        .where(*scope)  # pyright: ignore[reportArgumentType]
        .order_by(col(WalletTransaction.sequence).desc())
    )


def _transaction(
    row: WalletTransaction, currency: str, grant: CreditGrant | None, number: str | None, invoice_public_id: str | None
) -> Transaction:
    sign = -1 if row.type is TransactionType.DEBIT else 1
    brought = grant if grant and row.type is TransactionType.CREDIT else None
    return Transaction(
        public_id=row.public_id,
        type=row.type,
        status=row.transaction_status,
        reason=row.transaction_reason,
        credits=sign * row.credit_amount,
        value=Money(sign * row.amount, currency),
        credits_after=row.credit_balance_after,
        at=row.created_at,
        expires_at=brought.expires_at if brought else None,
        priority=brought.priority if brought else None,
        invoice_number=number,
        invoice_public_id=invoice_public_id,
        description=row.description,
        grant_name=grant.name if grant else "",
    )
