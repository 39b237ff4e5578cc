"""The sums of an invoice as its maker sent them, checked against its lines (invariant I3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Protocol

from portal_app.billing.money import RATE_SCALE, plain
from portal_app.errors import Invalid

ZERO = Decimal(0)
MAX_UNIT_PRICE = Decimal(1_000_000)


class Line(Protocol):
    """What is summed of a line."""

    @property
    def amount(self) -> Decimal:
        """Before discounts and credits."""
        ...

    @property
    def discount(self) -> Decimal:
        """Taken off this line."""
        ...

    @property
    def credits_applied(self) -> Decimal:
        """Paid from a wallet."""
        ...


@dataclass(frozen=True, slots=True)
class InvoiceSums:
    """total = subtotal − discount + tax; due = total − credits applied."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    credits_applied: Decimal
    due: Decimal


def sums_of(subtotal: Decimal, total: Decimal, due: Decimal, lines: Sequence[Line]) -> InvoiceSums:
    """Return the sums: what the total exceeds the discounted subtotal by is tax, what is not due was paid in credits.

    Raises:
        Invalid: a sum does not follow from the lines, with the field's name.
    """
    discount = sum((line.discount for line in lines), ZERO)
    from_credits = sum((line.credits_applied for line in lines), ZERO)
    amounts = sum((line.amount for line in lines), ZERO)
    if amounts != subtotal:
        raise Invalid(field="subtotal", problem=f"is {plain(subtotal)}, but the lines come to {plain(amounts)}")
    if total < subtotal - discount:
        raise Invalid(field="total", problem="is less than the subtotal without the lines' discounts")
    if due > total:
        raise Invalid(field="amount_due", problem="is more than the total")
    if from_credits not in {ZERO, total - due}:
        raise Invalid(field="amount_due", problem="is not the total without the lines' prepaid credits")
    return InvoiceSums(subtotal, discount, total - subtotal + discount, total, total - due, due)


def unit_price(amount: Decimal, quantity: Decimal) -> Decimal | None:
    """Return what one unit costs, if that is exact and fits; None if a line has no such thing."""
    if not quantity:
        return None
    with localcontext() as context:
        context.prec = 60
        price = amount / quantity
        exact = price == round(price, RATE_SCALE)
    return round(price, RATE_SCALE) if exact and price < MAX_UNIT_PRICE else None
