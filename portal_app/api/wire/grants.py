"""Credit grants of plans and subscriptions, as the dialect writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.transactions import Priority
from portal_app.api.wire.values import Instant, Metadata, Name, ObjectId, Omitted, PositiveAmount, WireDecimal, WireTime
from portal_app.billing.statuses import BillingPeriod, GrantCadence, GrantExpiration
from portal_app.commands.grant_rules import NewGrantRule
from portal_app.errors import Invalid
from portal_app.queries.grant_rules import UpcomingGrant
from portal_app.queries.listing import Listing, among
from portal_app.queries.prices import GrantRuleDetail

DAYS = {"DAY": 1, "DAYS": 1, "WEEK": 7, "WEEKS": 7, "MONTH": 30, "MONTHS": 30, "YEAR": 365, "YEARS": 365}


class GrantScope(StrEnum):
    """Who gives the credits."""

    PLAN = "PLAN"
    SUBSCRIPTION = "SUBSCRIPTION"


class CreditGrantWire(ObjectWire):
    """Credits that whoever is on a plan, or has a subscription, is given: once, or in each period."""

    id: str
    name: str
    scope: GrantScope
    plan_id: Omitted[str] = None
    subscription_id: Omitted[str] = None
    credits: WireDecimal
    cadence: GrantCadence
    period: Omitted[BillingPeriod] = None
    period_count: int
    expiration_type: GrantExpiration
    expiration_duration: Omitted[int] = None
    expiration_duration_unit: Omitted[str] = None
    priority: int | None
    start_date: Omitted[WireTime] = None
    end_date: Omitted[WireTime] = None
    metadata: dict[str, str]


class UpcomingGrantWire(BaseModel):
    """The next credits that a subscription will be given by one grant."""

    credit_grant_id: str
    subscription_id: str
    name: str
    credits: WireDecimal
    scheduled_for: WireTime


class UpcomingGrantsWire(BaseModel):
    """What a customer will be given next."""

    items: list[UpcomingGrantWire]


class CreditGrantUpdate(RequestWire):
    """What may be changed of a credit grant; what it gave stays given."""

    columns: ClassVar[Mapping[str, str]] = {"end_date": "end_at"}

    name: Name | None = None
    end_date: Instant | None = None
    metadata: Metadata | None = None


class CreditGrantCreate(RequestWire):
    """A credit grant to be."""

    name: Name
    scope: GrantScope
    plan_id: ObjectId | None = None
    subscription_id: ObjectId | None = None
    credits: PositiveAmount
    cadence: GrantCadence = GrantCadence.ONETIME
    period: BillingPeriod | None = None
    period_count: Annotated[int, Field(ge=1, le=120)] = 1
    expiration_type: GrantExpiration = GrantExpiration.NEVER
    expiration_duration: Annotated[int, Field(ge=1, le=3650)] | None = None
    expiration_duration_unit: Literal["DAY", "DAYS", "WEEK", "WEEKS", "MONTH", "MONTHS", "YEAR", "YEARS"] = "DAYS"
    priority: Priority | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewGrantRule:
        """Return what the command takes.

        Raises:
            Invalid: the scope's id is missing.
        """
        of_plan = self.scope is GrantScope.PLAN
        if (self.plan_id if of_plan else self.subscription_id) is None:
            raise Invalid(field="plan_id" if of_plan else "subscription_id", problem="is missing")
        duration = self.expiration_duration
        return NewGrantRule(
            name=self.name,
            credits=self.credits,
            plan_id=self.plan_id if of_plan else None,
            subscription_id=None if of_plan else self.subscription_id,
            cadence=self.cadence,
            period=self.period,
            period_count=self.period_count,
            expiration=self.expiration_type,
            expires_after_days=duration and duration * DAYS[self.expiration_duration_unit],
            priority=self.priority,
            start_at=self.start_date,
            end_at=self.end_date,
            meta=self.metadata,
        )


class CreditGrantSearch(SearchWire):
    """A search among credit grants."""

    credit_grant_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    plan_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    subscription_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.credit_grant_ids),
            *among("plan_id", self.plan_ids),
            *among("subscription_id", self.subscription_ids),
        )


def credit_grant_wire(rule: GrantRuleDetail) -> CreditGrantWire:
    """Return a credit grant as the dialect writes it; durations are in days."""
    return CreditGrantWire(
        id=rule.public_id,
        name=rule.name,
        scope=GrantScope.SUBSCRIPTION if rule.subscription_public_id else GrantScope.PLAN,
        plan_id=rule.plan_public_id,
        subscription_id=rule.subscription_public_id,
        credits=rule.credits,
        cadence=rule.cadence,
        period=rule.period,
        period_count=rule.period_count,
        expiration_type=rule.expiration,
        expiration_duration=rule.expires_after_days,
        expiration_duration_unit="DAYS" if rule.expires_after_days else None,
        priority=rule.priority,
        start_date=rule.start_at,
        end_date=rule.end_at,
        metadata=dict(rule.meta),
        status=rule.status,
        created_at=rule.created_at,
        updated_at=rule.updated_at,
    )


def upcoming_grants_wire(grants: list[UpcomingGrant]) -> UpcomingGrantsWire:
    """Return what a customer will be given next, as the dialect writes it."""
    return UpcomingGrantsWire(
        items=[
            UpcomingGrantWire(
                credit_grant_id=one.rule_public_id,
                subscription_id=one.subscription_public_id,
                name=one.name,
                credits=one.credits,
                scheduled_for=one.at,
            )
            for one in grants
        ]
    )
