"""Write invoices, change drafts, issue them, void them.

A draft is the operator's alone. An issued invoice never changes but by payments and by being voided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentStatus,
    PriceType,
)
from portal_app.commands.audit import record
from portal_app.commands.invoice_credits import give_back_credits
from portal_app.commands.invoice_numbers import next_number
from portal_app.commands.invoice_sums import InvoiceSums, sums_of, unit_price
from portal_app.commands.payments import lock_invoice, settle
from portal_app.database import Session
from portal_app.errors import Conflict, InvoiceIs, KeyReused, NotFound
from portal_app.models.invoice import Invoice, LineItem
from portal_app.models.subscription import Subscription

DUE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of an invoice to be. `amount` is before discounts and credits."""

    display_name: str
    amount: Decimal
    quantity: Decimal
    price_type: PriceType = PriceType.FIXED
    discount: Decimal = Decimal(0)
    """All that is taken off this line; `invoice_discount` of it is its share of a discount on the whole invoice."""
    invoice_discount: Decimal = Decimal(0)
    credits_applied: Decimal = Decimal(0)
    period_start_at: datetime | None = None
    period_end_at: datetime | None = None
    price_ref: str = ""
    plan_ref: str = ""
    plan_name: str = ""
    meter_ref: str = ""
    meter_name: str = ""
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice to be, as its maker computed it; the sums are checked against the lines (invariant I3)."""

    currency: str
    subtotal: Decimal
    total: Decimal
    amount_due: Decimal
    amount_paid: Decimal = Decimal(0)
    number: str | None = None
    invoice_type: InvoiceType = InvoiceType.ONE_OFF
    invoice_status: InvoiceStatus = InvoiceStatus.DRAFT
    payment_status: PaymentStatus | None = None
    billing_reason: BillingReason = BillingReason.MANUAL
    billing_period: BillingPeriod | None = None
    issued_at: datetime | None = None
    due_at: datetime | None = None
    period_start_at: datetime | None = None
    period_end_at: datetime | None = None
    description: str = ""
    subscription_id: str | None = None
    idempotency_key: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])
    lines: tuple[NewLine, ...] = ()


def create_invoice(session: Session, customer_id: CustomerId, new: NewInvoice, actor: str, now: datetime) -> str:
    """Write an invoice and return its id; a used key returns the invoice it made.

    Raises:
        Invalid: a sum does not follow from the lines, with the field's name.
        NotFound: the subscription does not exist or is another customer's.
        Conflict: the number is taken.
        KeyReused: the key stands for an invoice of other amounts.
    """
    lines = new.lines or (NewLine(new.description or "Charge", new.subtotal, Decimal(1)),)
    sums = sums_of(new.subtotal, new.total, new.amount_due, lines)
    if (made := _made_before(session, customer_id, new, sums)) is not None:
        return made
    issued_at = new.issued_at or now
    row = Invoice(
        customer_id=customer_id,
        subscription_id=_subscription(session, customer_id, new.subscription_id),
        number=_free_number(session, customer_id, new.number),
        invoice_type=new.invoice_type,
        invoice_status=InvoiceStatus.DRAFT,
        payment_status=PaymentStatus.PENDING,
        billing_reason=new.billing_reason,
        billing_period=new.billing_period,
        currency=new.currency,
        subtotal=sums.subtotal,
        total_discount=sums.discount,
        total_tax=sums.tax,
        total=sums.total,
        credits_applied=sums.credits_applied,
        amount_due=sums.due,
        amount_remaining=sums.due,
        issued_at=issued_at,
        due_at=new.due_at,
        period_start_at=new.period_start_at,
        period_end_at=new.period_end_at,
        description=new.description,
        idempotency_key=new.idempotency_key,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    for position, line in enumerate(lines, start=1):
        session.add(_line(row, position, line, now))
    if new.invoice_status is InvoiceStatus.FINALIZED:
        _issue(session, row, now)
    if new.payment_status is not None or new.amount_paid:
        _settle_as_told(session, row, new, now)
    record(session, actor=actor, action="invoice.created", customer_id=customer_id, now=now, public_id=row.public_id)
    return row.public_id


def update_invoice(
    session: Session, customer_id: CustomerId, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Set the named columns of a draft, and leave the rest.

    Raises:
        NotFound: it does not exist or is another customer's.
        InvoiceIs: it is no draft any more.
    """
    row = lock_invoice(session, customer_id, public_id)
    if row.invoice_status is not InvoiceStatus.DRAFT:
        raise InvoiceIs(status=row.invoice_status, wanted="changed")
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now
    session.add(row)
    changed = ", ".join(sorted(changes))
    record(session, actor=actor, action="invoice.updated", customer_id=customer_id, now=now, changed=changed)


def finalize_invoice(session: Session, customer_id: CustomerId, public_id: str, actor: str, now: datetime) -> None:
    """Issue a draft: it gets its number and its customer sees it.

    Raises:
        NotFound: it does not exist or is another customer's.
        InvoiceIs: it is no draft.
    """
    row = lock_invoice(session, customer_id, public_id)
    if row.invoice_status is not InvoiceStatus.DRAFT:
        raise InvoiceIs(status=row.invoice_status, wanted="finalized")
    _issue(session, row, now)
    record(session, actor=actor, action="invoice.finalized", customer_id=customer_id, now=now, public_id=public_id)


def void_invoice(session: Session, customer_id: CustomerId, public_id: str, actor: str, now: datetime) -> None:
    """Make an invoice void; a draft's customer never sees it. Credits that paid it return; other money must have.

    Raises:
        NotFound: it does not exist or is another customer's.
        InvoiceIs: it is void already, or paid by other means than credits and not refunded.
        WalletNotActive: a wallet that paid it is closed.
    """
    row = lock_invoice(session, customer_id, public_id)
    if row.invoice_status not in {InvoiceStatus.DRAFT, InvoiceStatus.FINALIZED}:
        raise InvoiceIs(status=row.invoice_status, wanted="voided")
    give_back_credits(session, row, now)
    if row.refunded_amount != row.amount_paid:
        raise InvoiceIs(status="paid in part or whole", wanted="voided")
    row.voided_as_draft = row.invoice_status is InvoiceStatus.DRAFT
    row.invoice_status, row.payment_status = InvoiceStatus.VOIDED, PaymentStatus.VOIDED
    row.amount_remaining = Decimal(0)
    row.voided_at = row.updated_at = now
    session.add(row)
    record(session, actor=actor, action="invoice.voided", customer_id=customer_id, now=now, public_id=public_id)


def _issue(session: Session, row: Invoice, now: datetime) -> None:
    if row.issued_at == row.created_at and row.external_id is None:  # nobody said when, as files must: now
        row.issued_at = now
    row.invoice_status, row.finalized_at, row.updated_at = InvoiceStatus.FINALIZED, now, now
    row.number = row.number or next_number(session, row.issued_at)
    row.due_at = row.due_at or row.issued_at + DUE_AFTER
    session.add(row)


def _settle_as_told(session: Session, row: Invoice, new: NewInvoice, now: datetime) -> None:
    """What was paid comes first, then the word for it: that can be that all of it went back."""
    if new.amount_paid:
        settle(session, row, PaymentStatus.PENDING, new.amount_paid, now)
    if new.payment_status is not None:
        told = None if new.payment_status is PaymentStatus.FAILED else row.amount_paid or None
        settle(session, row, new.payment_status, told, now, field="amount_paid")


def _line(invoice: Invoice, position: int, line: NewLine, now: datetime) -> LineItem:
    return LineItem(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id or 0,
        position=position,
        display_name=line.display_name,
        price_type=line.price_type,
        quantity=line.quantity,
        unit_price=unit_price(line.amount, line.quantity),
        amount=line.amount,
        discount=line.discount,
        invoice_discount=line.invoice_discount,
        credits_applied=line.credits_applied,
        period_start_at=line.period_start_at,
        period_end_at=line.period_end_at,
        price_ref=line.price_ref,
        plan_ref=line.plan_ref,
        plan_name=line.plan_name,
        meter_ref=line.meter_ref,
        meter_name=line.meter_name,
        meta=dict(line.meta),
        created_at=now,
        updated_at=now,
    )


def _subscription(session: Session, customer_id: CustomerId, public_id: str | None) -> int | None:
    if public_id is None:
        return None
    mine = Subscription.customer_id == customer_id, Subscription.public_id == public_id
    found = session.exec(select(Subscription.id).where(*mine)).first()
    if found is None:
        raise NotFound(noun="Subscription")
    return found


def _free_number(session: Session, customer_id: CustomerId, number: str | None) -> str | None:
    taken = select(Invoice.id).where(Invoice.customer_id == customer_id, col(Invoice.number) == number)
    if number is not None and session.exec(taken).first() is not None:
        raise Conflict(noun="Invoice", key=number)
    return number


def _made_before(session: Session, customer_id: CustomerId, new: NewInvoice, sums: InvoiceSums) -> str | None:
    if new.idempotency_key is None:
        return None
    mine = Invoice.customer_id == customer_id, col(Invoice.idempotency_key) == new.idempotency_key
    row = session.exec(select(Invoice).where(*mine)).first()
    if row is None:
        return None
    made = (row.currency, row.subtotal, row.total, row.amount_due)
    if made != (new.currency, sums.subtotal, sums.total, sums.due):
        raise KeyReused(key=new.idempotency_key)
    return row.public_id
