"""Short ways to put consistent rows into the tables: every sum follows from the lines."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ulid import ULID

from portal_app.billing.money import minor_digits, quantize
from portal_app.billing.periods import TimeRange, billing_recurrence
from portal_app.billing.statuses import (
    CUSTOMER_INVOICE_STATUSES,
    RECEIVED_PAYMENT_STATUSES,
    BillingCycle,
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    PriceType,
    TransactionType,
)
from portal_app.commands.post_ledger import LedgerEntry, LedgerPoster
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.wallet import CreditGrant, Wallet

ZERO = Decimal(0)


@dataclass(slots=True)
class World:
    """What the parts of the demo world share: the session, the day it is of, and a seeded source of chance."""

    session: Session
    on: date
    now: datetime
    chance: random.Random = field(default_factory=lambda: random.Random(20260120))  # noqa: S311 (a demo, not a secret)

    def noon(self, days_ago: int, zone: str = "UTC") -> datetime:
        """Return local noon of the day `days_ago` before the world's day."""
        return datetime.combine(self.on - timedelta(days=days_ago), time(12), ZoneInfo(zone))

    def public_id(self, prefix: str) -> str:
        """Return an id that is the same every time the same world is made."""
        return f"{prefix}_{ULID.from_bytes(self.chance.randbytes(16))}"

    def post(self, wallet: Wallet, entries: Iterable[LedgerEntry]) -> None:
        """Post entries to a wallet's ledger, oldest first, under ids that are the same every time."""
        poster = LedgerPoster(self.session, wallet, self.now)
        for entry in entries:
            row = poster.post(entry)
            row.public_id = self.public_id("wtxn")
            if row.grant_id is not None and row.type is TransactionType.CREDIT:
                self.session.get_one(CreditGrant, row.grant_id).public_id = self.public_id("grant")
        poster.finish()

    def add(self, row: Any) -> Any:
        """Stamp a row, give it its id, and store it."""
        row.created_at = getattr(row, "created_at", None) or self.now
        row.updated_at = self.now
        prefix = row.public_id.rpartition("_")[0]
        row.public_id = self.public_id(prefix)
        self.session.add(row)
        self.session.flush()
        return row


def month_of(anchor_at: datetime, zone: str, at: datetime) -> TimeRange:
    """Return the monthly billing period that holds `at`, of a subscription that began at `anchor_at`."""
    monthly = billing_recurrence(BillingPeriod.MONTHLY, 1, BillingCycle.ANNIVERSARY, anchor_at, ZoneInfo(zone))
    return monthly.containing(at)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice to be: `amount` is quantity × unit price, rounded to the currency."""

    text: str
    unit_price: Decimal
    quantity: Decimal = Decimal(1)
    is_usage: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment, `after` days after the invoice or now, whichever is earlier; `share` of what is due."""

    method: PaymentMethod = PaymentMethod.CARD
    after: int = 0
    status: PaymentStatus = PaymentStatus.SUCCEEDED
    share: Decimal = Decimal(1)
    amount: Decimal | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Bill:
    """An invoice to be."""

    number: str
    issued_at: datetime
    currency: str
    lines: Sequence[Line]
    due_days: int = 30
    payments: Sequence[Paid] = ()
    payment_status: PaymentStatus | None = None
    invoice_status: InvoiceStatus = InvoiceStatus.FINALIZED
    discount_rate: Decimal = ZERO
    tax_rate: Decimal = ZERO
    tax_name: str = ""
    credits_applied: Decimal = ZERO
    refunded: Decimal = ZERO
    """Of what was paid; if it says it was refunded, by default all of it."""
    subscription_id: int | None = None
    period: tuple[datetime, datetime] | None = None
    description: str = ""
    reason: BillingReason | None = None
    """By default that a subscription goes on, or, without one, that somebody wrote it."""


def add_invoice(world: World, customer: Customer, bill: Bill) -> Invoice:
    """Store an invoice with its lines and payments; all its sums are computed here (invariant I3)."""
    digits = minor_digits(bill.currency)
    amounts = [quantize(line.quantity * line.unit_price, digits) for line in bill.lines]
    subtotal = sum(amounts, ZERO)
    discount = quantize(subtotal * bill.discount_rate, digits)
    tax = quantize((subtotal - discount) * bill.tax_rate, digits)
    total = subtotal - discount + tax
    due = total - bill.credits_applied
    paid_amounts = [quantize(due * p.share, digits) if p.amount is None else p.amount for p in bill.payments]
    arrived = [
        (amount, _at(world, bill, payment.after))
        for payment, amount in zip(bill.payments, paid_amounts, strict=True)
        if payment.status in RECEIVED_PAYMENT_STATUSES
    ]
    paid = sum((amount for amount, _ in arrived), ZERO)
    status = bill.payment_status or (PaymentStatus.SUCCEEDED if paid >= due else PaymentStatus.PENDING)
    refunded_all = status is PaymentStatus.REFUNDED and not bill.refunded
    period = bill.period or (None, None)
    of_subscription = bill.subscription_id is not None
    invoice = world.add(
        Invoice(
            customer_id=customer.id or 0,
            subscription_id=bill.subscription_id,
            number=bill.number,
            invoice_type=InvoiceType.SUBSCRIPTION if of_subscription else InvoiceType.ONE_OFF,
            invoice_status=bill.invoice_status,
            payment_status=status,
            billing_reason=bill.reason
            or (BillingReason.SUBSCRIPTION_CYCLE if of_subscription else BillingReason.MANUAL),
            currency=bill.currency,
            subtotal=subtotal,
            total_discount=discount,
            total_tax=tax,
            tax_name=bill.tax_name if tax else "",
            total=total,
            credits_applied=bill.credits_applied,
            amount_due=due,
            amount_paid=paid,
            amount_remaining=ZERO if bill.invoice_status is InvoiceStatus.VOIDED else max(due - paid, ZERO),
            refunded_amount=paid if refunded_all else bill.refunded,
            issued_at=bill.issued_at,
            finalized_at=bill.issued_at if bill.invoice_status in CUSTOMER_INVOICE_STATUSES else None,
            due_at=bill.issued_at + timedelta(days=bill.due_days),
            paid_at=max((at for _, at in arrived), default=bill.issued_at)
            if status is PaymentStatus.SUCCEEDED
            else None,
            voided_at=_at(world, bill, 3) if bill.invoice_status is InvoiceStatus.VOIDED else None,
            period_start_at=period[0],
            period_end_at=period[1],
            description=bill.description,
            created_at=bill.issued_at,
            updated_at=world.now,
        )
    )
    rows: list[Any] = [
        LineItem(
            public_id=world.public_id("inv_line"),
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            position=position,
            display_name=line.text,
            price_type=PriceType.USAGE if line.is_usage else PriceType.FIXED,
            quantity=line.quantity,
            unit_price=line.unit_price,
            amount=amount,
            period_start_at=period[0],
            period_end_at=period[1],
            created_at=bill.issued_at,
            updated_at=world.now,
        )
        for position, (line, amount) in enumerate(zip(bill.lines, amounts, strict=True), start=1)
    ]
    rows += [
        Payment(
            public_id=world.public_id("pay"),
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            amount=amount,
            currency=bill.currency,
            method=payment.method,
            payment_status=payment.status,
            reference=payment.reference,
            created_at=_at(world, bill, payment.after),
            updated_at=world.now,
        )
        for payment, amount in zip(bill.payments, paid_amounts, strict=True)
        if amount > 0
    ]
    world.session.add_all(rows)
    return invoice


def _at(world: World, bill: Bill, days_after: int) -> datetime:
    """Return the instant so many days after an invoice, but never one that lies ahead."""
    return min(bill.issued_at + timedelta(days=days_after), world.now)
