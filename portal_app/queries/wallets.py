"""Wallets and their ledgers, as a customer sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import case
from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.ledger import Grant, expired_credits, next_to_expire
from portal_app.billing.money import Money, value_of_credits
from portal_app.billing.statuses import (
    ReferenceType,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.database import Session, is_storable
from portal_app.errors import NotFound
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction
from portal_app.queries.listing import Fields, Listing, Slice, all_rows
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
    customer_public_id: str
    topup_conversion_rate: Decimal
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


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
    wallet_public_id: str
    customer_public_id: str
    credits_before: Decimal
    credits_available: Decimal
    """What is left of the credits a row brought; those that have expired are left until their expiry is posted."""
    conversion_rate: Decimal
    reference_type: ReferenceType
    reference_id: str
    idempotency_key: str | None
    meta: Mapping[str, str]
    updated_at: datetime


def list_wallets(session: Session, customer_id: CustomerId, now: datetime) -> list[WalletSummary]:
    """Return all wallets of the customer, active ones first, then oldest first."""
    rows = session.exec(_wallets().where(Wallet.customer_id == customer_id).order_by(col(Wallet.id)))
    found = _summaries(session, [tuple(row) for row in rows], now)
    return sorted(found, key=lambda wallet: wallet.status is not WalletStatus.ACTIVE)


def get_wallet(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> WalletSummary:
    """Return a wallet.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = Wallet.customer_id == customer_id, Wallet.public_id == public_id
    row = session.exec(_wallets().where(*mine)).first()
    if row is None:
        raise NotFound(noun="Wallet")
    return _summaries(session, [tuple(row)], now)[0]


def wallets_of_customers_of_operator(
    session: Session, customer_ids: Collection[CustomerId], now: datetime
) -> list[WalletSummary]:
    """Return the active wallets of some customers, oldest first."""
    whose = col(Wallet.customer_id).in_(customer_ids), col(Wallet.wallet_status) == WalletStatus.ACTIVE
    rows = session.exec(_wallets().where(*whose).order_by(col(Wallet.id)))
    return _summaries(session, [tuple(row) for row in rows], now)


def list_wallets_of_operator(session: Session, listing: Listing, now: datetime) -> Slice[WalletSummary]:
    """Return the wallets of all customers that a listing asks for."""
    found = all_rows(session, _wallets(), listing, WALLET_FIELDS, col(Wallet.id))
    return Slice(tuple(_summaries(session, [tuple(row) for row in found.items], now)), found.total)


def search_transactions(
    session: Session, customer_id: CustomerId, wallet_public_id: str, listing: Listing
) -> Slice[Transaction]:
    """Return the rows of one wallet's ledger that a listing asks for.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id = _wallet_id(session, customer_id, wallet_public_id)
    mine = WalletTransaction.customer_id == customer_id, WalletTransaction.wallet_id == wallet_id
    return _search(session, _ledger(*mine), listing)


def get_transaction(session: Session, customer_id: CustomerId, public_id: str) -> Transaction:
    """Return one row of a ledger.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = WalletTransaction.customer_id == customer_id, WalletTransaction.public_id == public_id
    row = session.exec(_ledger(*mine)).first()
    if row is None:
        raise NotFound(noun="Transaction")
    return _transaction(*row)


def search_transactions_of_operator(session: Session, listing: Listing) -> Slice[Transaction]:
    """Return the ledger rows of all wallets that a listing asks for."""
    return _search(session, _ledger(), listing)


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


def _wallets():  # noqa: ANN202 (a statement's type is its columns')
    last_balance = (
        select(col(WalletTransaction.credit_balance_after))
        .where(WalletTransaction.wallet_id == Wallet.id)
        .order_by(col(WalletTransaction.sequence).desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(Wallet, last_balance, Customer.public_id).join(Customer, col(Customer.id) == col(Wallet.customer_id))


def _summaries(session: Session, rows: list[Any], now: datetime) -> list[WalletSummary]:
    grants = _open_grants(session, [wallet for wallet, _, _ in rows])
    return [
        _summary(wallet, balance or Decimal(0), grants.get(wallet.id, []), customer, now)
        for wallet, balance, customer in rows
    ]


def _search(session: Session, ledger: Any, listing: Listing) -> Slice[Transaction]:
    found = all_rows(session, ledger.order_by(None), listing, TRANSACTION_FIELDS, col(WalletTransaction.id))
    return Slice(tuple(_transaction(*row) for row in found.items), found.total)


def _open_grants(session: Session, wallets: list[Wallet]) -> dict[int, list[Grant]]:
    statement = select(CreditGrant).where(
        col(CreditGrant.customer_id).in_({wallet.customer_id for wallet in wallets}),
        col(CreditGrant.wallet_id).in_([wallet.id for wallet in wallets]),
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


def _summary(row: Wallet, balance: Decimal, grants: list[Grant], customer: str, now: datetime) -> WalletSummary:
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
        customer_public_id=customer,
        topup_conversion_rate=row.topup_conversion_rate,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _ledger(*scope: object):  # noqa: ANN202 (a statement's type is its columns')
    return (
        select(  # pyright: ignore[reportCallIssue] (typed for up to four columns)
            WalletTransaction,
            Wallet.public_id,
            Wallet.currency,
            Customer.public_id,
            CreditGrant,
            Invoice.public_id,
            Invoice.number,
        )
        .join(Wallet, col(Wallet.id) == col(WalletTransaction.wallet_id))
        .join(Customer, col(Customer.id) == col(WalletTransaction.customer_id))
        .outerjoin(CreditGrant, col(CreditGrant.id) == col(WalletTransaction.grant_id))
        .outerjoin(Invoice, col(Invoice.id) == col(WalletTransaction.invoice_id))
        .where(*scope)  # pyright: ignore[reportArgumentType]
        .order_by(col(WalletTransaction.sequence).desc())
    )


def _transaction(
    row: WalletTransaction,
    wallet: str,
    currency: str,
    customer: str,
    grant: CreditGrant | None,
    invoice: str | None,
    number: str | None,
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
        invoice_public_id=invoice,
        description=row.description,
        grant_name=grant.name if grant else "",
        wallet_public_id=wallet,
        customer_public_id=customer,
        credits_before=row.credit_balance_before,
        credits_available=brought.credits_available if brought else Decimal(0),
        conversion_rate=row.conversion_rate,
        reference_type=row.reference_type,
        reference_id=row.reference_id,
        idempotency_key=row.idempotency_key,
        meta=row.meta,
        updated_at=row.updated_at,
    )


_BRINGS = col(WalletTransaction.type) == TransactionType.CREDIT
WALLET_FIELDS: Fields = {
    "id": col(Wallet.public_id),
    "customer_id": col(Customer.public_id),
    "external_customer_id": col(Customer.external_id),
    "name": col(Wallet.name),
    "currency": col(Wallet.currency),
    "wallet_type": col(Wallet.wallet_type),
    "wallet_status": col(Wallet.wallet_status),
    "created_at": col(Wallet.created_at),
    "updated_at": col(Wallet.updated_at),
}
TRANSACTION_FIELDS: Fields = {
    "id": col(WalletTransaction.public_id),
    "wallet_id": col(Wallet.public_id),
    "customer_id": col(Customer.public_id),
    "external_customer_id": col(Customer.external_id),
    "currency": col(Wallet.currency),
    "type": col(WalletTransaction.type),
    "transaction_status": col(WalletTransaction.transaction_status),
    "transaction_reason": col(WalletTransaction.transaction_reason),
    "reference_type": col(WalletTransaction.reference_type),
    "reference_id": col(WalletTransaction.reference_id),
    "amount": col(WalletTransaction.amount),
    "credit_amount": col(WalletTransaction.credit_amount),
    "expiry_date": case((_BRINGS, col(CreditGrant.expires_at))),
    "credits_available": case((_BRINGS, col(CreditGrant.credits_available))),
    "priority": case((_BRINGS, col(CreditGrant.priority))),
    "created_at": col(WalletTransaction.created_at),
    "updated_at": col(WalletTransaction.updated_at),
}
"""What rows bring (expiry, what is left, priority) is a credit's alone, though a debit may name its grant."""
