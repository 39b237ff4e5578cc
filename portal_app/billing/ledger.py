"""A wallet's ledger: what each row does to the balance, which grant a debit burns, what is left of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from portal_app.billing.statuses import TransactionReason, TransactionStatus, TransactionType

ZERO = Decimal(0)


class LedgerOverdrawn(ValueError):
    """A debit asks for more credits than the wallet holds."""

    def __init__(self, balance: Decimal, debit: Decimal) -> None:
        """Keep both figures, in credits."""
        self.balance, self.debit = balance, debit
        super().__init__(f"the balance is {balance:f} credits, so {debit:f} cannot be taken")


@dataclass(frozen=True, slots=True)
class Grant:
    """A lot of credits with its own priority and expiry. `available` is what is left of it, in credits."""

    key: int | str
    available: Decimal
    granted_at: datetime
    priority: int | None = None
    is_purchased: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One row on its way into a ledger. `credits` is positive; the type says the direction."""

    type: TransactionType
    status: TransactionStatus
    reason: TransactionReason
    credits: Decimal
    at: datetime
    grant: Grant | None = None
    """The grant a credit brings, or the one a debit names (an expiry takes from its own grant first)."""


@dataclass(frozen=True, slots=True)
class Posting:
    """A posted row: the balance on both sides of it, and the grants as they stand after it, in credits."""

    balance_before: Decimal
    balance_after: Decimal
    grants: tuple[Grant, ...]


def burn_order(grant: Grant) -> tuple[object, ...]:
    """Sort key of consumption: priority (1 first, none last), free before purchased, soonest expiry, oldest.

    Whether there is a priority or an expiry comes before which, so None is compared with None alone.
    """
    return (
        grant.priority is None,
        grant.priority,
        grant.is_purchased,
        grant.expires_at is None,
        grant.expires_at,
        grant.granted_at,
    )


def post(balance: Decimal, grants: Sequence[Grant], movement: Movement) -> Posting:
    """Post one movement to a wallet holding `balance` credits in `grants`.

    Pending and failed movements leave the balance as it is.

    Raises:
        LedgerOverdrawn: a completed debit exceeds the balance.
    """
    if movement.status is not TransactionStatus.COMPLETED:
        return Posting(balance, balance, tuple(grants))
    if movement.type is TransactionType.CREDIT:
        brought = (movement.grant,) if movement.grant else ()
        return Posting(balance, balance + movement.credits, (*grants, *brought))
    if movement.credits > balance:
        raise LedgerOverdrawn(balance, movement.credits)
    return Posting(balance, balance - movement.credits, burn(grants, movement))


def burn(grants: Sequence[Grant], debit: Movement) -> tuple[Grant, ...]:
    """Take a debit's credits from `grants` in burn order (ties as given), and return those that still hold any.

    A named grant gives first. Grants that had expired before the debit give last, since an operator whose
    expiry rows come late has still spent live credits first; but they are what an expiry takes.
    """
    named = debit.grant.key if debit.grant else None
    expires = debit.reason is TransactionReason.CREDIT_EXPIRED
    due = debit.credits
    left: list[Grant] = []

    def turn(grant: Grant) -> tuple[object, ...]:
        expired = grant.expires_at is not None and grant.expires_at <= debit.at
        return (grant.key != named, expired != expires, *burn_order(grant))

    for grant in sorted(grants, key=turn):
        taken = min(grant.available, due)
        due -= taken
        if taken < grant.available:
            left.append(replace(grant, available=grant.available - taken))
    return tuple(left)


def expired_credits(grants: Iterable[Grant], now: datetime) -> Decimal:
    """Credits in grants whose expiry has passed but has not been posted yet: they no longer count."""
    return sum((g.available for g in grants if g.expires_at is not None and g.expires_at <= now), ZERO)


def next_to_expire(grants: Iterable[Grant], now: datetime) -> Grant | None:
    """Return the credits that expire first after `now`, summed over grants that share that instant; None if none."""
    coming = [(g.expires_at, g) for g in grants if g.expires_at is not None and g.expires_at > now and g.available > 0]
    if not coming:
        return None
    soonest = min(at for at, _ in coming)
    together = [g for at, g in coming if at == soonest]
    return replace(together[0], available=sum((g.available for g in together), ZERO))
