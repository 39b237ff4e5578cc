"""The same idempotency key means the same movement: found again, or refused if it would be another."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from portal_app.commands.post_ledger import LedgerEntry
from portal_app.database import Session
from portal_app.errors import KeyReused
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction


def made_before(session: Session, wallet: Wallet, entry: LedgerEntry) -> WalletTransaction | None:
    """Return the row that this key made in this wallet, or None if it is new or there is no key.

    Raises:
        KeyReused: the row says something else than `entry`.
    """
    if entry.idempotency_key is None:
        return None
    mine = WalletTransaction.wallet_id == wallet.id, col(WalletTransaction.idempotency_key) == entry.idempotency_key
    row = session.exec(select(WalletTransaction).where(*mine)).first()
    if row is None:
        return None
    made = (row.type, row.transaction_reason, row.credit_amount, row.description, row.meta)
    if made != (entry.type, entry.reason, entry.credits, entry.description, dict(entry.meta)):
        raise KeyReused(key=entry.idempotency_key)
    return row


def refuse_other_terms(
    session: Session, row: WalletTransaction, priority: int | None, expires_at: datetime | None, bonus: Decimal
) -> None:
    """Check that a top-up found again has the terms and the bonus that are asked for now.

    Raises:
        KeyReused: it has others.
    """
    grant = session.get_one(CreditGrant, row.grant_id)
    beside = WalletTransaction.wallet_id == row.wallet_id, col(WalletTransaction.reference_id) == row.public_id
    with_it = session.exec(select(WalletTransaction).where(*beside)).first()
    given = with_it.credit_amount if with_it else Decimal(0)
    if (grant.priority, grant.expires_at, given) != (priority, expires_at, bonus):
        raise KeyReused(key=row.idempotency_key)
