"""Subscriptions: which customer is on which plan, and until when."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from portal_app.billing.statuses import BillingCycle, BillingPeriod, SubscriptionStatus
from portal_app.models.columns import IntegerKey, Row, UtcDateTime, metadata_column, new_public_id, word_column


class Subscription(Row, table=True):
    """A customer on a plan. The current period is `[current_period_start_at, current_period_end_at)`.

    Periods repeat from `billing_anchor_at`, or `start_at` if there is none, in `timezone`, or the customer's if empty.
    """

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
    billing_cycle: BillingCycle = Field(
        default=BillingCycle.ANNIVERSARY, sa_column=word_column(BillingCycle, "billing_cycle")
    )
    billing_anchor_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    timezone: str = Field(default="", max_length=64)
    start_at: datetime = Field(sa_type=UtcDateTime)
    end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    current_period_start_at: datetime = Field(sa_type=UtcDateTime)
    current_period_end_at: datetime = Field(sa_type=UtcDateTime)
    trial_start_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    trial_end_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resumes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())
