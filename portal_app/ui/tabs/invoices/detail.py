"""An invoice opened: its lines, sums and payments as finished texts."""

from __future__ import annotations

from typing import TypedDict

from portal_app.billing.money import Money
from portal_app.display import Display
from portal_app.labels import BILLING_REASONS, INVOICE_STATES, INVOICE_TYPES, PAYMENT_METHODS, PAYMENT_STATUSES
from portal_app.queries.invoice_details import InvoiceDetail, InvoiceLine, InvoicePayment
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import NO_BADGE, BadgeRow, badge_row


class LineRow(TypedDict):
    """One line of an invoice."""

    description: str
    period: str
    quantity: str
    unit_price: str
    amount: str


class SumRow(TypedDict):
    """One line of the sums; `kind` is `total` for those that count."""

    label: str
    amount: str
    kind: str


class PaymentRow(TypedDict):
    """One payment or attempt."""

    date: str
    method: str
    reference: str
    badge: BadgeRow
    amount: str


class OpenInvoice(TypedDict):
    """An invoice as the drawer shows it. `problem` says why there is none: `not_found`, or a reference."""

    id: str
    problem: str
    number: str
    badge: BadgeRow
    amount: str
    type: str
    reason: str
    issued: str
    due: str
    period: str
    description: str
    lines: list[LineRow]
    sums: list[SumRow]
    payments: list[PaymentRow]


NO_INVOICE = OpenInvoice(
    id="", problem="", number="", badge=NO_BADGE, amount="", type="", reason="", issued="", due="", period="",
    description="", lines=[], sums=[], payments=[],
)  # fmt: skip


def open_invoice(invoice: InvoiceDetail, display: Display) -> OpenInvoice:
    """Word an invoice for its drawer."""
    summary = invoice.summary
    has_period = invoice.period_start_at is not None and invoice.period_end_at is not None
    return OpenInvoice(
        id=summary.public_id,
        problem="",
        number=summary.number or _("No number"),
        badge=badge_row(INVOICE_STATES[summary.state]),
        amount=display.money(summary.total),
        type=INVOICE_TYPES[invoice.invoice_type],
        reason=BILLING_REASONS[invoice.billing_reason],
        issued=display.date(summary.issued_at),
        due=display.date(summary.due_at) if summary.due_at else "",
        period=display.period(invoice.period_start_at, invoice.period_end_at) if has_period else "",
        description=invoice.description,
        lines=[_line(line, display) for line in invoice.lines],
        sums=_sums(invoice, display),
        payments=[_payment(payment, display) for payment in invoice.payments],
    )


def _line(line: InvoiceLine, display: Display) -> LineRow:
    has_period = line.period_start_at is not None and line.period_end_at is not None
    return LineRow(
        description=line.description,
        period=display.period(line.period_start_at, line.period_end_at) if has_period else "",
        quantity=display.number(line.quantity),
        unit_price=display.rate(line.unit_price, line.amount.currency) if line.unit_price is not None else "",
        amount=display.money(line.amount),
    )


def _sums(invoice: InvoiceDetail, display: Display) -> list[SumRow]:
    """Return the sums that say something: zero discounts, taxes and credits are left out."""
    summary = invoice.summary
    tax = _("Tax ({name})").format(name=invoice.tax_name) if invoice.tax_name else _("Tax")
    rows: list[tuple[str, Money, str, bool]] = [
        (_("Subtotal"), invoice.subtotal, "", True),
        (_("Discount"), -invoice.discount, "", invoice.discount.amount != 0),
        (tax, invoice.tax, "", invoice.tax.amount != 0),
        (_("Total"), summary.total, "total", True),
        (_("Credits applied"), -invoice.credits_applied, "", invoice.credits_applied.amount != 0),
        (_("Amount due"), invoice.due, "", invoice.credits_applied.amount != 0),
        (_("Paid"), -invoice.paid, "", invoice.paid.amount != 0),
        (_("Refunded"), invoice.refunded, "", invoice.refunded.amount != 0),
        (_("Still to pay"), summary.to_pay, "total", True),
    ]
    return [SumRow(label=label, amount=display.money(money), kind=kind) for label, money, kind, said in rows if said]


def _payment(payment: InvoicePayment, display: Display) -> PaymentRow:
    return PaymentRow(
        date=display.moment(payment.at),
        method=PAYMENT_METHODS[payment.method],
        reference=payment.reference,
        badge=badge_row(PAYMENT_STATUSES[payment.status]),
        amount=display.money(payment.amount),
    )
