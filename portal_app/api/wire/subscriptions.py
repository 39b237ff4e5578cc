"""Subscriptions, as the dialect writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from portal_app.api.wire.base import ObjectWire, OfCustomerWire, RequestWire
from portal_app.api.wire.customers import CustomerWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.plans import PlanNameWire, plan_name_wire
from portal_app.api.wire.values import (
    Count,
    Currency,
    Instant,
    Key,
    LongText,
    Metadata,
    ObjectId,
    Omitted,
    WireTime,
    Zone,
)
from portal_app.billing.statuses import BillingCycle, BillingPeriod, SubscriptionStatus
from portal_app.commands.subscriptions import Cancellation, NewSubscription
from portal_app.queries.listing import Listing, among, equal
from portal_app.queries.subscriptions import SubscriptionSummary


class PauseStatus(StrEnum):
    """Whether a subscription rests."""

    NONE = "none"
    ACTIVE = "active"


class SubscriptionWire(ObjectWire):
    """A customer on a plan. The current period is half-open; `billing_anchor` is what periods repeat from."""

    id: str
    lookup_key: str
    customer_id: str
    plan_id: str
    subscription_status: SubscriptionStatus
    currency: str
    billing_anchor: WireTime
    billing_cycle: BillingCycle
    start_date: WireTime
    end_date: Omitted[WireTime] = None
    current_period_start: WireTime
    current_period_end: WireTime
    cancelled_at: Omitted[WireTime] = None
    cancel_at: WireTime | None
    cancel_at_period_end: bool
    trial_start: WireTime | None
    trial_end: WireTime | None
    billing_cadence: str = "RECURRING"
    billing_period: BillingPeriod
    billing_period_count: int
    version: int = 1
    metadata: dict[str, str]
    pause_status: PauseStatus
    payment_behavior: str = "default_active"
    collection_method: str = "send_invoice"
    timezone: str
    proration_behavior: str = "none"
    enable_true_up: bool = False
    subscription_type: str = "standalone"
    plan: PlanNameWire
    customer: CustomerWire | None = None


class SubscriptionCreate(OfCustomerWire):
    """A subscription to be."""

    plan_id: ObjectId
    currency: Currency
    billing_period: Literal[
        BillingPeriod.DAILY,
        BillingPeriod.WEEKLY,
        BillingPeriod.MONTHLY,
        BillingPeriod.QUARTERLY,
        BillingPeriod.HALF_YEARLY,
        BillingPeriod.ANNUAL,
    ]
    billing_period_count: Annotated[int, Field(ge=1, le=120)] = 1
    billing_cycle: BillingCycle = BillingCycle.ANNIVERSARY
    billing_anchor: Instant | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None
    trial_period_days: Annotated[int, Field(ge=0, le=3650)] = 0
    timezone: Zone | None = None
    subscription_status: Literal[SubscriptionStatus.ACTIVE, SubscriptionStatus.DRAFT] = SubscriptionStatus.ACTIVE
    lookup_key: Key | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewSubscription:
        """Return what the command takes."""
        return NewSubscription(
            plan_id=self.plan_id,
            currency=self.currency,
            billing_period=self.billing_period,
            billing_period_count=self.billing_period_count,
            billing_cycle=self.billing_cycle,
            billing_anchor_at=self.billing_anchor,
            start_at=self.start_date,
            end_at=self.end_date,
            trial=timedelta(days=self.trial_period_days),
            timezone=self.timezone or "",
            is_draft=self.subscription_status is SubscriptionStatus.DRAFT,
            external_id=self.lookup_key,
            meta=self.metadata,
        )


class SubscriptionUpdate(RequestWire):
    """What may be changed of a subscription; nothing that it charges."""

    columns: ClassVar[Mapping[str, str]] = {"lookup_key": "external_id"}

    lookup_key: Key | None = None
    metadata: Metadata | None = None


class CancellationCreate(RequestWire):
    """When a subscription is to end."""

    cancellation_type: Cancellation
    cancel_at: Instant | None = None
    reason: LongText = ""


class PauseCreate(RequestWire):
    """A rest: until `pause_end`, or `pause_days` from now, or until it is resumed."""

    pause_end: Instant | None = None
    pause_days: Count | None = None
    reason: LongText = ""


class SubscriptionSearch(SearchWire):
    """A search among the subscriptions of all customers."""

    subscription_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    lookup_keys: list[Key] = Field(default_factory=list[str], max_length=1000)
    customer_id: ObjectId | None = None
    external_customer_id: Key | None = None
    plan_id: ObjectId | None = None
    subscription_status: list[SubscriptionStatus] = Field(default_factory=list[SubscriptionStatus], max_length=10)

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.subscription_ids),
            *among("lookup_key", self.lookup_keys),
            *among("subscription_status", [status.value for status in self.subscription_status]),
            *equal("customer_id", self.customer_id),
            *equal("external_customer_id", self.external_customer_id),
            *equal("plan_id", self.plan_id),
        )


def subscription_wire(subscription: SubscriptionSummary, customer: CustomerWire | None = None) -> SubscriptionWire:
    """Return a subscription as the dialect writes it; lists leave out the customer."""
    paused = subscription.status is SubscriptionStatus.PAUSED
    return SubscriptionWire(
        id=subscription.public_id,
        lookup_key=subscription.external_id or "",
        customer_id=subscription.customer_public_id,
        plan_id=subscription.plan.public_id,
        subscription_status=subscription.status,
        currency=subscription.currency,
        billing_anchor=subscription.billing_anchor_at,
        billing_cycle=subscription.billing_cycle,
        start_date=subscription.started_at,
        end_date=subscription.end_at,
        current_period_start=subscription.period_start_at,
        current_period_end=subscription.period_end_at,
        cancelled_at=subscription.cancelled_at,
        cancel_at=subscription.cancel_at,
        cancel_at_period_end=subscription.cancel_at_period_end,
        trial_start=subscription.trial_start_at,
        trial_end=subscription.trial_end_at,
        billing_period=subscription.billing_period,
        billing_period_count=subscription.billing_period_count,
        metadata=dict(subscription.meta),
        pause_status=PauseStatus.ACTIVE if paused else PauseStatus.NONE,
        timezone=subscription.timezone,
        plan=plan_name_wire(subscription.plan),
        customer=customer,
        created_at=subscription.created_at,
        updated_at=subscription.updated_at,
    )
