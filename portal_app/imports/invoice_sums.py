"""The sums of one invoice: those that are given must agree, those that are absent follow from them (invariant I3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from portal_app.billing.money import MONEY_SCALE, plain
from portal_app.billing.states import payment_status_of
from portal_app.billing.statuses import InvoiceStatus, PaymentStatus
from portal_app.imports.columns import Objection, Values
from portal_app.imports.kinds import fitting
from portal_app.imports.problems import BadCell

ZERO = Decimal(0)
SUMS = (
    "subtotal",
    "total_discount",
    "total",
    "credits_applied",
    "amount_due",
    "amount_paid",
    "amount_remaining",
    "refunded_amount",
)
_SAYS_NOTHING_OF_HOW_MUCH = {PaymentStatus.OVERPAID, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}


@dataclass(frozen=True, slots=True)
class Lines:
    """What an invoice's lines add up to."""

    count: int
    amount: Decimal
    discount: Decimal
    credits_applied: Decimal


@dataclass(frozen=True, slots=True)
class Receipts:
    """What an invoice's payments add up to, those that arrived; `count` includes those that did not."""

    count: int
    received: Decimal


def complete(values: Values, lines: Lines, receipts: Receipts) -> list[Objection]:
    """Fill in the sums and the payment status that are None, and return what does not add up."""
    return [*_document(values, lines), *_money(values, receipts)] or list(_too_large(values))


def _document(values: Values, lines: Lines) -> Iterator[Objection]:
    yield from _settle(values, "subtotal", lines.amount, f"its {lines.count} lines add up to")
    if values["total_discount"] is None:
        values["total_discount"] = lines.discount
    total = values["subtotal"] - values["total_discount"] + values["total_tax"]
    yield from _settle(values, "total", total, "subtotal − total_discount + total_tax is")
    if values["credits_applied"] is None:
        told = values["amount_due"] is not None
        values["credits_applied"] = values["total"] - values["amount_due"] if told else lines.credits_applied
    if values["credits_applied"] < 0:
        yield "amount_due", f"{plain(values['amount_due'])} is more than the total of {plain(values['total'])}"
    else:
        yield from _settle(
            values, "amount_due", values["total"] - values["credits_applied"], "total − credits_applied is"
        )


def _money(values: Values, receipts: Receipts) -> Iterator[Objection]:
    status, due = values["payment_status"], values["amount_due"]
    if receipts.count:
        yield from _settle(values, "amount_paid", receipts.received, "its received payments add up to")
    elif values["amount_paid"] is None:
        if status in _SAYS_NOTHING_OF_HOW_MUCH:
            yield "amount_paid", f"is required, since {status} does not say how much was paid"
        values["amount_paid"] = max(due, ZERO) if status == PaymentStatus.SUCCEEDED else ZERO
    paid = values["amount_paid"]
    still_open = ZERO if values["invoice_status"] == InvoiceStatus.VOIDED else max(due - paid, ZERO)
    yield from _settle(values, "amount_remaining", still_open, "what is still to pay is")
    if values["refunded_amount"] is None:
        values["refunded_amount"] = paid if status == PaymentStatus.REFUNDED else ZERO
    if values["refunded_amount"] > paid:
        yield "refunded_amount", f"{plain(values['refunded_amount'])} is more than the {plain(paid)} paid"
    elif status is None:
        values["payment_status"] = payment_status_of(due, paid, values["refunded_amount"])
    else:
        yield from _status_agrees(values)


def _status_agrees(values: Values) -> Iterator[Objection]:
    paid, due, refunded = values["amount_paid"], values["amount_due"], values["refunded_amount"]
    agrees = {
        PaymentStatus.SUCCEEDED: values["amount_remaining"] == 0,
        PaymentStatus.OVERPAID: paid > due,
        PaymentStatus.REFUNDED: 0 < refunded == paid,
        PaymentStatus.PARTIALLY_REFUNDED: 0 < refunded < paid,
    }
    if not agrees.get(values["payment_status"], True):
        facts = f"{plain(paid)} of {plain(due)} was paid and {plain(refunded)} refunded"
        yield "payment_status", f"is {values['payment_status']}, but {facts}"


def _settle(values: Values, name: str, computed: Decimal, because: str) -> Iterator[Objection]:
    if values[name] is None:
        values[name] = computed
    elif values[name] != computed:
        yield name, f"{because} {plain(computed)}, not {plain(values[name])}"


def _too_large(values: Values) -> Iterator[Objection]:
    for name in SUMS:
        try:
            fitting(values[name], MONEY_SCALE)
        except BadCell as fault:
            yield name, str(fault)
