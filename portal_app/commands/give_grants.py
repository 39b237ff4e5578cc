"""Give the credits that rules owe running subscriptions: once, or anew in each period of a rule.

What is owed follows from a rule, a subscription and the time; what was given, from the ledger's idempotency keys.
A period is told by its number, not its start: a customer who moves to another time zone moves every start.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.periods import TimeRange
from portal_app.billing.statuses import (
    GrantExpiration,
    TransactionReason,
    WalletStatus,
    WalletType,
)
from portal_app.commands.move_credits import TopUp, top_up
from portal_app.commands.usage_tables import is_sqlite
from portal_app.commands.wallets import NewWallet, create_wallet, lock_customer
from portal_app.database import Session
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet, WalletTransaction
from portal_app.queries.grant_rules import Promise, list_promises_of_operator

_START = "%Y%m%dT%H%M"
_STARTS = re.compile(r"\d{8}T\d{4}")

_ASKED_SQLITE = """
    SELECT asked.value ->> 0, asked.value ->> 1 FROM json_each(?) AS asked CROSS JOIN wallet_transaction AS found
    ON found.customer_id = asked.value ->> 0 AND found.idempotency_key = asked.value ->> 1"""
_ASKED_POSTGRES = """
    SELECT asked.customer_id, asked.key FROM unnest(%s::bigint[], %s::text[]) AS asked (customer_id, key)
    JOIN wallet_transaction AS found ON found.customer_id = asked.customer_id AND found.idempotency_key = asked.key"""


@dataclass(frozen=True, slots=True)
class _Gift:
    """What a promise comes to now. `key` is what the ledger knows it by, `key_by_start` what it once would have."""

    promise: Promise
    key: str
    key_by_start: str | None
    period: TimeRange | None
    expires_at: datetime | None

    @property
    def keys(self) -> list[tuple[int, str]]:
        names = (self.key, self.key_by_start)
        return [(self.promise.customer_id, name) for name in names if name is not None]


def due_gifts(session: Session, now: datetime) -> list[int]:
    """Return the keys of the subscriptions that are owed credits now.

    Two statements, and one more for each that is owed some: it has to cost little while nothing is due.
    """
    promises = list_promises_of_operator(session)
    gifts = [gift for promise in promises if (gift := _gift(promise, now)) is not None]
    made = _made(session, [key for gift in gifts for key in gift.keys])
    owed = (gift for gift in gifts if made.isdisjoint(gift.keys) and not _was_given_by_start(session, gift))
    return list(dict.fromkeys(gift.promise.subscription_key for gift in owed))


def give_due_grants(session: Session, subscription: int, actor: str, now: datetime) -> int:
    """Give what rules owe a subscription now, and return how often. Asked again, nothing is given twice."""
    session.exec(select(Subscription.id).where(Subscription.id == subscription).with_for_update(key_share=True)).one()
    promises = list_promises_of_operator(session, Subscription.id == subscription)
    return sum(_give(session, promise, actor, now) for promise in promises)


def _give(session: Session, promise: Promise, actor: str, now: datetime) -> bool:
    gift = _gift(promise, now)
    if gift is None or _made(session, gift.keys) or _was_given_by_start(session, gift):
        return False
    given = TopUp(
        TransactionReason.SUBSCRIPTION_CREDIT_GRANT,
        promise.credits,
        expires_at=gift.expires_at,
        priority=promise.priority,
        idempotency_key=gift.key,
        description=promise.name,
    )
    customer_id = CustomerId(promise.customer_id)
    top_up(session, customer_id, _wallet(session, customer_id, promise.currency, actor, now), given, actor, now)
    return True


def _gift(promise: Promise, now: datetime) -> _Gift | None:
    """Return what is owed now, be it given already; None for nothing, also if it would have expired by now."""
    if not promise.gives_at(now):
        return None
    rhythm = promise.rhythm
    period = rhythm.containing(now) if rhythm else None
    expires_at = _expiry(promise, period, now)
    if expires_at is not None and expires_at <= now:
        return None
    once = _once(promise)
    if rhythm is None or period is None:
        return _Gift(promise, once, None, None, expires_at)
    return _Gift(promise, f"{once}:{rhythm.ordinal(now)}", f"{once}:{period.start_at:{_START}}", period, expires_at)


def _once(promise: Promise) -> str:
    return f"{promise.rule_id}:{promise.subscription_id}"


def _expiry(promise: Promise, period: TimeRange | None, now: datetime) -> datetime | None:
    if promise.expiration is GrantExpiration.DURATION:
        return (period.start_at if period else now) + timedelta(days=promise.expires_after_days or 0)
    if promise.expiration is GrantExpiration.BILLING_CYCLE:
        return period.end_at if period else promise.period_ends_at
    return None


def _made(session: Session, keys: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those keys of customers that their ledgers have, in one statement."""
    if not keys:
        return set()
    session.flush()
    if is_sqlite(session):
        statement, parameters = _ASKED_SQLITE, (json.dumps(list(keys)),)
    else:
        statement, parameters = _ASKED_POSTGRES, tuple(map(list, zip(*keys, strict=True)))
    return {(customer, key) for customer, key in session.connection().exec_driver_sql(statement, parameters)}


def _was_given_by_start(session: Session, gift: _Gift) -> bool:
    """Tell whether the period was given when keys still held its start, cut in whatever zone its customer was in.

    Such a start stands for the period whose start is nearest: zones are hours apart, periods a day or more.
    """
    rhythm, period = gift.promise.rhythm, gift.period
    if rhythm is None or period is None:
        return False
    here, half = rhythm.ordinal(period.start_at), (period.end_at - period.start_at) / 2
    return any(rhythm.ordinal(start_at + half) == here for start_at in _starts_given(session, gift.promise))


def _starts_given(session: Session, promise: Promise) -> Iterator[datetime]:
    prefix, key = f"{_once(promise)}:", col(WalletTransaction.idempotency_key)
    mine = WalletTransaction.customer_id == promise.customer_id, key.is_not(None)
    for name in session.exec(select(key).where(*mine, key.startswith(prefix, autoescape=True))):
        start = (name or "").removeprefix(prefix)
        if _STARTS.fullmatch(start):
            yield datetime.strptime(f"{start}+0000", f"{_START}%z")


def _wallet(session: Session, customer_id: CustomerId, currency: str, actor: str, now: datetime) -> str:
    """Return the customer's active prepaid wallet in the subscription's currency, opened if there is none."""
    usable = select(Wallet.public_id).where(
        Wallet.customer_id == customer_id,
        Wallet.currency == currency,
        Wallet.wallet_type == WalletType.PRE_PAID,
        Wallet.wallet_status == WalletStatus.ACTIVE,
    )
    oldest = usable.order_by(col(Wallet.id)).limit(1)
    if (found := session.exec(oldest).first()) is not None:
        return found
    lock_customer(session, customer_id)  # what another subscription is given may have opened one meanwhile
    return session.exec(oldest).first() or create_wallet(session, customer_id, NewWallet(currency), actor, now)
