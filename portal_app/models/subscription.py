"""Subscriptions: which customer is on which plan, and until when."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from portal_app.billing.statuses import BillingPeriod, SubscriptionStatus
from portal_app.models.columns import IntegerKey, Row, UtcDateTime, new_public_id, word_column


class Subscription(Row, table=True):
    """A customer on a plan. The current period is `[current_period_start_at, current_period_end_at)`."""

    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        Index(None, "customer_id", "subscription_status"),
        CheckConstraint("current_period_end_at > current_period_start_at", name="period_not_empty"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("subs"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    plan_id: int = Field(foreign_key="plan.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    subscription_status: SubscriptionStatus = Field(sa_column=word_column(SubscriptionStatus, "subscription_status"))
    currency: str = Field(max_length=3)
    billing_period: BillingPeriod = Field(sa_column=word_column(BillingPeriod, "billing_period"))
    billing_period_count: int = 1
    start_at: datetime = Field(sa_type=UtcDateTime)
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    current_period_start_at: datetime = Field(sa_type=UtcDateTime)
    current_period_end_at: datetime = Field(sa_type=UtcDateTime)
    trial_end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resumes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
