"""Invoices and their lines, as the dialect writes them. Optional times are left out where there is none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from portal_app.api.wire.base import ObjectWire
from portal_app.api.wire.customers import CustomerWire, customer_wire
from portal_app.api.wire.payments import PaymentWire, payment_wire
from portal_app.api.wire.subscriptions import SubscriptionWire
from portal_app.api.wire.values import Omitted, WireDecimal, WireTime
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentStatus,
    PriceType,
)
from portal_app.queries.invoice_details import InvoiceDetail, InvoiceLine
from portal_app.queries.invoice_lists import CurrencySummary

ZERO = Decimal(0)


class LineItemWire(BaseModel):
    """One line of an invoice. `amount` is before discounts and credits."""

    id: str
    invoice_id: str
    customer_id: str
    subscription_id: Omitted[str] = None
    entity_id: Omitted[str] = None
    entity_type: Omitted[str] = None
    price_id: Omitted[str] = None
    price_type: PriceType
    plan_id: Omitted[str] = None
    plan_display_name: Omitted[str] = None
    meter_id: Omitted[str] = None
    meter_display_name: Omitted[str] = None
    display_name: str
    amount: WireDecimal
    quantity: WireDecimal
    currency: str
    period_start: Omitted[WireTime] = None
    period_end: Omitted[WireTime] = None
    metadata: Omitted[dict[str, str]] = None
    prepaid_credits_applied: WireDecimal
    line_item_discount: WireDecimal
    invoice_level_discount: WireDecimal


class TaxWire(BaseModel):
    """A tax on an invoice."""

    name: str
    tax_amount: WireDecimal
    currency: str


class InvoiceWire(ObjectWire):
    """An invoice in one currency: total = subtotal − total_discount + total_tax; due = total − credits applied."""

    id: str
    customer_id: str
    subscription_id: Omitted[str] = None
    invoice_type: InvoiceType
    invoice_status: InvoiceStatus
    payment_status: PaymentStatus
    currency: str
    amount_due: WireDecimal
    amount_paid: WireDecimal
    amount_remaining: WireDecimal
    subtotal: WireDecimal
    total: WireDecimal
    total_discount: WireDecimal
    total_tax: WireDecimal
    total_prepaid_credits_applied: WireDecimal
    adjustment_amount: WireDecimal = ZERO
    refunded_amount: WireDecimal
    overpaid_amount: Omitted[WireDecimal] = None
    invoice_number: str | None
    idempotency_key: str | None
    billing_sequence: int | None = None
    description: Omitted[str] = None
    billing_reason: BillingReason
    billing_period: Omitted[BillingPeriod] = None
    issue_date: Omitted[WireTime] = None
    due_date: Omitted[WireTime] = None
    paid_at: Omitted[WireTime] = None
    voided_at: Omitted[WireTime] = None
    finalized_at: Omitted[WireTime] = None
    period_start: Omitted[WireTime] = None
    period_end: Omitted[WireTime] = None
    metadata: Omitted[dict[str, str]] = None
    version: int = 1
    is_manually_edited: bool = False
    line_items: Omitted[list[LineItemWire]] = None
    coupon_applications: list[str] = []
    payments: Omitted[list[PaymentWire]] = None
    taxes: Omitted[list[TaxWire]] = None
    customer: Omitted[CustomerWire] = None
    subscription: Omitted[SubscriptionWire] = None


class CurrencySummaryWire(BaseModel):
    """What a customer's issued invoices in one currency come to."""

    customer_id: str
    currency: str
    total_revenue_amount: WireDecimal
    total_paid_amount: WireDecimal
    total_unpaid_amount: WireDecimal
    total_overdue_amount: WireDecimal
    total_invoice_count: int
    unpaid_invoice_count: int
    overdue_invoice_count: int


class InvoiceSummaryWire(BaseModel):
    """What a customer's issued invoices come to, a currency each."""

    customer_id: str
    default_currency: str
    summaries: list[CurrencySummaryWire]


class PdfUrlWire(BaseModel):
    """An address that gives the PDF for one minute."""

    presigned_url: str


def invoice_wire(invoice: InvoiceDetail, *, lines: bool = True) -> InvoiceWire:
    """Return an invoice as lists write it, with its lines unless they are not wanted."""
    written = [_line(line, invoice) for line in invoice.lines] if lines else None
    return InvoiceWire(**_columns(invoice), line_items=written, customer=customer_wire(invoice.customer))


def whole_invoice_wire(invoice: InvoiceDetail, subscription: SubscriptionWire | None) -> InvoiceWire:
    """Return an invoice with everything that belongs to it, its payments included."""
    tax = invoice.tax
    taxes = [TaxWire(name=invoice.tax_name, tax_amount=tax.amount, currency=tax.currency)] if tax.amount else []
    return InvoiceWire(
        **_columns(invoice),
        line_items=[_line(line, invoice) for line in invoice.lines],
        payments=[payment_wire(payment) for payment in invoice.payments],
        taxes=taxes,
        customer=customer_wire(invoice.customer),
        subscription=subscription,
    )


def invoice_summary_wire(customer_id: str, summaries: list[CurrencySummary]) -> InvoiceSummaryWire:
    """Return the sums of a customer's invoices; the default currency is that of most of them."""
    most = max(summaries, key=lambda summary: summary.count, default=None)
    return InvoiceSummaryWire(
        customer_id=customer_id,
        default_currency=most.currency if most else "",
        summaries=[
            CurrencySummaryWire(
                customer_id=customer_id,
                currency=summary.currency,
                total_revenue_amount=summary.total_revenue,
                total_paid_amount=summary.paid,
                total_unpaid_amount=summary.unpaid,
                total_overdue_amount=summary.overdue,
                total_invoice_count=summary.count,
                unpaid_invoice_count=summary.unpaid_count,
                overdue_invoice_count=summary.overdue_count,
            )
            for summary in summaries
        ],
    )


def _columns(invoice: InvoiceDetail) -> dict[str, Any]:
    overpaid = invoice.paid.amount - max(invoice.due.amount, ZERO)
    draft = invoice.invoice_status is InvoiceStatus.DRAFT
    return {
        "id": invoice.summary.public_id,
        "customer_id": invoice.customer.public_id,
        "subscription_id": invoice.subscription_public_id,
        "invoice_type": invoice.invoice_type,
        "invoice_status": invoice.invoice_status,
        "payment_status": invoice.payment_status,
        "currency": invoice.due.currency,
        "amount_due": invoice.due.amount,
        "amount_paid": invoice.paid.amount,
        "amount_remaining": invoice.summary.remaining.amount,
        "subtotal": invoice.subtotal.amount,
        "total": invoice.summary.total.amount,
        "total_discount": invoice.discount.amount,
        "total_tax": invoice.tax.amount,
        "total_prepaid_credits_applied": invoice.credits_applied.amount,
        "refunded_amount": invoice.refunded.amount,
        "overpaid_amount": overpaid if overpaid > 0 else None,
        "invoice_number": invoice.summary.number,
        "idempotency_key": invoice.idempotency_key,
        "description": invoice.description or None,
        "billing_reason": invoice.billing_reason,
        "billing_period": invoice.billing_period,
        "issue_date": None if draft else invoice.summary.issued_at,
        "due_date": invoice.summary.due_at,
        "paid_at": invoice.paid_at,
        "voided_at": invoice.voided_at,
        "finalized_at": invoice.finalized_at,
        "period_start": invoice.period_start_at,
        "period_end": invoice.period_end_at,
        "metadata": dict(invoice.meta) or None,
        "created_at": invoice.created_at,
        "updated_at": invoice.updated_at,
    }


def _line(line: InvoiceLine, invoice: InvoiceDetail) -> LineItemWire:
    return LineItemWire(
        id=line.public_id,
        invoice_id=invoice.summary.public_id,
        customer_id=invoice.customer.public_id,
        subscription_id=invoice.subscription_public_id,
        entity_id=line.plan_ref or None,
        entity_type="plan" if line.plan_ref else None,
        price_id=line.price_ref or None,
        price_type=line.price_type,
        plan_id=line.plan_ref or None,
        plan_display_name=line.plan_name or None,
        meter_id=line.meter_ref or None,
        meter_display_name=line.meter_name or None,
        display_name=line.description,
        amount=line.amount.amount,
        quantity=line.quantity,
        currency=line.amount.currency,
        period_start=line.period_start_at,
        period_end=line.period_end_at,
        metadata=dict(line.meta) or None,
        prepaid_credits_applied=line.credits_applied.amount,
        line_item_discount=(line.discount - line.invoice_discount).amount,
        invoice_level_discount=line.invoice_discount.amount,
    )
