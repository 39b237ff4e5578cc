"""The catalogue: plans and their prices."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index
from sqlmodel import Field

from portal_app.billing.statuses import BillingModel, BillingPeriod, InvoiceCadence, PriceType, RecordStatus
from portal_app.models.columns import (
    IntegerKey,
    RateColumn,
    Row,
    UtcDateTime,
    metadata_column,
    new_public_id,
    word_column,
)


class Plan(Row, table=True):
    """What a customer can subscribe to."""

    public_id: str = Field(default_factory=lambda: new_public_id("plan"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    name: str = Field(max_length=255)
    description: str = Field(default="", max_length=1000)
    display_order: int | None = None
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class Price(Row, table=True):
    """What a plan costs: `amount` of `currency` for each `billing_period_count` periods, valid `[start_at, end_at)`."""

    __table_args__ = (Index(None, "plan_id", "currency"),)

    public_id: str = Field(default_factory=lambda: new_public_id("price"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    plan_id: int = Field(foreign_key="plan.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    display_name: str = Field(default="", max_length=255)
    type: PriceType = Field(default=PriceType.FIXED, sa_column=word_column(PriceType, "type"))
    billing_model: BillingModel = Field(
        default=BillingModel.FLAT_FEE, sa_column=word_column(BillingModel, "billing_model")
    )
    billing_period: BillingPeriod = Field(sa_column=word_column(BillingPeriod, "billing_period"))
    billing_period_count: int = 1
    invoice_cadence: InvoiceCadence = Field(
        default=InvoiceCadence.ADVANCE, sa_column=word_column(InvoiceCadence, "invoice_cadence")
    )
    currency: str = Field(max_length=3)
    amount: Decimal = Field(sa_type=RateColumn)
    start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
