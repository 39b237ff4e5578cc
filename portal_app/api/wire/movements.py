"""Movements of credits, as the dialect asks for them, and what it answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from portal_app.api.wire.base import RequestWire
from portal_app.api.wire.transactions import Priority, TransactionWire, transaction_wire
from portal_app.api.wire.values import (
    Amount,
    Instant,
    Key,
    LongText,
    Metadata,
    PositiveAmount,
)
from portal_app.api.wire.wallets import WalletWire, balance_wire
from portal_app.billing.statuses import (
    TransactionReason,
)
from portal_app.commands.move_credits import Debit, TopUp
from portal_app.queries.wallet_balance import WalletBalance
from portal_app.queries.wallets import Transaction

TopUpReason = Literal[
    TransactionReason.FREE_CREDIT_GRANT,
    TransactionReason.SUBSCRIPTION_CREDIT_GRANT,
    TransactionReason.PURCHASED_CREDIT_INVOICED,
    TransactionReason.PURCHASED_CREDIT_DIRECT,
    TransactionReason.PURCHASED_CREDIT_BONUS,
    TransactionReason.CREDIT_NOTE,
    TransactionReason.CREDIT_ADJUSTMENT,
]
DebitReason = Literal[TransactionReason.MANUAL_BALANCE_DEBIT, TransactionReason.CREDIT_ADJUSTMENT]


class TopUpCreate(RequestWire):
    """Credits to add: `credits_to_add`, or as many as `amount` buys at the wallet's top-up rate."""

    transaction_reason: TopUpReason
    credits_to_add: PositiveAmount | None = None
    amount: PositiveAmount | None = None
    bonus_credits_to_add: Amount = Decimal(0)
    expiry_date_utc: Instant | None = None
    effective_date: Instant | None = None
    priority: Priority | None = None
    idempotency_key: Key | None = None
    description: LongText = ""
    metadata: Metadata = Field(default_factory=dict[str, str])

    def wanted(self) -> TopUp:
        """Return what the command takes."""
        return TopUp(
            reason=self.transaction_reason,
            credits=self.credits_to_add,
            amount=self.amount,
            bonus=self.bonus_credits_to_add,
            expires_at=self.expiry_date_utc,
            effective_at=self.effective_date,
            priority=self.priority,
            idempotency_key=self.idempotency_key,
            description=self.description,
            meta=self.metadata,
        )


class DebitCreate(RequestWire):
    """Credits to take: `credits`, or what `amount` is worth at the wallet's rate."""

    credits: PositiveAmount | None = None
    amount: PositiveAmount | None = None
    transaction_reason: DebitReason = TransactionReason.MANUAL_BALANCE_DEBIT
    idempotency_key: Key | None = None
    description: LongText = ""
    metadata: Metadata = Field(default_factory=dict[str, str])

    def wanted(self) -> Debit:
        """Return what the command takes."""
        return Debit(
            credits=self.credits,
            amount=self.amount,
            reason=self.transaction_reason,
            idempotency_key=self.idempotency_key,
            description=self.description,
            meta=self.metadata,
        )


class MovementWire(WalletWire):
    """A wallet after a movement, and the ledger row that the movement made."""

    wallet_transaction: TransactionWire


def movement_wire(balance: WalletBalance, row: Transaction) -> MovementWire:
    """Return a wallet as a movement left it, with the row that the movement made."""
    return MovementWire(**dict(balance_wire(balance)), wallet_transaction=transaction_wire(row))
