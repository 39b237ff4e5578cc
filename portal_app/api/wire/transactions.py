"""The rows of wallets' ledgers, as the dialect writes and searches them. Amounts are positive; `type` is the sign."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from portal_app.api.wire.base import AUTHOR_ID, ObjectWire, RequestWire
from portal_app.api.wire.lists import ListQuery, SearchWire
from portal_app.api.wire.values import (
    Amount,
    Instant,
    ObjectId,
    Text,
    WireDecimal,
    WireTime,
)
from portal_app.billing.statuses import (
    ReferenceType,
    TransactionReason,
    TransactionStatus,
    TransactionType,
)
from portal_app.queries.listing import Filter, FilterOperator, Listing, equal
from portal_app.queries.wallets import Transaction

Priority = Annotated[int, Field(ge=0, le=1_000_000)]


class TransactionWire(ObjectWire):
    """A row of a wallet's ledger."""

    id: str
    wallet_id: str
    customer_id: str
    type: TransactionType
    amount: WireDecimal
    credit_amount: WireDecimal
    credit_balance_before: WireDecimal
    credit_balance_after: WireDecimal
    transaction_status: TransactionStatus
    transaction_reason: TransactionReason
    reference_type: ReferenceType
    reference_id: str
    description: str
    metadata: dict[str, str]
    expiry_date: WireTime | None
    credits_available: WireDecimal
    priority: int | None
    currency: str
    conversion_rate: WireDecimal
    idempotency_key: str


class _TransactionFilters(RequestWire):
    type: TransactionType | None = None
    transaction_status: TransactionStatus | None = None
    transaction_reason: TransactionReason | None = None
    reference_type: ReferenceType | None = None
    reference_id: Text | None = None
    expiry_date_before: Instant | None = None
    expiry_date_after: Instant | None = None
    credits_available_gt: Amount | None = None
    priority: Priority | None = None
    created_by: Text | None = None

    def asked_of_rows(self) -> tuple[Filter, ...]:
        """Return the conditions on rows in the words of queries."""
        words = ("type", "transaction_status", "transaction_reason", "reference_type", "reference_id", "priority")
        bounds: list[tuple[str, FilterOperator, Any]] = [
            ("expiry_date", FilterOperator.BEFORE, self.expiry_date_before),
            ("expiry_date", FilterOperator.AFTER, self.expiry_date_after),
            ("credits_available", FilterOperator.GT, self.credits_available_gt),
        ]
        found = [filter_ for word in words for filter_ in equal(word, getattr(self, word))]
        found += [Filter(*bound) for bound in bounds if bound[2] is not None]
        if self.created_by not in {None, AUTHOR_ID}:
            found.append(Filter("id", FilterOperator.IN, []))  # all rows have the same author
        return tuple(found)


class TransactionQuery(ListQuery, _TransactionFilters):
    """The query of a wallet's ledger."""

    def asked(self) -> Listing:
        """Return what is asked, in the words of queries."""
        return self.listing(*self.asked_of_rows())


class TransactionSearch(SearchWire, _TransactionFilters):
    """A search in the ledgers of all wallets."""

    wallet_id: ObjectId | None = None
    customer_id: ObjectId | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        whose = *equal("wallet_id", self.wallet_id), *equal("customer_id", self.customer_id)
        return self.listing(*whose, *self.asked_of_rows())


def transaction_wire(row: Transaction) -> TransactionWire:
    """Return a ledger row as the dialect writes it."""
    return TransactionWire(
        id=row.public_id,
        wallet_id=row.wallet_public_id,
        customer_id=row.customer_public_id,
        type=row.type,
        amount=abs(row.value.amount),
        credit_amount=abs(row.credits),
        credit_balance_before=row.credits_before,
        credit_balance_after=row.credits_after,
        transaction_status=row.status,
        transaction_reason=row.reason,
        reference_type=row.reference_type,
        reference_id=row.invoice_public_id or row.reference_id,
        description=row.description,
        metadata=dict(row.meta),
        expiry_date=row.expires_at,
        credits_available=row.credits_available,
        priority=row.priority,
        currency=row.value.currency,
        conversion_rate=row.conversion_rate,
        idempotency_key=row.idempotency_key or "",
        created_at=row.at,
        updated_at=row.updated_at,
    )
