"""One invoice in full, and many at once: with lines, payments and customer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.money import Money
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    PriceType,
)
from portal_app.database import Session, is_storable
from portal_app.errors import NotFound
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.subscription import Subscription
from portal_app.queries.customers import PROFILE, CustomerProfile
from portal_app.queries.invoice_conditions import visible
from portal_app.queries.invoices import InvoiceSummary, summary_of
from portal_app.queries.rows import MINE, all_rows_of, columns_of, row_of


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: `amount` is before discounts and credits, `invoice_discount` is part of `discount`.

    The period is `[period_start_at, period_end_at)`.
    """

    description: str
    price_type: PriceType
    quantity: Decimal
    unit_price: Decimal | None
    amount: Money
    discount: Money
    invoice_discount: Money
    period_start_at: datetime | None
    period_end_at: datetime | None
    public_id: str
    credits_applied: Money
    price_ref: str
    plan_ref: str
    plan_name: str
    meter_ref: str
    meter_name: str
    meta: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """One payment, or the attempt at one."""

    amount: Money
    method: PaymentMethod
    status: PaymentStatus
    at: datetime
    reference: str
    public_id: str
    invoice_public_id: str
    idempotency_key: str | None
    meta: Mapping[str, str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """An invoice in full, with its customer as of now. All amounts are in `summary.total.currency`."""

    summary: InvoiceSummary
    customer: CustomerProfile
    lines: tuple[InvoiceLine, ...]
    payments: tuple[InvoicePayment, ...]
    subtotal: Money
    discount: Money
    tax: Money
    tax_name: str
    credits_applied: Money
    due: Money
    paid: Money
    refunded: Money
    paid_at: datetime | None
    voided_at: datetime | None
    period_start_at: datetime | None
    period_end_at: datetime | None
    billing_reason: BillingReason
    description: str
    subscription_public_id: str | None
    invoice_type: InvoiceType
    invoice_status: InvoiceStatus
    payment_status: PaymentStatus
    billing_period: BillingPeriod | None
    finalized_at: datetime | None
    idempotency_key: str | None
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


def get_invoice(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> InvoiceDetail:
    """Return an invoice with its lines in order and its payments oldest first.

    Raises:
        NotFound: it does not exist, is a draft, or is another customer's.
    """
    return _one(session, customer_id, _VISIBLE, public_id, now)


def get_invoice_of_operator(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> InvoiceDetail:
    """Return an invoice as `get_invoice` does, be it a draft.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    return _one(session, customer_id, _ANY, public_id, now)


def with_subscription() -> Any:
    """Return the select that `all_details` takes its rows from: invoices, each with its subscription's id."""
    same = and_(
        col(Subscription.customer_id) == col(Invoice.customer_id),
        col(Subscription.id) == col(Invoice.subscription_id),
    )
    return select(*columns_of(Invoice), col(Subscription.public_id).label("subscription_public_id")).outerjoin_from(
        Invoice, Subscription, same
    )


def all_details(session: Session, rows: Sequence[Any], now: datetime) -> list[InvoiceDetail]:
    """Return invoices in full, in three statements however many there are."""
    of_these: dict[str, Any] = {"owners": list({row.customer_id for row in rows}), "invoices": [row.id for row in rows]}
    customers = {id_: CustomerProfile(*profile) for id_, *profile in all_rows_of(session, _CUSTOMERS, **of_these)}
    lines = _by_invoice(all_rows_of(session, _LINES, **of_these))
    payments = _by_invoice(all_rows_of(session, _PAYMENTS, **of_these))
    return [_detail(row, customers[row.customer_id], lines[row.id], payments[row.id], now) for row in rows]


def _by_invoice(rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.invoice_id].append(row)
    return found


def _one(session: Session, customer_id: CustomerId, statement: Any, public_id: str, now: datetime) -> InvoiceDetail:
    found = row_of(session, customer_id, statement, public_id=public_id) if is_storable(public_id) else None
    if found is None:
        raise NotFound(noun="Invoice")
    return all_details(session, [found], now)[0]


def _detail(row: Any, customer: CustomerProfile, lines: list[Any], payments: list[Any], now: datetime) -> InvoiceDetail:
    def money(amount: Decimal) -> Money:
        return Money(amount, row.currency)

    return InvoiceDetail(
        summary=summary_of(row, now),
        customer=customer,
        lines=tuple(_line(line, row.currency) for line in lines),
        payments=tuple(payment_of(payment, row.public_id) for payment in payments),
        subtotal=money(row.subtotal),
        discount=money(row.total_discount),
        tax=money(row.total_tax),
        tax_name=row.tax_name,
        credits_applied=money(row.credits_applied),
        due=money(row.amount_due),
        paid=money(row.amount_paid),
        refunded=money(row.refunded_amount),
        paid_at=row.paid_at,
        voided_at=row.voided_at,
        period_start_at=row.period_start_at,
        period_end_at=row.period_end_at,
        billing_reason=row.billing_reason,
        description=row.description,
        subscription_public_id=row.subscription_public_id,
        invoice_type=row.invoice_type,
        invoice_status=row.invoice_status,
        payment_status=row.payment_status,
        billing_period=row.billing_period,
        finalized_at=row.finalized_at,
        idempotency_key=row.idempotency_key,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _line(row: Any, currency: str) -> InvoiceLine:
    return InvoiceLine(
        description=row.display_name,
        price_type=row.price_type,
        quantity=row.quantity,
        unit_price=row.unit_price,
        amount=Money(row.amount, currency),
        discount=Money(row.discount, currency),
        invoice_discount=Money(row.invoice_discount, currency),
        period_start_at=row.period_start_at,
        period_end_at=row.period_end_at,
        public_id=row.public_id,
        credits_applied=Money(row.credits_applied, currency),
        price_ref=row.price_ref,
        plan_ref=row.plan_ref,
        plan_name=row.plan_name,
        meter_ref=row.meter_ref,
        meter_name=row.meter_name,
        meta=row.meta,
    )


def payment_of(row: Any, invoice_public_id: str) -> InvoicePayment:
    """Return a row as its reader sees it."""
    return InvoicePayment(
        amount=Money(row.amount, row.currency),
        method=row.method,
        status=row.payment_status,
        at=row.created_at,
        reference=row.reference,
        public_id=row.public_id,
        invoice_public_id=invoice_public_id,
        idempotency_key=row.idempotency_key,
        meta=row.meta,
        updated_at=row.updated_at,
    )


_NAMED = col(Invoice.public_id) == bindparam("public_id")
_VISIBLE = with_subscription().where(*visible(MINE), _NAMED)
_ANY = with_subscription().where(col(Invoice.customer_id) == MINE, _NAMED)
_OWNERS, _INVOICES = bindparam("owners", expanding=True), bindparam("invoices", expanding=True)
_CUSTOMERS = select(col(Customer.id), *PROFILE).where(col(Customer.id).in_(_OWNERS))
_LINES = (
    select(*columns_of(LineItem))
    .where(col(LineItem.customer_id).in_(_OWNERS), col(LineItem.invoice_id).in_(_INVOICES))
    .order_by(col(LineItem.position))
)
_PAYMENTS = (
    select(*columns_of(Payment))
    .where(col(Payment.customer_id).in_(_OWNERS), col(Payment.invoice_id).in_(_INVOICES))
    .order_by(col(Payment.created_at), col(Payment.id))
)
