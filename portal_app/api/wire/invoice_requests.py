"""What may be sent about invoices: new ones, changes of drafts, payment statuses, searches."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from portal_app.api.wire.base import OfCustomerWire, RequestWire
from portal_app.api.wire.lists import ListQuery, SearchWire
from portal_app.api.wire.values import (
    Amount,
    Currency,
    Instant,
    Key,
    LongText,
    Metadata,
    ObjectId,
    PositiveAmount,
    Text,
)
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentStatus,
    PriceType,
)
from portal_app.commands.invoices import NewInvoice, NewLine
from portal_app.queries.listing import Filter, FilterOperator, Listing, among, equal

MAX_LINES = 1000
Number = Annotated[str, StringConstraints(min_length=1, max_length=64)]
DisplayName = Annotated[str, StringConstraints(max_length=500)]


class LineItemCreate(RequestWire):
    """A line of an invoice to be."""

    display_name: DisplayName = ""
    amount: Amount
    quantity: Amount
    price_type: PriceType = PriceType.FIXED
    price_id: ObjectId | None = None
    plan_id: ObjectId | None = None
    plan_display_name: Text = ""
    meter_id: ObjectId | None = None
    meter_display_name: Text = ""
    period_start: Instant | None = None
    period_end: Instant | None = None
    line_item_discount: Amount = Decimal(0)
    invoice_level_discount: Amount = Decimal(0)
    prepaid_credits_applied: Amount = Decimal(0)
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewLine:
        """Return what the command takes."""
        return NewLine(
            display_name=self.display_name or self.plan_display_name or self.meter_display_name or "Charge",
            amount=self.amount,
            quantity=self.quantity,
            price_type=self.price_type,
            discount=self.line_item_discount + self.invoice_level_discount,
            invoice_discount=self.invoice_level_discount,
            credits_applied=self.prepaid_credits_applied,
            period_start_at=self.period_start,
            period_end_at=self.period_end,
            price_ref=self.price_id or "",
            plan_ref=self.plan_id or "",
            plan_name=self.plan_display_name,
            meter_ref=self.meter_id or "",
            meter_name=self.meter_display_name,
            meta=self.metadata,
        )


class InvoiceCreate(OfCustomerWire):
    """An invoice to be, a draft unless it says otherwise. Without lines it gets one, of its subtotal."""

    currency: Currency
    amount_due: Amount
    subtotal: Amount
    total: Amount
    amount_paid: Amount = Decimal(0)
    invoice_number: Number | None = None
    invoice_type: InvoiceType = InvoiceType.ONE_OFF
    invoice_status: Literal[InvoiceStatus.DRAFT, InvoiceStatus.FINALIZED] = InvoiceStatus.DRAFT
    payment_status: PaymentStatus | None = None
    issue_date: Instant | None = None
    due_date: Instant | None = None
    period_start: Instant | None = None
    period_end: Instant | None = None
    billing_period: BillingPeriod | None = None
    billing_reason: BillingReason = BillingReason.MANUAL
    description: LongText = ""
    subscription_id: ObjectId | None = None
    idempotency_key: Key | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])
    line_items: list[LineItemCreate] = Field(default_factory=list[LineItemCreate], max_length=MAX_LINES)

    def new(self) -> NewInvoice:
        """Return what the command takes."""
        return NewInvoice(
            currency=self.currency,
            subtotal=self.subtotal,
            total=self.total,
            amount_due=self.amount_due,
            amount_paid=self.amount_paid,
            number=self.invoice_number,
            invoice_type=self.invoice_type,
            invoice_status=self.invoice_status,
            payment_status=self.payment_status,
            billing_reason=self.billing_reason,
            billing_period=self.billing_period,
            issued_at=self.issue_date,
            due_at=self.due_date,
            period_start_at=self.period_start,
            period_end_at=self.period_end,
            description=self.description,
            subscription_id=self.subscription_id,
            idempotency_key=self.idempotency_key,
            meta=self.metadata,
            lines=tuple(line.new() for line in self.line_items),
        )


class InvoiceUpdate(RequestWire):
    """What may be changed of a draft; what is left out stays."""

    columns: ClassVar[Mapping[str, str]] = {
        "issue_date": "issued_at",
        "due_date": "due_at",
        "period_start": "period_start_at",
        "period_end": "period_end_at",
    }

    issue_date: Instant | None = None
    due_date: Instant | None = None
    period_start: Instant | None = None
    period_end: Instant | None = None
    billing_period: BillingPeriod | None = None
    billing_reason: BillingReason | None = None
    description: LongText | None = None
    metadata: Metadata | None = None


class PaymentStatusUpdate(RequestWire):
    """How an invoice's payment stands; `amount` is what has been paid, or given back, in all."""

    payment_status: PaymentStatus
    amount: PositiveAmount | None = None


class _InvoiceFilters(RequestWire):
    customer_id: ObjectId | None = None
    external_customer_id: Key | None = None
    subscription_id: ObjectId | None = None
    invoice_type: InvoiceType | None = None
    currency: Currency | None = None
    billing_reason: BillingReason | None = None
    invoice_status: list[InvoiceStatus] = Field(default_factory=list[InvoiceStatus], max_length=10)
    payment_status: list[PaymentStatus] = Field(default_factory=list[PaymentStatus], max_length=10)
    invoice_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    amount_due_gt: Amount | None = None
    amount_remaining_gt: Amount | None = None
    period_start_gte: Instant | None = None
    period_start_lte: Instant | None = None
    period_end_gte: Instant | None = None
    period_end_lte: Instant | None = None
    skip_line_items: bool = False

    def asked_of_invoices(self) -> tuple[Filter, ...]:
        """Return the conditions in the words of queries."""
        words = ("customer_id", "external_customer_id", "subscription_id", "invoice_type", "currency", "billing_reason")
        operators = {"gt": FilterOperator.GT, "gte": FilterOperator.GTE, "lte": FilterOperator.LTE}
        bounds = [name for name in _InvoiceFilters.model_fields if name.rpartition("_")[2] in operators]
        found = [filter_ for word in words for filter_ in equal(word, getattr(self, word))]
        for name in bounds:
            field, _, bound = name.rpartition("_")
            if (value := getattr(self, name)) is not None:
                found.append(Filter(field, operators[bound], value))
        return (
            *found,
            *among("id", self.invoice_ids),
            *among("invoice_status", [status.value for status in self.invoice_status]),
            *among("payment_status", [status.value for status in self.payment_status]),
        )


class InvoiceQuery(ListQuery, _InvoiceFilters):
    """The query of a list of invoices."""

    def asked(self) -> Listing:
        """Return what is asked, in the words of queries."""
        return self.listing(*self.asked_of_invoices())


class InvoiceSearch(SearchWire, _InvoiceFilters):
    """A search among the invoices of all customers."""

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(*self.asked_of_invoices())
