"""Invoices, their lines, and the payments made against them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceStatus,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    PriceType,
)
from portal_app.models.columns import (
    IntegerKey,
    MoneyColumn,
    RateColumn,
    Row,
    UtcDateTime,
    metadata_column,
    new_public_id,
    word_column,
)

SHOWN = ("invoice_status", "voided_as_draft")
"""The columns that say whether a customer sees an invoice."""
ONLY_SHOWN: dict[str, Any] = {
    "sqlite_where": text("invoice_status IN ('FINALIZED', 'VOIDED') AND voided_as_draft = 0"),
    "postgresql_where": text("invoice_status IN ('FINALIZED', 'VOIDED') AND NOT voided_as_draft"),
}
"""Those that are, as `queries/invoice_conditions.py` asks for them: then nobody looks at each row again."""


class Invoice(Row, table=True):
    """One invoice, in one currency.

    Invariant I3: subtotal = Σ lines; total = subtotal − total_discount + total_tax;
    amount_due = total − credits_applied; amount_remaining = what is still to pay.
    """

    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        UniqueConstraint("customer_id", "number"),
        ForeignKeyConstraint(["customer_id", "subscription_id"], ["subscription.customer_id", "subscription.id"]),
        # What says whether it is shown comes last: a count, and the rows a page skips, are read from the index alone.
        Index("ix_invoice_shown_by_date", "customer_id", "issued_at", "id", *SHOWN, **ONLY_SHOWN),
        Index("ix_invoice_shown_by_amount", "customer_id", "total", "issued_at", "id", *SHOWN, **ONLY_SHOWN),
        Index(None, "number", postgresql_ops={"number": "text_pattern_ops"}),  # also serves LIKE 'INV-202601-%'
        Index(None, "created_at", "id"),
        Index(None, "customer_id", "idempotency_key", unique=True),
        CheckConstraint(
            "total_discount >= 0 AND credits_applied >= 0 AND amount_paid >= 0 AND amount_remaining >= 0 "
            "AND refunded_amount >= 0",
            name="amounts_not_negative",
        ),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("inv"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    subscription_id: int | None = Field(default=None, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    number: str | None = Field(default=None, max_length=64)
    invoice_type: InvoiceType = Field(
        default=InvoiceType.SUBSCRIPTION, sa_column=word_column(InvoiceType, "invoice_type")
    )
    invoice_status: InvoiceStatus = Field(sa_column=word_column(InvoiceStatus, "invoice_status"))
    payment_status: PaymentStatus = Field(sa_column=word_column(PaymentStatus, "payment_status"))
    billing_reason: BillingReason = Field(
        default=BillingReason.SUBSCRIPTION_CYCLE, sa_column=word_column(BillingReason, "billing_reason")
    )
    currency: str = Field(max_length=3)
    subtotal: Decimal = Field(sa_type=MoneyColumn)
    total_discount: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    total_tax: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    tax_name: str = Field(default="", max_length=64)
    total: Decimal = Field(sa_type=MoneyColumn)
    credits_applied: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    amount_due: Decimal = Field(sa_type=MoneyColumn)
    amount_paid: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    amount_remaining: Decimal = Field(sa_type=MoneyColumn)
    refunded_amount: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paid_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    voided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    voided_as_draft: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    period_start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    period_end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    billing_period: BillingPeriod | None = Field(
        default=None, sa_column=word_column(BillingPeriod, "billing_period", nullable=True)
    )
    finalized_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    description: str = Field(default="", max_length=1000)
    idempotency_key: str | None = Field(default=None, max_length=255)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class InvoiceSequence(SQLModel, table=True):
    """The last number given out in a month: invoices of the API are `INV-YYYYMM-00001`, and so on."""

    __tablename__ = "invoice_sequence"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    month: str = Field(primary_key=True, max_length=6)
    last: int


class LineItem(Row, table=True):
    """One line of an invoice, in the invoice's currency. `amount` is before discounts and credits.

    `discount` is all of them; `invoice_discount` is how much of that is the line's share of one on the whole invoice.

    The `…_ref` columns are public ids as the operator sent them: what a line charged for may be gone by now.
    """

    __tablename__ = "line_item"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("inv_line"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    invoice_id: int = Field(sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    position: int
    display_name: str = Field(max_length=500)
    price_type: PriceType = Field(default=PriceType.FIXED, sa_column=word_column(PriceType, "price_type"))
    quantity: Decimal = Field(default=Decimal(1), sa_type=MoneyColumn)
    unit_price: Decimal | None = Field(default=None, sa_type=RateColumn)
    amount: Decimal = Field(sa_type=MoneyColumn)
    discount: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    invoice_discount: Decimal = Field(
        default=Decimal(0), sa_type=MoneyColumn, sa_column_kwargs={"server_default": text("0")}
    )
    credits_applied: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)
    period_start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    period_end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    price_ref: str = Field(default="", max_length=40)
    plan_ref: str = Field(default="", max_length=40)
    plan_name: str = Field(default="", max_length=255)
    meter_ref: str = Field(default="", max_length=40)
    meter_name: str = Field(default="", max_length=255)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class Payment(Row, table=True):
    """Money that arrived, or failed to, for one invoice. `created_at` is when it was tried."""

    __table_args__ = (
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        Index(None, "customer_id", "invoice_id"),
        UniqueConstraint("customer_id", "idempotency_key"),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("pay"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    invoice_id: int = Field(sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    amount: Decimal = Field(sa_type=MoneyColumn)
    currency: str = Field(max_length=3)
    method: PaymentMethod = Field(sa_column=word_column(PaymentMethod, "method"))
    payment_status: PaymentStatus = Field(sa_column=word_column(PaymentStatus, "payment_status"))
    reference: str = Field(default="", max_length=255)
    idempotency_key: str | None = Field(default=None, max_length=255)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())
