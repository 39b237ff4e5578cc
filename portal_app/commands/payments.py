"""Record payments that happened elsewhere, and what they make of an invoice. Only credits are taken here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import plain
from portal_app.billing.states import payment_status_of
from portal_app.billing.statuses import RECEIVED_PAYMENT_STATUSES, InvoiceStatus, PaymentMethod, PaymentStatus
from portal_app.commands.audit import record
from portal_app.commands.invoice_credits import pay_with_credits
from portal_app.database import Session
from portal_app.errors import Invalid, InvoiceIs, KeyReused, NotFound
from portal_app.models.invoice import Invoice, Payment

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to record. With CREDITS, `reference` may name the wallet that pays."""

    amount: Decimal
    currency: str
    method: PaymentMethod
    reference: str = ""
    idempotency_key: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def record_payment(
    session: Session, customer_id: CustomerId, invoice_id: str, new: NewPayment, actor: str, now: datetime
) -> str:
    """Record a payment of an issued invoice and return its id; a used key returns the payment it made.

    Raises:
        NotFound: the invoice or the wallet does not exist or is another customer's.
        InvoiceIs: it is not issued, or void.
        Invalid: another currency than the invoice's, or more credits than remain to pay.
        KeyReused: the key stands for another payment.
        CreditsShort: the wallet holds fewer credits.
    """
    invoice = lock_invoice(session, customer_id, invoice_id)
    if (made := _made_before(session, invoice, new)) is not None:
        return made
    if invoice.invoice_status is not InvoiceStatus.FINALIZED:
        raise InvoiceIs(status=invoice.invoice_status, wanted="paid")
    if new.currency != invoice.currency:
        raise Invalid(field="currency", problem=f"must be {invoice.currency}, as on the invoice")
    reference = new.reference
    if new.method is PaymentMethod.CREDITS:
        reference = pay_with_credits(session, invoice, new.amount, new.reference, now)
    row = _add(session, invoice, new.amount, new.method, PaymentStatus.SUCCEEDED, now)
    row.reference, row.idempotency_key, row.meta = reference, new.idempotency_key, dict(new.meta)
    session.flush()
    _receive(session, invoice, new.amount, now)
    record(session, actor=actor, action="payment.recorded", customer_id=customer_id, now=now, public_id=row.public_id)
    return row.public_id


def set_payment_status(
    session: Session,
    customer_id: CustomerId,
    invoice_id: str,
    status: PaymentStatus,
    amount: Decimal | None,
    actor: str,
    now: datetime,
) -> None:
    """Say how an issued invoice's payment stands; `amount` is what has been paid, or given back, in all.

    Raises:
        NotFound: it does not exist or is another customer's.
        InvoiceIs: it is not issued, or void.
        Invalid: an amount that the status or what was paid before rules out.
    """
    invoice = lock_invoice(session, customer_id, invoice_id)
    if invoice.invoice_status is not InvoiceStatus.FINALIZED:
        raise InvoiceIs(status=invoice.invoice_status, wanted="paid")
    settle(session, invoice, status, amount, now)
    details = {"public_id": invoice_id, "payment_status": status.value}
    record(session, actor=actor, action="invoice.payment_status", customer_id=customer_id, now=now, **details)


def settle(
    session: Session,
    invoice: Invoice,
    status: PaymentStatus,
    amount: Decimal | None,
    now: datetime,
    *,
    field: str = "amount",
) -> None:
    """Bring an invoice to a payment status; what is newly paid becomes a payment of its history.

    `field` is what its sender calls `amount`.

    Raises:
        Invalid: an amount that the status or what was paid before rules out.
    """
    match status:
        case PaymentStatus.SUCCEEDED | PaymentStatus.OVERPAID:
            _pay_in_full(session, invoice, status, amount, now, field)
        case PaymentStatus.REFUNDED | PaymentStatus.PARTIALLY_REFUNDED:
            _refund(invoice, status, amount, field)
        case PaymentStatus.FAILED:
            if amount:
                _add(session, invoice, amount, PaymentMethod.OFFLINE, status, now)
            _unless_paid(invoice, status)
        case PaymentStatus.VOIDED:
            if invoice.amount_paid:
                raise Invalid(field="payment_status", problem="cannot be VOIDED: some of it is paid")
            invoice.payment_status = status
        case PaymentStatus.INITIATED | PaymentStatus.PENDING | PaymentStatus.PROCESSING:
            if amount is not None:
                _pay_up_to(session, invoice, amount, now)
            _unless_paid(invoice, status)
    invoice.updated_at = now
    session.add(invoice)


def lock_invoice(session: Session, customer_id: CustomerId, public_id: str) -> Invoice:
    """Return an invoice's row, which no other transaction can change until this one ends.

    Raises:
        NotFound: it does not exist or is another customer's.
    """
    mine = Invoice.customer_id == customer_id, Invoice.public_id == public_id
    row = session.exec(select(Invoice).where(*mine).with_for_update(key_share=True)).first()
    if row is None:
        raise NotFound(noun="Invoice")
    return row


def _pay_in_full(
    session: Session, invoice: Invoice, status: PaymentStatus, amount: Decimal | None, now: datetime, field: str
) -> None:
    due = max(invoice.amount_due, ZERO)  # nothing of a credit note
    _pay_up_to(session, invoice, max(invoice.amount_paid, due) if amount is None else amount, now)
    if invoice.amount_remaining:
        raise Invalid(field=field, problem=f"does not cover the {plain(due)} due")
    if status is PaymentStatus.OVERPAID and invoice.amount_paid == due:
        raise Invalid(field=field, problem=f"is not more than the {plain(due)} due")


def _pay_up_to(session: Session, invoice: Invoice, amount: Decimal, now: datetime) -> None:
    more = amount - invoice.amount_paid
    if more < 0:
        raise Invalid(field="amount", problem=f"is less than the {plain(invoice.amount_paid)} paid before")
    if more:
        _add(session, invoice, more, PaymentMethod.OFFLINE, PaymentStatus.SUCCEEDED, now)
    _receive(session, invoice, more, now)


def _receive(session: Session, invoice: Invoice, amount: Decimal, now: datetime) -> None:
    due = invoice.amount_due
    invoice.amount_paid += amount
    invoice.amount_remaining = max(due - invoice.amount_paid, ZERO)
    if not invoice.amount_remaining:
        invoice.paid_at = invoice.paid_at or now
    if invoice.refunded_amount:
        invoice.payment_status = payment_status_of(due, invoice.amount_paid, invoice.refunded_amount)
    elif not invoice.amount_remaining:
        overpaid = invoice.amount_paid > max(due, ZERO)
        invoice.payment_status = PaymentStatus.OVERPAID if overpaid else PaymentStatus.SUCCEEDED
    elif invoice.payment_status in {PaymentStatus.FAILED, PaymentStatus.VOIDED}:  # it is being paid after all
        invoice.payment_status = PaymentStatus.PENDING
    invoice.updated_at = now
    session.add(invoice)


def _unless_paid(invoice: Invoice, status: PaymentStatus) -> None:
    if invoice.amount_remaining or not invoice.amount_due:
        invoice.payment_status = status


def _refund(invoice: Invoice, status: PaymentStatus, amount: Decimal | None, field: str) -> None:
    back = invoice.amount_paid if amount is None else amount
    whole = back == invoice.amount_paid
    if not back or back > invoice.amount_paid or whole != (status is PaymentStatus.REFUNDED):
        raise Invalid(field=field, problem=f"does not fit {status} with {plain(invoice.amount_paid)} paid")
    invoice.refunded_amount, invoice.payment_status = back, status


def _add(
    session: Session, invoice: Invoice, amount: Decimal, method: PaymentMethod, status: PaymentStatus, now: datetime
) -> Payment:
    """Add a payment to the history; what an import told of, without a payment of its own, gets one before it."""
    if told_only := invoice.amount_paid - _received(session, invoice):
        at = invoice.paid_at or invoice.updated_at
        session.add(_payment(invoice, told_only, PaymentMethod.OFFLINE, PaymentStatus.SUCCEEDED, at))
    row = _payment(invoice, amount, method, status, now)
    session.add(row)
    return row


def _received(session: Session, invoice: Invoice) -> Decimal:
    statement = select(func.sum(Payment.amount)).where(
        Payment.customer_id == invoice.customer_id,
        Payment.invoice_id == invoice.id,
        col(Payment.payment_status).in_(RECEIVED_PAYMENT_STATUSES),
    )
    return session.exec(statement).one() or ZERO


def _payment(invoice: Invoice, amount: Decimal, method: PaymentMethod, status: PaymentStatus, at: datetime) -> Payment:
    return Payment(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id or 0,
        amount=amount,
        currency=invoice.currency,
        method=method,
        payment_status=status,
        created_at=at,
        updated_at=at,
    )


def _made_before(session: Session, invoice: Invoice, new: NewPayment) -> str | None:
    if new.idempotency_key is None:
        return None
    mine = Payment.customer_id == invoice.customer_id, col(Payment.idempotency_key) == new.idempotency_key
    row = session.exec(select(Payment).where(*mine)).first()
    if row is None:
        return None
    if (row.invoice_id, row.amount, row.method) != (invoice.id, new.amount, new.method):
        raise KeyReused(key=new.idempotency_key)
    return row.public_id
