"""Invoices, as a customer sees them: found, listed newest first, opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_
from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import Money
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceState,
    InvoiceStatus,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    PriceType,
    invoice_state,
)
from portal_app.database import Session, is_storable
from portal_app.errors import NotFound
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.subscription import Subscription
from portal_app.queries.customers import CustomerProfile, profile_of
from portal_app.queries.invoice_conditions import matching, visible
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.paging import PAGE_SIZE, Page, offset_of


class InvoiceOrder(StrEnum):
    """What a list of invoices is sorted by, ties by date in the same direction; a missing number comes last."""

    DATE = "date"
    NUMBER = "number"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """One invoice in a list. Amounts are unrounded; `number` may be missing on imported ones."""

    public_id: str
    number: str | None
    state: InvoiceState
    total: Money
    remaining: Money
    issued_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line: `amount` is before discounts and credits. The period is `[period_start_at, period_end_at)`."""

    description: str
    price_type: PriceType
    quantity: Decimal
    unit_price: Decimal | None
    amount: Money
    discount: Money
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


def search_invoices(
    session: Session,
    customer_id: CustomerId,
    search: InvoiceSearch,
    zone: ZoneInfo,
    now: datetime,
    number: int = 1,
    order: InvoiceOrder = InvoiceOrder.DATE,
    *,
    ascending: bool = False,
) -> Page[InvoiceSummary]:
    """Return one page of the invoices that match, drafts and skipped ones never among them.

    Days in the search are the customer's, in `zone`.
    """
    scope = matching(customer_id, search, zone, now)
    total = session.exec(select(func.count()).select_from(Invoice).where(*scope)).one()
    number, offset = offset_of(number, total)
    rows = session.exec(
        select(Invoice).where(*scope).order_by(*_ordering(order, ascending=ascending)).offset(offset).limit(PAGE_SIZE)
    )
    return Page(tuple(_summary(row, now) for row in rows), number, total)


def each_invoice(
    session: Session, customer_id: CustomerId, search: InvoiceSearch, zone: ZoneInfo, now: datetime
) -> Iterator[InvoiceSummary]:
    """Yield all invoices that match, newest first, in constant memory."""
    statement = select(Invoice).where(*matching(customer_id, search, zone, now))
    rows = session.exec(
        statement.order_by(*_ordering(InvoiceOrder.DATE, ascending=False)).execution_options(yield_per=500)
    )
    return (_summary(row, now) for row in rows)


def list_latest_invoices(
    session: Session, customer_id: CustomerId, now: datetime, limit: int = 3
) -> list[InvoiceSummary]:
    """Return the customer's newest invoices, newest first."""
    statement = select(Invoice).where(*visible(customer_id)).order_by(*_ordering(InvoiceOrder.DATE, ascending=False))
    return [_summary(row, now) for row in session.exec(statement.limit(limit))]


def count_invoices(session: Session, customer_id: CustomerId) -> int:
    """Return how many invoices the customer can see in all."""
    return session.exec(select(func.count()).select_from(Invoice).where(*visible(customer_id))).one()


def get_invoice(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> InvoiceDetail:
    """Return an invoice with its lines in order and its payments oldest first.

    Raises:
        NotFound: it does not exist, is a draft, or is another customer's.
    """
    return _one(session, (*visible(customer_id), col(Invoice.public_id) == public_id), public_id, now)


def get_invoice_of_operator(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> InvoiceDetail:
    """Return an invoice as `get_invoice` does, be it a draft.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = col(Invoice.customer_id) == customer_id, col(Invoice.public_id) == public_id
    return _one(session, mine, public_id, now)


def with_subscription() -> Any:
    """Return the select that `all_details` takes its rows from: invoices, each with its subscription's id."""
    same = and_(
        col(Subscription.customer_id) == col(Invoice.customer_id),
        col(Subscription.id) == col(Invoice.subscription_id),
    )
    return select(Invoice, Subscription.public_id).outerjoin(Subscription, same)


def all_details(session: Session, rows: Sequence[tuple[Invoice, str | None]], now: datetime) -> list[InvoiceDetail]:
    """Return invoices in full, in three statements however many there are."""
    owners, ids = {row.customer_id for row, _ in rows}, [row.id for row, _ in rows]
    customers = {row.id: profile_of(row) for row in session.exec(select(Customer).where(col(Customer.id).in_(owners)))}
    lines: defaultdict[int, list[LineItem]] = defaultdict(list)
    for line in session.exec(
        select(LineItem)
        .where(col(LineItem.customer_id).in_(owners), col(LineItem.invoice_id).in_(ids))
        .order_by(col(LineItem.position))
    ):
        lines[line.invoice_id].append(line)
    payments: defaultdict[int, list[Payment]] = defaultdict(list)
    for payment in session.exec(
        select(Payment)
        .where(col(Payment.customer_id).in_(owners), col(Payment.invoice_id).in_(ids))
        .order_by(col(Payment.created_at), col(Payment.id))
    ):
        payments[payment.invoice_id].append(payment)
    return [
        _detail(row, subscription, customers[row.customer_id], lines[row.id or 0], payments[row.id or 0], now)
        for row, subscription in rows
    ]


def _one(session: Session, conditions: Sequence[Any], public_id: str, now: datetime) -> InvoiceDetail:
    row = session.exec(with_subscription().where(*conditions)).first() if is_storable(public_id) else None
    if row is None:
        raise NotFound(noun="Invoice")
    return all_details(session, [tuple(row)], now)[0]


def _ordering(order: InvoiceOrder, *, ascending: bool) -> tuple[Any, ...]:
    newest_first = (col(Invoice.issued_at), col(Invoice.id))
    columns = {
        InvoiceOrder.DATE: newest_first,
        InvoiceOrder.NUMBER: (col(Invoice.number), *newest_first),
        InvoiceOrder.AMOUNT: (col(Invoice.total), *newest_first),
    }[order]
    directed = [column.asc() if ascending else column.desc() for column in columns]
    if order is InvoiceOrder.NUMBER:
        directed[0] = directed[0].nulls_last()
    return tuple(directed)


def _summary(row: Invoice, now: datetime) -> InvoiceSummary:
    return InvoiceSummary(
        public_id=row.public_id,
        number=row.number,
        state=invoice_state(
            invoice_status=row.invoice_status,
            payment_status=row.payment_status,
            amount_due=row.amount_due,
            amount_paid=row.amount_paid,
            amount_remaining=row.amount_remaining,
            due_at=row.due_at,
            now=now,
        ),
        total=Money(row.total, row.currency),
        remaining=Money(row.amount_remaining, row.currency),
        issued_at=row.issued_at,
        due_at=row.due_at,
    )


def _detail(
    row: Invoice,
    subscription: str | None,
    customer: CustomerProfile,
    lines: list[LineItem],
    payments: list[Payment],
    now: datetime,
) -> InvoiceDetail:
    def money(amount: Decimal) -> Money:
        return Money(amount, row.currency)

    return InvoiceDetail(
        summary=_summary(row, now),
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
        subscription_public_id=subscription,
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


def _line(row: LineItem, currency: str) -> InvoiceLine:
    return InvoiceLine(
        description=row.display_name,
        price_type=row.price_type,
        quantity=row.quantity,
        unit_price=row.unit_price,
        amount=Money(row.amount, currency),
        discount=Money(row.discount, currency),
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


def payment_of(row: Payment, invoice_public_id: str) -> InvoicePayment:
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
