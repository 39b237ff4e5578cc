"""Open, change and close wallets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import (
    RecordStatus,
    TransactionReason,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.commands.audit import record
from portal_app.commands.move_credits import TopUp, lock_wallet, opened, top_up
from portal_app.commands.post_ledger import LedgerEntry
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound, WalletExists
from portal_app.models.customer import Customer
from portal_app.models.wallet import Wallet


@dataclass(frozen=True, slots=True)
class NewWallet:
    """A wallet to be, and the free credits it starts with."""

    currency: str
    wallet_type: WalletType = WalletType.PRE_PAID
    conversion_rate: Decimal = Decimal(1)
    topup_conversion_rate: Decimal | None = None
    """None: as the conversion rate."""
    name: str = ""
    description: str = ""
    initial_credits: Decimal = Decimal(0)
    initial_expires_at: datetime | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_wallet(session: Session, customer_id: CustomerId, new: NewWallet, actor: str, now: datetime) -> str:
    """Open a wallet and return its id. A customer has one active wallet of a currency and type.

    Raises:
        NotFound: the customer does not exist or is deleted.
        WalletExists: there is one already.
        Invalid: the expiry of the first credits has passed.
    """
    if new.initial_credits and new.initial_expires_at is not None and new.initial_expires_at <= now:
        raise Invalid(field="initial_credits_expiry_date_utc", problem="has passed already")
    lock_customer(session, customer_id)
    same = select(Wallet.id).where(
        Wallet.customer_id == customer_id,
        Wallet.currency == new.currency,
        Wallet.wallet_type == new.wallet_type,
        Wallet.wallet_status == WalletStatus.ACTIVE,
    )
    if session.exec(same).first() is not None:
        raise WalletExists(wallet_type=new.wallet_type, currency=new.currency)
    row = Wallet(
        customer_id=customer_id,
        currency=new.currency,
        wallet_type=new.wallet_type,
        conversion_rate=new.conversion_rate,
        topup_conversion_rate=new.topup_conversion_rate or new.conversion_rate,
        name=new.name,
        description=new.description,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    record(session, actor=actor, action="wallet.created", customer_id=customer_id, now=now, public_id=row.public_id)
    if new.initial_credits:
        free = TopUp(TransactionReason.FREE_CREDIT_GRANT, new.initial_credits, expires_at=new.initial_expires_at)
        top_up(session, customer_id, row.public_id, free, actor, now)
    return row.public_id


def update_wallet(
    session: Session, customer_id: CustomerId, wallet_id: str, changes: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Set the named columns of a wallet: its name, description and metadata; never what moves money.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    row = lock_wallet(session, customer_id, wallet_id)
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    changed = ", ".join(sorted(changes))
    record(session, actor=actor, action="wallet.updated", customer_id=customer_id, now=now, changed=changed)


def terminate_wallet(session: Session, customer_id: CustomerId, wallet_id: str, actor: str, now: datetime) -> None:
    """Close a wallet for good; the credits left in it are posted as gone.

    Raises:
        NotFound: it does not exist or is another customer's.
        WalletNotActive: it is frozen or closed already.
    """
    row = lock_wallet(session, customer_id, wallet_id)
    poster = opened(session, row, now)
    if poster.balance > 0:
        reason, at = TransactionReason.WALLET_TERMINATION, poster.earliest(now)
        poster.post(LedgerEntry(TransactionType.DEBIT, reason, poster.balance, at))
    poster.finish()
    row.wallet_status, row.updated_at = WalletStatus.CLOSED, now
    session.add(row)
    record(session, actor=actor, action="wallet.terminated", customer_id=customer_id, now=now, public_id=wallet_id)


def lock_customer(session: Session, customer_id: CustomerId) -> None:
    """Let nobody else open a wallet of this customer until the transaction ends.

    Raises:
        NotFound: the customer does not exist or is deleted.
    """
    row = session.exec(select(Customer).where(Customer.id == customer_id).with_for_update(key_share=True)).first()
    if row is None or row.status is RecordStatus.DELETED:
        raise NotFound(noun="Customer")
