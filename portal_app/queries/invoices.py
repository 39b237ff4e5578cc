"""Invoices, as a customer sees them: found, listed newest first, opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, or_
from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import Money
from portal_app.billing.periods import local_midnight
from portal_app.billing.statuses import (
    CUSTOMER_INVOICE_STATUSES,
    BillingReason,
    InvoiceState,
    InvoiceStatus,
    PaymentMethod,
    PaymentStatus,
    PriceType,
    invoice_state,
)
from portal_app.database import Session, is_storable
from portal_app.errors import NotFound
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.queries.customers import CustomerProfile, get_profile
from portal_app.queries.invoice_search import AmountTerm, DateTerm, InvoiceSearch, NumberTerm, StatusTerm
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


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """One payment, or the attempt at one."""

    amount: Money
    method: PaymentMethod
    status: PaymentStatus
    at: datetime
    reference: str


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
    scope = _scope(customer_id, search, zone, now)
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
    statement = select(Invoice).where(*_scope(customer_id, search, zone, now))
    rows = session.exec(
        statement.order_by(*_ordering(InvoiceOrder.DATE, ascending=False)).execution_options(yield_per=500)
    )
    return (_summary(row, now) for row in rows)


def list_latest_invoices(
    session: Session, customer_id: CustomerId, now: datetime, limit: int = 3
) -> list[InvoiceSummary]:
    """Return the customer's newest invoices, newest first."""
    statement = select(Invoice).where(*_visible(customer_id)).order_by(*_ordering(InvoiceOrder.DATE, ascending=False))
    return [_summary(row, now) for row in session.exec(statement.limit(limit))]


def count_invoices(session: Session, customer_id: CustomerId) -> int:
    """Return how many invoices the customer can see in all."""
    return session.exec(select(func.count()).select_from(Invoice).where(*_visible(customer_id))).one()


def get_invoice(session: Session, customer_id: CustomerId, public_id: str, now: datetime) -> InvoiceDetail:
    """Return an invoice with its lines in order and its payments oldest first.

    Raises:
        NotFound: it does not exist, is a draft, or is another customer's.
    """
    statement = select(Invoice).where(*_visible(customer_id), Invoice.public_id == public_id)
    row = session.exec(statement).first() if is_storable(public_id) else None
    if row is None:
        raise NotFound(noun="Invoice")
    lines = select(LineItem).where(LineItem.customer_id == customer_id, LineItem.invoice_id == row.id)
    payments = select(Payment).where(Payment.customer_id == customer_id, Payment.invoice_id == row.id)
    return _detail(
        row,
        customer=get_profile(session, customer_id),
        lines=[_line(line, row.currency) for line in session.exec(lines.order_by(col(LineItem.position)))],
        payments=[
            _payment(payment) for payment in session.exec(payments.order_by(col(Payment.created_at), col(Payment.id)))
        ],
        now=now,
    )


def _visible(customer_id: CustomerId) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Invoice.customer_id) == customer_id,
        col(Invoice.invoice_status).in_(CUSTOMER_INVOICE_STATUSES),
    )


def _scope(
    customer_id: CustomerId, search: InvoiceSearch, zone: ZoneInfo, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    kinds: dict[type, list[ColumnElement[bool]]] = {}
    narrowing: list[ColumnElement[bool]] = []
    for term in search.terms:
        match term:
            case StatusTerm():
                condition = _state_in_sql(now).in_([state.value for state in term.states])
            case AmountTerm():
                condition = _amount_condition(term)
            case DateTerm():
                condition = _date_condition(term, zone)
            case NumberTerm():
                condition = _number_condition(term)
        if isinstance(term, AmountTerm | DateTerm) and term.narrows:
            narrowing.append(condition)
        else:
            kinds.setdefault(type(term), []).append(condition)
    return (*_visible(customer_id), *narrowing, *(or_(*conditions) for conditions in kinds.values()))


def _amount_condition(term: AmountTerm) -> ColumnElement[bool]:
    total = col(Invoice.total)
    if term.low is not None and term.low == term.high:
        return total == term.low  # so that the rows come out of the index by date
    conditions: list[ColumnElement[bool]] = []
    if term.low is not None:
        conditions.append(total >= term.low if term.low_included else total > term.low)
    if term.high is not None:
        conditions.append(total <= term.high if term.high_included else total < term.high)
    return and_(*conditions)


def _date_condition(term: DateTerm, zone: ZoneInfo) -> ColumnElement[bool]:
    issued = col(Invoice.issued_at)
    conditions: list[ColumnElement[bool]] = []
    if term.first is not None:
        conditions.append(issued >= local_midnight(term.first, zone))
    if term.last is not None:
        conditions.append(issued < local_midnight(term.last + timedelta(days=1), zone))
    return and_(*conditions)


def _number_condition(term: NumberTerm) -> ColumnElement[bool]:
    contains = col(Invoice.number).icontains(term.fragment, autoescape=True)
    return contains if term.amount is None else or_(contains, col(Invoice.total) == term.amount)


def _state_in_sql(now: datetime) -> ColumnElement[Any]:
    """`billing.statuses.invoice_state` as SQL, clause by clause."""
    payment = col(Invoice.payment_status)
    remaining, due = col(Invoice.amount_remaining), col(Invoice.amount_due)
    void = or_(col(Invoice.invoice_status) == InvoiceStatus.VOIDED, payment == PaymentStatus.VOIDED)
    return case(
        (void, InvoiceState.VOID.value),
        (payment == PaymentStatus.SUCCEEDED, InvoiceState.PAID.value),
        (payment == PaymentStatus.OVERPAID, InvoiceState.OVERPAID.value),
        (payment == PaymentStatus.REFUNDED, InvoiceState.REFUNDED.value),
        (payment == PaymentStatus.PARTIALLY_REFUNDED, InvoiceState.PARTIALLY_REFUNDED.value),
        (and_(due == 0, remaining == 0), InvoiceState.NOTHING_DUE.value),
        (remaining == 0, InvoiceState.PAID.value),
        (payment == PaymentStatus.FAILED, InvoiceState.FAILED.value),
        (and_(col(Invoice.due_at).is_not(None), col(Invoice.due_at) < now), InvoiceState.OVERDUE.value),
        (payment == PaymentStatus.PROCESSING, InvoiceState.PROCESSING.value),
        (payment == PaymentStatus.INITIATED, InvoiceState.STARTED.value),
        (col(Invoice.amount_paid) > 0, InvoiceState.PARTIALLY_PAID.value),
        else_=InvoiceState.PENDING.value,
    )


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
    customer: CustomerProfile,
    lines: list[InvoiceLine],
    payments: list[InvoicePayment],
    now: datetime,
) -> InvoiceDetail:
    def money(amount: Decimal) -> Money:
        return Money(amount, row.currency)

    return InvoiceDetail(
        summary=_summary(row, now),
        customer=customer,
        lines=tuple(lines),
        payments=tuple(payments),
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
    )


def _payment(row: Payment) -> InvoicePayment:
    return InvoicePayment(
        amount=Money(row.amount, row.currency),
        method=row.method,
        status=row.payment_status,
        at=row.created_at,
        reference=row.reference,
    )
