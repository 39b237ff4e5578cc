"""What an invoice's or a subscription's statuses, sums and dates amount to for the customer: the one word of its badge.

Their labels on screen are in labels.py.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto

from portal_app.billing.statuses import InvoiceStatus, PaymentStatus, SubscriptionStatus


def payment_status_of(due: Decimal, paid: Decimal, refunded: Decimal) -> PaymentStatus:
    """Return what an invoice's sums say of its payment, where nobody says more."""
    if refunded > 0:
        return PaymentStatus.REFUNDED if refunded == paid else PaymentStatus.PARTIALLY_REFUNDED
    if paid == 0 or paid < due:
        return PaymentStatus.PENDING
    return PaymentStatus.SUCCEEDED if paid == due else PaymentStatus.OVERPAID


class InvoiceState(StrEnum):
    """What an invoice is to the person who owes it: the one word of its badge."""

    PAID = auto()
    PENDING = auto()
    STARTED = auto()
    PARTIALLY_PAID = auto()
    PROCESSING = auto()
    OVERDUE = auto()
    FAILED = auto()
    OVERPAID = auto()
    REFUNDED = auto()
    PARTIALLY_REFUNDED = auto()
    NOTHING_DUE = auto()
    VOID = auto()


UNPAID_STATES = frozenset(
    {
        InvoiceState.PENDING,
        InvoiceState.STARTED,
        InvoiceState.PARTIALLY_PAID,
        InvoiceState.PROCESSING,
        InvoiceState.OVERDUE,
        InvoiceState.FAILED,
    }
)

_SETTLED = {
    PaymentStatus.SUCCEEDED: InvoiceState.PAID,
    PaymentStatus.OVERPAID: InvoiceState.OVERPAID,
    PaymentStatus.REFUNDED: InvoiceState.REFUNDED,
    PaymentStatus.PARTIALLY_REFUNDED: InvoiceState.PARTIALLY_REFUNDED,
}
_UNDER_WAY = {
    PaymentStatus.PROCESSING: InvoiceState.PROCESSING,
    PaymentStatus.INITIATED: InvoiceState.STARTED,
}


def invoice_state(  # noqa: PLR0911 (a decision table reads best as one)
    *,
    invoice_status: InvoiceStatus,
    payment_status: PaymentStatus,
    amount_due: Decimal,
    amount_paid: Decimal,
    amount_remaining: Decimal,
    due_at: datetime | None,
    now: datetime,
) -> InvoiceState:
    """Return the one truthful word for an invoice.

    Overdue means unpaid, something remaining, due date past. A payment that failed is said to have
    failed even after the due date: that is what its reader must act on. `queries/invoice_conditions.py`
    says the same in SQL; a test walks every combination through both.
    """
    if invoice_status == InvoiceStatus.VOIDED or payment_status == PaymentStatus.VOIDED:
        return InvoiceState.VOID
    if payment_status in _SETTLED:
        return _SETTLED[payment_status]
    if amount_due <= 0 and amount_remaining == 0:  # below zero is a credit note
        return InvoiceState.NOTHING_DUE
    if amount_remaining == 0:
        return InvoiceState.PAID
    if payment_status == PaymentStatus.FAILED:
        return InvoiceState.FAILED
    if due_at is not None and due_at < now:
        return InvoiceState.OVERDUE
    if payment_status in _UNDER_WAY:
        return _UNDER_WAY[payment_status]
    return InvoiceState.PARTIALLY_PAID if amount_paid > 0 else InvoiceState.PENDING


class SubscriptionState(StrEnum):
    """What a subscription is to its customer: the one word of its badge."""

    ACTIVE = auto()
    TRIALING = auto()
    CANCELLING = auto()
    PAUSED = auto()
    INCOMPLETE = auto()
    CANCELLED = auto()
    ENDED = auto()


_SUBSCRIPTION_AS_SAID = {
    SubscriptionStatus.PAUSED: SubscriptionState.PAUSED,
    SubscriptionStatus.INCOMPLETE: SubscriptionState.INCOMPLETE,
}


def first_end(
    *, period_end_at: datetime, cancels_with_period: bool, cancel_at: datetime | None, end_at: datetime | None
) -> datetime | None:
    """Return when a subscription ends by what is set: the first of its ends, or None if it has none."""
    with_period = period_end_at if cancels_with_period else None
    return min((at for at in (with_period, cancel_at, end_at) if at is not None), default=None)


def end_of_cancelled(
    *, period_end_at: datetime, cancelled_at: datetime | None, ends_at: datetime | None, end_at: datetime | None
) -> datetime:
    """Return when a cancelled subscription ended: with its period, if nothing says when. `ends_at` is its first end."""
    over_at = cancelled_at or ends_at or period_end_at
    return min(over_at, end_at or over_at)


def subscription_state(
    status: SubscriptionStatus, *, end_at: datetime | None, cancels: bool, now: datetime
) -> SubscriptionState:
    """Return the one truthful word for a subscription that is no draft; `cancels` says an end is already set."""
    if status is SubscriptionStatus.CANCELLED:
        return SubscriptionState.CANCELLED
    if end_at is not None and end_at <= now:
        return SubscriptionState.ENDED
    if status in _SUBSCRIPTION_AS_SAID:
        return _SUBSCRIPTION_AS_SAID[status]
    if cancels:
        return SubscriptionState.CANCELLING
    trialing = status is SubscriptionStatus.TRIALING
    return SubscriptionState.TRIALING if trialing else SubscriptionState.ACTIVE
