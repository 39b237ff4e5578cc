"""Invoices in full, a page at a time: as a customer's own front end and the operator's programs list them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, case, func, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import SETTLED_PAYMENT_STATUSES, InvoiceStatus, PaymentStatus
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice, Payment
from portal_app.models.subscription import Subscription
from portal_app.queries.invoice_conditions import visible
from portal_app.queries.invoice_details import InvoiceDetail, InvoicePayment, all_details, payment_of, with_subscription
from portal_app.queries.listing import Fields, Listing, Slice, all_rows
from portal_app.queries.rows import columns_of

ZERO = Decimal(0)
INVOICE_FIELDS: Fields = {
    "id": col(Invoice.public_id),
    "customer_id": col(Customer.public_id),
    "external_customer_id": col(Customer.external_id),
    "subscription_id": col(Subscription.public_id),
    "invoice_number": col(Invoice.number),
    "invoice_type": col(Invoice.invoice_type),
    "invoice_status": col(Invoice.invoice_status),
    "payment_status": col(Invoice.payment_status),
    "billing_reason": col(Invoice.billing_reason),
    "currency": col(Invoice.currency),
    "total": col(Invoice.total),
    "amount_due": col(Invoice.amount_due),
    "amount_paid": col(Invoice.amount_paid),
    "amount_remaining": col(Invoice.amount_remaining),
    "issue_date": col(Invoice.issued_at),
    "due_date": col(Invoice.due_at),
    "period_start": col(Invoice.period_start_at),
    "period_end": col(Invoice.period_end_at),
    "created_at": col(Invoice.created_at),
    "updated_at": col(Invoice.updated_at),
}
PAYMENT_FIELDS: Fields = {
    "id": col(Payment.public_id),
    "customer_id": col(Customer.public_id),
    "destination_id": col(Invoice.public_id),
    "payment_status": col(Payment.payment_status),
    "payment_method_type": col(Payment.method),
    "currency": col(Payment.currency),
    "amount": col(Payment.amount),
    "created_at": col(Payment.created_at),
    "updated_at": col(Payment.updated_at),
}


@dataclass(frozen=True, slots=True)
class CurrencySummary:
    """What a customer's issued invoices in one currency come to; overdue is part of unpaid."""

    currency: str
    total_revenue: Decimal
    paid: Decimal
    unpaid: Decimal
    overdue: Decimal
    count: int
    unpaid_count: int
    overdue_count: int


def list_invoices(session: Session, customer_id: CustomerId, listing: Listing, now: datetime) -> Slice[InvoiceDetail]:
    """Return the invoices of a customer that a listing asks for, drafts and skipped ones never among them."""
    statement = _with_customer().where(*visible(customer_id))
    found = all_rows(session, statement, listing, INVOICE_FIELDS, col(Invoice.id))
    return Slice(tuple(all_details(session, found.items, now)), found.total)


def list_invoices_of_operator(session: Session, listing: Listing, now: datetime) -> Slice[InvoiceDetail]:
    """Return the invoices of all customers that a listing asks for, whatever their status."""
    found = all_rows(session, _with_customer(), listing, INVOICE_FIELDS, col(Invoice.id))
    return Slice(tuple(all_details(session, found.items, now)), found.total)


def get_payment(session: Session, customer_id: CustomerId, public_id: str) -> InvoicePayment:
    """Return a payment.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = col(Payment.customer_id) == customer_id, col(Payment.public_id) == public_id
    found = session.connection().execute(_payments().where(*mine)).first()
    if found is None:
        raise NotFound(noun="Payment")
    return payment_of(found, found.invoice_public_id)


def list_payments_of_operator(session: Session, listing: Listing) -> Slice[InvoicePayment]:
    """Return the payments of all customers that a listing asks for."""
    found = all_rows(session, _payments(), listing, PAYMENT_FIELDS, col(Payment.id))
    return Slice(tuple(payment_of(row, row.invoice_public_id) for row in found.items), found.total)


def summarise_invoices(session: Session, customer_id: CustomerId, now: datetime) -> list[CurrencySummary]:
    """Return what a customer's issued invoices come to, a currency each, in the order of their codes."""
    unpaid = and_(col(Invoice.amount_remaining) > 0, col(Invoice.payment_status).not_in(SETTLED_PAYMENT_STATUSES))
    overdue = and_(unpaid, col(Invoice.due_at) < now)
    statement = (
        select(
            col(Invoice.currency),
            func.sum(Invoice.total),
            func.sum(Invoice.amount_paid),
            func.sum(case((unpaid, col(Invoice.amount_remaining)))),
            func.sum(case((overdue, col(Invoice.amount_remaining)))),
            func.count(),
            func.count(case((unpaid, 1))),
            func.count(case((overdue, 1))),
        )
        .where(
            col(Invoice.customer_id) == customer_id,
            col(Invoice.invoice_status) == InvoiceStatus.FINALIZED,
            col(Invoice.payment_status) != PaymentStatus.VOIDED,
        )
        .group_by(col(Invoice.currency))
        .order_by(col(Invoice.currency))
    )
    return [
        CurrencySummary(currency, total, paid, unpaid or ZERO, overdue or ZERO, *counts)
        for currency, total, paid, unpaid, overdue, *counts in session.execute(statement)
    ]


def _payments():  # noqa: ANN202 (a statement's type is its columns')
    return (
        select(*columns_of(Payment), col(Invoice.public_id).label("invoice_public_id"))
        .join_from(Payment, Invoice, col(Invoice.id) == col(Payment.invoice_id))
        .join(Customer, col(Customer.id) == col(Payment.customer_id))
    )


def _with_customer():  # noqa: ANN202 (a statement's type is its columns')
    return with_subscription().join(Customer, col(Customer.id) == col(Invoice.customer_id))
