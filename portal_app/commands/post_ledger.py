"""Post movements to a wallet's ledger: the only way a balance ever changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from portal_app.billing.ledger import Grant, LedgerOverdrawn, Movement, Posting, post
from portal_app.billing.money import value_of_credits
from portal_app.billing.statuses import (
    PURCHASED_REASONS,
    ReferenceType,
    TransactionReason,
    TransactionStatus,
    TransactionType,
)
from portal_app.database import Session
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction

__all__ = ["GrantTerms", "LedgerEntry", "LedgerOutOfOrder", "LedgerOverdrawn", "LedgerPoster"]


class LedgerOutOfOrder(ValueError):
    """A row is dated before the wallet's last posted row: what was posted never changes."""

    def __init__(self, at: datetime, last_at: datetime) -> None:
        """Keep both instants."""
        self.at, self.last_at = at, last_at
        super().__init__(
            f"it is dated {at.isoformat()}, but this wallet's ledger already reaches {last_at.isoformat()}"
        )


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """The terms under which a credit's lot may be spent."""

    name: str = ""
    priority: int | None = None
    is_purchased: bool | None = None
    """None: as the row's reason says."""
    expires_at: datetime | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One movement as its source tells it. `credits` is positive; `at` is when it took effect."""

    type: TransactionType
    reason: TransactionReason
    credits: Decimal
    at: datetime
    status: TransactionStatus = TransactionStatus.COMPLETED
    grant: GrantTerms = GrantTerms()
    """What a credit brings. A debit may name, by external id, the grant it takes from first."""
    amount: Decimal | None = None
    """Money; None: what the credits are worth at the wallet's rate."""
    invoice_id: int | None = None
    reference_type: ReferenceType = ReferenceType.EXTERNAL
    reference_id: str = ""
    description: str = ""
    external_id: str | None = None
    idempotency_key: str | None = None
    takes_from: int | None = None
    """The inner key of the grant a debit takes from first, where no external id names it."""
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


class LedgerPoster:
    """Posts entries to one wallet, oldest first, keeping its open grants in memory between them.

    Use one per wallet and transaction: it locks the wallet, reads the ledger's end once, and writes the
    grants back in `finish`.
    """

    def __init__(self, session: Session, wallet: Wallet, now: datetime) -> None:
        """Wait for the wallet's turn, then read where its ledger ends and which grants still hold credits."""
        self._session, self._wallet, self._now = session, wallet, now
        current: dict[str, Any] = {"populate_existing": True}
        locked = select(Wallet).where(Wallet.id == wallet.id).with_for_update(key_share=True)
        session.exec(locked.execution_options(**current)).one()
        last = session.exec(
            select(WalletTransaction)
            .where(WalletTransaction.wallet_id == wallet.id)
            .order_by(col(WalletTransaction.sequence).desc())
            .limit(1)
        ).first()
        self.balance = last.credit_balance_after if last else Decimal(0)
        self._sequence = last.sequence if last else 0
        self._last_at = last.created_at if last else None
        mine = CreditGrant.customer_id == wallet.customer_id, CreditGrant.wallet_id == wallet.id
        held = select(CreditGrant).where(*mine, col(CreditGrant.credits_available) > 0)
        rows = session.exec(held.order_by(col(CreditGrant.id)).execution_options(**current))
        self._rows = {row.id or 0: row for row in rows}
        self._open: tuple[Grant, ...] = tuple(_grant(row) for row in self._rows.values())

    def earliest(self, at: datetime) -> datetime:
        """Return when a row can take effect: at `at`, or with the wallet's last row if that is later."""
        return at if self._last_at is None else max(at, self._last_at)

    def expired(self, now: datetime) -> list[Grant]:
        """Return the grants whose expiry has passed but is not posted yet, in the order they expired."""
        gone = [grant for grant in self._open if grant.expires_at is not None and grant.expires_at <= now]
        return sorted(gone, key=lambda grant: (grant.expires_at, grant.key))

    def post(self, entry: LedgerEntry) -> WalletTransaction:
        """Add one row to the ledger.

        Raises:
            LedgerOverdrawn: a completed debit exceeds the balance.
            LedgerOutOfOrder: the entry is older than the wallet's last row.
        """
        row = WalletTransaction(**self._advance(entry))
        self._session.add(row)
        return row

    def _advance(self, entry: LedgerEntry) -> dict[str, Any]:
        """Move the balance and the grants on, and return the values of the row that tells of it."""
        if self._last_at is not None and entry.at < self._last_at:
            raise LedgerOutOfOrder(entry.at, self._last_at)
        granted = self._granted(entry)
        movement = Movement(entry.type, entry.status, entry.reason, entry.credits, entry.at, granted)
        posting = post(self.balance, self._open, movement)
        self.balance, self._open = posting.balance_after, posting.grants
        self._sequence, self._last_at = self._sequence + 1, entry.at
        self._let_go()
        return self._row(entry, posting, granted)

    def _let_go(self) -> None:
        """Write back the grants that the last row used up, and hold them no longer: ledgers are long."""
        for key in self._rows.keys() - {grant.key for grant in self._open}:
            row = self._rows.pop(int(key))
            row.credits_available, row.updated_at = Decimal(0), self._now

    def finish(self) -> None:
        """Write back what is left of each grant."""
        left = {grant.key: grant.available for grant in self._open}
        for key, row in self._rows.items():
            available = left.get(key, Decimal(0))
            if row.credits_available != available:
                row.credits_available, row.updated_at = available, self._now
                self._session.add(row)
        self._session.flush()

    def _granted(self, entry: LedgerEntry) -> Grant | None:
        if entry.type is TransactionType.CREDIT and entry.status is TransactionStatus.COMPLETED:
            return self._new_grant(entry)
        if entry.takes_from is not None:
            return _grant(self._rows[entry.takes_from])
        named = entry.grant.external_id
        return self._named(named) if named else None

    def _named(self, external_id: str) -> Grant | None:
        """Return the wallet's grant of that external id, also one that is used up."""
        named = CreditGrant.wallet_id == self._wallet.id, CreditGrant.external_id == external_id
        row = self._session.exec(select(CreditGrant).where(*named)).first()
        return _grant(row) if row else None

    def _new_grant(self, entry: LedgerEntry) -> Grant:
        terms = entry.grant
        row = CreditGrant(
            external_id=terms.external_id,
            customer_id=self._wallet.customer_id,
            wallet_id=self._wallet.id or 0,
            name=terms.name,
            credits=entry.credits,
            credits_available=entry.credits,
            is_purchased=entry.reason in PURCHASED_REASONS if terms.is_purchased is None else terms.is_purchased,
            priority=terms.priority,
            granted_at=entry.at,
            expires_at=terms.expires_at,
            created_at=self._now,
            updated_at=self._now,
        )
        return self._hold(row, self._key_of_new(row))

    def _key_of_new(self, row: CreditGrant) -> int:
        self._session.add(row)
        self._session.flush()
        return row.id or 0

    def _hold(self, row: CreditGrant, key: int) -> Grant:
        self._rows[key] = row
        return replace(_grant(row), key=key)

    def _row(self, entry: LedgerEntry, posting: Posting, granted: Grant | None) -> dict[str, Any]:
        rate = self._wallet.conversion_rate
        return dict(  # noqa: C408 (its names are the columns')
            external_id=entry.external_id,
            customer_id=self._wallet.customer_id,
            wallet_id=self._wallet.id or 0,
            sequence=self._sequence,
            type=entry.type,
            transaction_status=entry.status,
            transaction_reason=entry.reason,
            credit_amount=entry.credits,
            amount=value_of_credits(entry.credits, rate) if entry.amount is None else entry.amount,
            credit_balance_before=posting.balance_before,
            credit_balance_after=posting.balance_after,
            conversion_rate=rate,
            grant_id=int(granted.key) if granted else None,
            invoice_id=entry.invoice_id,
            reference_type=entry.reference_type,
            reference_id=entry.reference_id,
            description=entry.description,
            idempotency_key=entry.idempotency_key,
            meta=dict(entry.meta),
            created_at=entry.at,
            updated_at=self._now,
        )


def post_to_ledger(session: Session, wallet: Wallet, entries: Iterable[LedgerEntry], now: datetime) -> None:
    """Post several entries to one wallet, oldest first.

    Raises:
        LedgerOverdrawn: a completed debit exceeds the balance.
        LedgerOutOfOrder: an entry is older than the one before it.
    """
    poster = LedgerPoster(session, wallet, now)
    for entry in entries:
        poster.post(entry)
    poster.finish()


def _grant(row: CreditGrant) -> Grant:
    return Grant(
        key=row.id or 0,
        available=row.credits_available,
        granted_at=row.granted_at,
        priority=row.priority,
        is_purchased=row.is_purchased,
        expires_at=row.expires_at,
    )
