"""Credits that a plan or a subscription gives: once, or anew in each period."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from portal_app.billing.statuses import BillingPeriod, GrantCadence, GrantExpiration, RecordStatus
from portal_app.models.columns import (
    IntegerKey,
    MoneyColumn,
    Row,
    UtcDateTime,
    metadata_column,
    new_public_id,
    word_column,
)


class GrantRule(Row, table=True):
    """Who is on the plan, or has the subscription, gets `credits`; RECURRING, in every `period`.

    The lots it brings (`credit_grant`) expire after `expires_after_days`, with their period, or never.
    """

    __tablename__ = "grant_rule"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (
        Index(None, "plan_id"),
        Index(None, "subscription_id"),
        CheckConstraint("credits > 0", name="credits_positive"),
        CheckConstraint("(plan_id IS NULL) <> (subscription_id IS NULL)", name="one_scope"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("cg"), unique=True, max_length=40)
    plan_id: int | None = Field(default=None, foreign_key="plan.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    subscription_id: int | None = Field(default=None, foreign_key="subscription.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    name: str = Field(max_length=255)
    credits: Decimal = Field(sa_type=MoneyColumn)
    cadence: GrantCadence = Field(sa_column=word_column(GrantCadence, "cadence"))
    period: BillingPeriod | None = Field(default=None, sa_column=word_column(BillingPeriod, "period", nullable=True))
    period_count: int = 1
    expiration: GrantExpiration = Field(sa_column=word_column(GrantExpiration, "expiration"))
    expires_after_days: int | None = None
    priority: int | None = None
    start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: RecordStatus = Field(default=RecordStatus.PUBLISHED, sa_column=word_column(RecordStatus, "status"))
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())
