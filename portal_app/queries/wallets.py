"""Wallets and their ledgers, as a customer sees them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, case, func, select
from sqlmodel import col

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
from portal_app.queries.rows import MINE, all_rows_of, columns_of, each_row_of, row_of, rows_of


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
    wallets, grants = rows_of(session, customer_id, _MY_WALLETS), rows_of(session, customer_id, _MY_OPEN_GRANTS)
    return sorted(_summaries(wallets, grants, now), key=lambda wallet: wallet.status is not WalletStatus.ACTIVE)


def get_wallet(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> WalletSummary:
    """Return a wallet.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    row = row_of(session, customer_id, _MY_WALLET, public_id=public_id)
    if row is None:
        raise NotFound(noun="Wallet")
    return _summaries([row], rows_of(session, customer_id, _MY_OPEN_GRANTS), now)[0]


def wallets_of_customers_of_operator(
    session: Session, customer_ids: Collection[CustomerId], now: datetime
) -> list[WalletSummary]:
    """Return the active and frozen wallets of some customers, oldest first."""
    whose = col(Wallet.customer_id).in_(customer_ids), col(Wallet.wallet_status) != WalletStatus.CLOSED
    rows = session.connection().execute(_WALLETS.where(*whose).order_by(col(Wallet.id))).all()
    return _of_owners(session, rows, now)


def list_wallets_of_operator(session: Session, listing: Listing, now: datetime) -> Slice[WalletSummary]:
    """Return the wallets of all customers that a listing asks for."""
    found = all_rows(session, _WALLETS, listing, WALLET_FIELDS, col(Wallet.id))
    return Slice(tuple(_of_owners(session, found.items, now)), found.total)


def search_transactions(
    session: Session, customer_id: CustomerId, wallet_public_id: str, listing: Listing
) -> Slice[Transaction]:
    """Return the rows of one wallet's ledger that a listing asks for.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id, _ = _wallet(session, customer_id, wallet_public_id)
    mine = col(WalletTransaction.customer_id) == customer_id, col(WalletTransaction.wallet_id) == wallet_id
    return _search(session, _LEDGER.where(*mine), listing)


def get_transaction(session: Session, customer_id: CustomerId, public_id: str) -> Transaction:
    """Return one row of a ledger.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    row = row_of(session, customer_id, _MY_TRANSACTION, public_id=public_id)
    if row is None:
        raise NotFound(noun="Transaction")
    return _transaction(row)


def search_transactions_of_operator(session: Session, listing: Listing) -> Slice[Transaction]:
    """Return the ledger rows of all wallets that a listing asks for."""
    return _search(session, _LEDGER, listing)


def list_transactions(
    session: Session, customer_id: CustomerId, wallet_public_id: str, number: int = 1
) -> Page[Transaction]:
    """Return one page of a wallet's ledger, newest first.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id, total = _wallet(session, customer_id, wallet_public_id)
    number, offset = offset_of(number, total)
    page = rows_of(session, customer_id, _MY_PAGE, wallet_id=wallet_id, offset=offset, limit=PAGE_SIZE)
    return Page(tuple(_transaction(row) for row in page), number, total)


def each_transaction(session: Session, customer_id: CustomerId, wallet_public_id: str) -> Iterator[Transaction]:
    """Yield a wallet's whole ledger, newest first, in constant memory.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    wallet_id, _ = _wallet(session, customer_id, wallet_public_id)
    rows = each_row_of(session, customer_id, _MY_LEDGER, wallet_id=wallet_id)
    return (_transaction(row) for row in rows)


def _wallet(session: Session, customer_id: CustomerId, public_id: str) -> tuple[int, int]:
    """Return a wallet's inner key, and how many rows its ledger has."""
    found = row_of(session, customer_id, _COUNTED, public_id=public_id) if is_storable(public_id) else None
    if found is None:
        raise NotFound(noun="Wallet")
    return tuple(found)


def _of_owners(session: Session, wallets: Sequence[Any], now: datetime) -> list[WalletSummary]:
    owners = list({row.customer_id for row in wallets})
    return _summaries(wallets, all_rows_of(session, _OPEN_GRANTS_OF, owners=owners), now)


def _summaries(wallets: Iterable[Any], grants: Iterable[Any], now: datetime) -> list[WalletSummary]:
    by_wallet: defaultdict[int, list[Grant]] = defaultdict(list)
    for wallet_id, *grant in grants:
        by_wallet[wallet_id].append(Grant(*grant))
    return [_summary(row, by_wallet[row.id], now) for row in wallets]


def _search(session: Session, ledger: Any, listing: Listing) -> Slice[Transaction]:
    found = all_rows(session, ledger, listing, TRANSACTION_FIELDS, col(WalletTransaction.id))
    return Slice(tuple(_transaction(row) for row in found.items), found.total)


def _summary(row: Any, grants: list[Grant], now: datetime) -> WalletSummary:
    credits_ = (row.balance or Decimal(0)) - expired_credits(grants, now)
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
        customer_public_id=row.customer_public_id,
        topup_conversion_rate=row.topup_conversion_rate,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _transaction(row: Any) -> Transaction:
    sign = -1 if row.type is TransactionType.DEBIT else 1
    brings = row.grant_name is not None and row.type is TransactionType.CREDIT
    return Transaction(
        public_id=row.public_id,
        type=row.type,
        status=row.transaction_status,
        reason=row.transaction_reason,
        credits=sign * row.credit_amount,
        value=Money(sign * row.amount, row.currency),
        credits_after=row.credit_balance_after,
        at=row.created_at,
        expires_at=row.expires_at if brings else None,
        priority=row.priority if brings else None,
        invoice_number=row.invoice_number,
        invoice_public_id=row.invoice_public_id,
        description=row.description,
        grant_name=row.grant_name or "",
        wallet_public_id=row.wallet_public_id,
        customer_public_id=row.customer_public_id,
        credits_before=row.credit_balance_before,
        credits_available=row.credits_available if brings else Decimal(0),
        conversion_rate=row.conversion_rate,
        reference_type=row.reference_type,
        reference_id=row.reference_id,
        idempotency_key=row.idempotency_key,
        meta=row.meta,
        updated_at=row.updated_at,
    )


_LAST_BALANCE = (
    select(col(WalletTransaction.credit_balance_after))
    .where(col(WalletTransaction.wallet_id) == col(Wallet.id))
    .order_by(col(WalletTransaction.sequence).desc())
    .limit(1)
    .scalar_subquery()
)
_WALLETS = select(
    *columns_of(Wallet), _LAST_BALANCE.label("balance"), col(Customer.public_id).label("customer_public_id")
).join_from(Wallet, Customer, col(Customer.id) == col(Wallet.customer_id))
_MY_WALLETS = _WALLETS.where(col(Wallet.customer_id) == MINE).order_by(col(Wallet.id))
_NAMED = col(Wallet.customer_id) == MINE, col(Wallet.public_id) == bindparam("public_id")
_MY_WALLET = _WALLETS.where(*_NAMED)
_COUNTED = select(
    col(Wallet.id).label("id"),
    select(func.count())
    .where(col(WalletTransaction.customer_id) == MINE, col(WalletTransaction.wallet_id) == col(Wallet.id))
    .scalar_subquery()
    .label("count"),
).where(*_NAMED)
_OPEN_GRANTS: Any = select(
    col(CreditGrant.wallet_id),
    col(CreditGrant.id),
    col(CreditGrant.credits_available),
    col(CreditGrant.granted_at),
    col(CreditGrant.priority),
    col(CreditGrant.is_purchased),
    col(CreditGrant.expires_at),
).where(
    col(CreditGrant.credits_available) > 0,
    col(CreditGrant.expires_at).is_not(None),
)
_MY_OPEN_GRANTS = _OPEN_GRANTS.where(col(CreditGrant.customer_id) == MINE)
_OPEN_GRANTS_OF = _OPEN_GRANTS.where(col(CreditGrant.customer_id).in_(bindparam("owners", expanding=True)))
_LEDGER = (
    select(
        *columns_of(WalletTransaction),
        col(Wallet.public_id).label("wallet_public_id"),
        col(Wallet.currency).label("currency"),
        col(Customer.public_id).label("customer_public_id"),
        col(CreditGrant.name).label("grant_name"),
        *columns_of(CreditGrant, ("expires_at", "priority", "credits_available")),
        col(Invoice.public_id).label("invoice_public_id"),
        col(Invoice.number).label("invoice_number"),
    )
    .join_from(WalletTransaction, Wallet, col(Wallet.id) == col(WalletTransaction.wallet_id))
    .join(Customer, col(Customer.id) == col(WalletTransaction.customer_id))
    .outerjoin(CreditGrant, col(CreditGrant.id) == col(WalletTransaction.grant_id))
    .outerjoin(Invoice, col(Invoice.id) == col(WalletTransaction.invoice_id))
)
_MY_TRANSACTION = _LEDGER.where(
    col(WalletTransaction.customer_id) == MINE, col(WalletTransaction.public_id) == bindparam("public_id")
)
_MY_ROWS = col(WalletTransaction.customer_id) == MINE, col(WalletTransaction.wallet_id) == bindparam("wallet_id")
_MY_LEDGER = _LEDGER.where(*_MY_ROWS).order_by(col(WalletTransaction.sequence).desc())
_MY_PAGE = _MY_LEDGER.offset(bindparam("offset")).limit(bindparam("limit"))
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
    "reference_id": func.coalesce(col(Invoice.public_id), col(WalletTransaction.reference_id)),
    "amount": col(WalletTransaction.amount),
    "credit_amount": col(WalletTransaction.credit_amount),
    "expiry_date": case((_BRINGS, col(CreditGrant.expires_at))),
    "credits_available": case((_BRINGS, col(CreditGrant.credits_available))),
    "priority": case((_BRINGS, col(CreditGrant.priority))),
    "created_at": col(WalletTransaction.created_at),
    "updated_at": col(WalletTransaction.updated_at),
}
"""What rows bring (expiry, what is left, priority) is a credit's alone, though a debit may name its grant.

A row that is linked to an invoice refers to that, whatever its source called it.
"""
