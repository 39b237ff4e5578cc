"""The catalogue: plans and prices, and what is metered: features, their groups, meters and entitlements."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index
from sqlmodel import Field, SQLModel

from portal_app.billing.metering import AggregationType, FeatureType, GroupEntity, ResetPeriod, ResetUsage
from portal_app.billing.statuses import (
    BillingModel,
    BillingPeriod,
    InvoiceCadence,
    PriceType,
    RecordStatus,
    Rounding,
    TierMode,
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
    """What a plan costs: `amount` of `currency` for each `billing_period_count` periods, valid `[start_at, end_at)`.

    A USAGE price rates what its meter counts, by its billing model (`billing/prices.py`). One with a subscription is
    that subscription's alone, instead of its plan's price for the same meter.
    """

    __table_args__ = (Index(None, "plan_id", "currency"), Index(None, "lookup_key", unique=True))

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
    subscription_id: int | None = Field(default=None, foreign_key="subscription.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    meter_id: int | None = Field(default=None, foreign_key="meter.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    group_id: int | None = Field(default=None, foreign_key="feature_group.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    lookup_key: str | None = Field(default=None, max_length=255)
    tier_mode: TierMode | None = Field(default=None, sa_column=word_column(TierMode, "tier_mode", nullable=True))
    divide_by: Decimal | None = Field(default=None, sa_type=MoneyColumn)
    rounding: Rounding | None = Field(default=None, sa_column=word_column(Rounding, "rounding", nullable=True))
    min_quantity: Decimal | None = Field(default=None, sa_type=MoneyColumn)
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class PriceTier(SQLModel, table=True):
    """One tier of a TIERED price: the units above the tier before, up to and including `up_to`; none is without end."""

    __tablename__ = "price_tier"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    price_id: int = Field(foreign_key="price.id", primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    position: int = Field(primary_key=True)
    up_to: Decimal | None = Field(default=None, sa_type=MoneyColumn)
    unit_amount: Decimal = Field(sa_type=RateColumn)
    flat_amount: Decimal = Field(default=Decimal(0), sa_type=MoneyColumn)


class Group(Row, table=True):
    """What features stand under in the usage breakdown; or prices, for the operator's own order."""

    __tablename__ = "feature_group"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    public_id: str = Field(default_factory=lambda: new_public_id("group"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    name: str = Field(max_length=255)
    lookup_key: str = Field(unique=True, max_length=255)
    entity_type: GroupEntity = Field(sa_column=word_column(GroupEntity, "entity_type"))
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class Meter(Row, table=True):
    """What is counted: events called `event_name` that pass every filter, `{"key": …, "values": […]}` each.

    What a meter counts never changes: another count is another meter. Only commands add one, since its cells are
    filled from the events that are there already.
    """

    __table_args__ = (Index(None, "event_name"),)

    public_id: str = Field(default_factory=lambda: new_public_id("meter"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    name: str = Field(max_length=255)
    event_name: str = Field(max_length=255)
    aggregation: AggregationType = Field(sa_column=word_column(AggregationType, "aggregation"))
    field: str = Field(default="", max_length=255)
    multiplier: Decimal | None = Field(default=None, sa_type=RateColumn)
    filters: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    reset_usage: ResetUsage = Field(default=ResetUsage.BILLING_PERIOD, sa_column=word_column(ResetUsage, "reset_usage"))
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))


class Feature(Row, table=True):
    """What a customer uses or has. A metered one shows its meter's quantity, in its own unit."""

    public_id: str = Field(default_factory=lambda: new_public_id("feat"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    name: str = Field(max_length=255)
    lookup_key: str | None = Field(default=None, unique=True, max_length=255)
    description: str = Field(default="", max_length=1000)
    type: FeatureType = Field(sa_column=word_column(FeatureType, "type"))
    meter_id: int | None = Field(default=None, foreign_key="meter.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    group_id: int | None = Field(default=None, foreign_key="feature_group.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    unit_singular: str = Field(default="", max_length=64)
    unit_plural: str = Field(default="", max_length=64)
    reporting_unit: dict[str, str] | None = Field(default=None, sa_type=JSON)  # pyright: ignore[reportArgumentType]
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class Entitlement(Row, table=True):
    """What a plan, or one subscription to it, lets a customer use. A limit never changes a price; none is unlimited."""

    __table_args__ = (
        Index(None, "plan_id"),
        CheckConstraint("usage_limit IS NULL OR usage_limit >= 0", name="usage_limit_not_negative"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("ent"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    plan_id: int = Field(foreign_key="plan.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    subscription_id: int | None = Field(default=None, foreign_key="subscription.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    feature_id: int = Field(foreign_key="feature.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    is_enabled: bool = True
    usage_limit: int | None = Field(default=None, sa_type=BigInteger)
    usage_reset_period: ResetPeriod | None = Field(
        default=None, sa_column=word_column(ResetPeriod, "usage_reset_period", nullable=True)
    )
    is_soft_limit: bool = False
    static_value: str = Field(default="", max_length=1000)
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
