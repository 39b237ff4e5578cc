"""Add credits to a wallet, take some, let what has expired go. One wallet moves one step at a time.

Each command locks the wallet's row first, so that two at once cannot both spend the last credit.
Expired credits are posted before anything else moves: nothing ever pays with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from sqlmodel import select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import MONEY_SCALE, plain, quantize
from portal_app.billing.statuses import (
    ReferenceType,
    TransactionReason,
    TransactionType,
    WalletStatus,
)
from portal_app.commands.audit import record
from portal_app.commands.idempotency import made_before, refuse_other_terms
from portal_app.commands.post_ledger import GrantTerms, LedgerEntry, LedgerOverdrawn, LedgerPoster
from portal_app.database import Session
from portal_app.errors import CreditsShort, Invalid, NotFound, WalletNotActive
from portal_app.models.wallet import Wallet, WalletTransaction


@dataclass(frozen=True, slots=True)
class TopUp:
    """Credits to add: `credits`, or as many as `amount` buys at the wallet's top-up rate; `bonus` comes free."""

    reason: TransactionReason
    credits: Decimal | None = None
    amount: Decimal | None = None
    bonus: Decimal = Decimal(0)
    expires_at: datetime | None = None
    effective_at: datetime | None = None
    priority: int | None = None
    idempotency_key: str | None = None
    description: str = ""
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Debit:
    """Credits to take: `credits`, or what `amount` is worth at the wallet's rate."""

    credits: Decimal | None = None
    amount: Decimal | None = None
    reason: TransactionReason = TransactionReason.MANUAL_BALANCE_DEBIT
    idempotency_key: str | None = None
    description: str = ""
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def top_up(session: Session, customer_id: CustomerId, wallet_id: str, wanted: TopUp, actor: str, now: datetime) -> str:
    """Add credits as a grant of their own and return the ledger row's id; a used key returns the row it made.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
        WalletNotActive: it is frozen or closed.
        Invalid: neither credits nor amount, or both; an expiry that has passed, a date that is not the ledger's turn.
        KeyReused: the key stands for another movement.
    """
    wallet = lock_wallet(session, customer_id, wallet_id)
    entry = _bought(wanted, wallet, now)
    if (row := made_before(session, wallet, entry)) is not None:
        refuse_other_terms(session, row, wanted.priority, wanted.expires_at, wanted.bonus)
        return row.public_id
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise Invalid(field="expiry_date_utc", problem="has passed already")
    poster = opened(session, wallet, now)
    entry = replace(entry, at=_effective(poster, wanted.effective_at, now))
    row = poster.post(entry)
    if wanted.bonus:
        poster.post(_bonus(entry, wanted.bonus, row.public_id))
    poster.finish()
    record(session, actor=actor, action="wallet.topped_up", customer_id=customer_id, now=now, transaction=row.public_id)
    return row.public_id


def debit(session: Session, customer_id: CustomerId, wallet_id: str, wanted: Debit, actor: str, now: datetime) -> str:
    """Take credits in burn order and return the ledger row's id; a used key returns the row it made.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
        WalletNotActive: it is frozen or closed.
        CreditsShort: fewer credits may still be spent.
        Invalid: neither credits nor amount, or both.
        KeyReused: the key stands for another movement.
    """
    wallet = lock_wallet(session, customer_id, wallet_id)
    entry = _spent(wanted, _credits(wanted.credits, wanted.amount, wallet.conversion_rate, "credits"), now)
    row = made_before(session, wallet, entry)
    if row is None:
        row = take(session, wallet, entry, now)
        details = {"transaction": row.public_id}
        record(session, actor=actor, action="wallet.debited", customer_id=customer_id, now=now, **details)
    return row.public_id


def take(session: Session, wallet: Wallet, entry: LedgerEntry, now: datetime) -> WalletTransaction:
    """Post a debit to a locked wallet, now.

    Raises:
        WalletNotActive: it is frozen or closed.
        CreditsShort: fewer credits may still be spent.
    """
    poster = opened(session, wallet, now)
    try:
        row = poster.post(replace(entry, at=poster.earliest(now)))
    except LedgerOverdrawn as short:
        raise CreditsShort(available=plain(short.balance), wanted=plain(short.debit)) from None
    poster.finish()
    return row


def post_expiries(session: Session, customer_id: CustomerId, wallet_id: str, now: datetime) -> int:
    """Post a ledger row for every grant that has expired with credits left, and return how many there were.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
    """
    poster = LedgerPoster(session, lock_wallet(session, customer_id, wallet_id), now)
    posted = _post_expired(poster, now)
    poster.finish()
    return posted


def lock_wallet(session: Session, customer_id: CustomerId, wallet_id: str) -> Wallet:
    """Return the wallet's row, which no other transaction can move until this one ends.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = Wallet.customer_id == customer_id, Wallet.public_id == wallet_id
    row = session.exec(select(Wallet).where(*mine).with_for_update(key_share=True)).first()
    if row is None:
        raise NotFound(noun="Wallet")
    return row


def opened(session: Session, wallet: Wallet, now: datetime) -> LedgerPoster:
    """Return the poster of a locked wallet whose expired credits are gone.

    Raises:
        WalletNotActive: the wallet is frozen or closed.
    """
    if wallet.wallet_status is not WalletStatus.ACTIVE:
        raise WalletNotActive(status=wallet.wallet_status)
    poster = LedgerPoster(session, wallet, now)
    _post_expired(poster, now)
    return poster


def credits_worth(amount: Decimal, rate: Decimal) -> Decimal:
    """Return how many credits `amount` is at `rate`, to the ledger's finest.

    Raises:
        Invalid: none.
    """
    worth = quantize(amount / rate, MONEY_SCALE)
    if not worth:
        raise Invalid(field="amount", problem="is worth less than a millionth of a credit")
    return worth


def _post_expired(poster: LedgerPoster, now: datetime) -> int:
    gone = poster.expired(now)
    for grant in gone:
        at = poster.earliest(grant.expires_at or now)
        reason = TransactionReason.CREDIT_EXPIRED
        poster.post(LedgerEntry(TransactionType.DEBIT, reason, grant.available, at, takes_from=int(grant.key)))
    return len(gone)


def _credits(credits_: Decimal | None, amount: Decimal | None, rate: Decimal, field_name: str) -> Decimal:
    if credits_ is not None and amount is not None:  # both would be a row of the ledger that contradicts itself
        raise Invalid(field="amount", problem=f"give {field_name} or an amount, not both")
    if credits_ is None and amount is None:
        raise Invalid(field=field_name, problem=f"give {field_name} or an amount")
    return credits_worth(amount, rate) if amount is not None else credits_ or Decimal(0)


def _effective(poster: LedgerPoster, wanted: datetime | None, now: datetime) -> datetime:
    if wanted is None:
        return poster.earliest(now)
    if wanted > now:
        raise Invalid(field="effective_date", problem="lies ahead: credits are added when they count")
    if poster.earliest(wanted) != wanted:
        raise Invalid(field="effective_date", problem="is before the wallet's last movement")
    return wanted


def _bought(wanted: TopUp, wallet: Wallet, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        TransactionType.CREDIT,
        wanted.reason,
        _credits(wanted.credits, wanted.amount, wallet.topup_conversion_rate, "credits_to_add"),
        at,
        grant=GrantTerms(priority=wanted.priority, expires_at=wanted.expires_at),
        reference_type=ReferenceType.REQUEST,
        description=wanted.description,
        idempotency_key=wanted.idempotency_key,
        meta=wanted.meta,
    )


def _bonus(bought: LedgerEntry, credits_: Decimal, bought_id: str) -> LedgerEntry:
    reason = TransactionReason.PURCHASED_CREDIT_BONUS
    return replace(bought, reason=reason, credits=credits_, reference_id=bought_id, idempotency_key=None)


def _spent(wanted: Debit, credits_: Decimal, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        TransactionType.DEBIT,
        wanted.reason,
        credits_,
        at,
        amount=wanted.amount,
        reference_type=ReferenceType.REQUEST,
        description=wanted.description,
        idempotency_key=wanted.idempotency_key,
        meta=wanted.meta,
    )
