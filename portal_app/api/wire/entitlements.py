"""Entitlements, and what is used of them, as the dialect writes and reads them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from portal_app.api.wire.base import ObjectWire, OfPlanWire, RequestWire
from portal_app.api.wire.features import FeatureWire, feature_wire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.prices import PriceEntity
from portal_app.api.wire.values import Key, LongText, ObjectId, Omitted, WireDecimal, WireTime
from portal_app.billing.metering import FeatureType, ResetPeriod
from portal_app.commands.entitlements import NewEntitlement
from portal_app.queries.entitlements import EntitledFeature, EntitlementSource
from portal_app.queries.listing import Listing, among, equal
from portal_app.queries.prices import EntitlementDetail

MAX_ENTITLEMENTS = 100
Limit = Annotated[int, Field(ge=0, le=2**53)]


class EntitlementWire(ObjectWire):
    """What a plan, or one subscription, lets its customer use. No limit is unlimited."""

    id: str
    entity_type: PriceEntity
    entity_id: str
    plan_id: Omitted[str] = None
    feature_id: str
    feature_type: FeatureType
    is_enabled: bool
    usage_limit: int | None
    usage_reset_period: Omitted[ResetPeriod] = None
    is_soft_limit: bool
    static_value: str
    feature: FeatureWire


class EntitlementsWire(BaseModel):
    """Several entitlements, in the order they were sent."""

    items: list[EntitlementWire]


class SourceWire(BaseModel):
    """Where an entitlement comes from."""

    subscription_id: str
    entity_id: str
    entity_type: str
    quantity: int = 1
    entity_name: str
    entitlement_id: str
    is_enabled: bool
    usage_limit: Omitted[int] = None
    static_value: Omitted[str] = None
    usage_reset_period: Omitted[ResetPeriod] = None


class FeatureUsageWire(BaseModel):
    """What is used of a feature. `usage_percent` is a fraction of the limit: 100 without room, 0 without limit."""

    feature: FeatureWire
    total_limit: int | None
    is_unlimited: bool
    current_usage: WireDecimal
    usage_percent: WireDecimal
    is_enabled: bool
    is_soft_limit: bool
    next_usage_reset_at: WireTime | None
    sources: list[SourceWire]


class UsageSummaryWire(BaseModel):
    """What a customer may use, and has."""

    customer_id: str
    features: list[FeatureUsageWire]
    period: None = None


class EntitlementFacts(BaseModel):
    """What all sources of an entitlement come to."""

    is_enabled: bool
    usage_limit: int | None
    is_soft_limit: bool
    usage_reset_period: ResetPeriod | None
    static_values: list[str]


class CustomerEntitlementWire(BaseModel):
    """What a customer may use of one feature, and why."""

    feature: FeatureWire
    entitlement: EntitlementFacts
    sources: list[SourceWire]


class CustomerEntitlementsWire(BaseModel):
    """What a customer may use."""

    customer_id: str
    features: list[CustomerEntitlementWire]


class EntitlementQuery(RequestWire):
    """Which features to tell of; all, if none are named."""

    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=100)
    feature_lookup_keys: list[Key] = Field(default_factory=list[str], max_length=100)
    subscription_ids: list[ObjectId] = Field(default_factory=list[str], max_length=100)

    def wanted(self) -> tuple[list[str], list[str], list[str]]:
        """Return what the query takes."""
        return self.feature_ids, self.feature_lookup_keys, self.subscription_ids


class EntitlementUpdate(RequestWire):
    """What may be changed of an entitlement; what is left out stays."""

    is_enabled: bool | None = None
    usage_limit: Limit | None = None
    usage_reset_period: ResetPeriod | None = None
    is_soft_limit: bool | None = None
    static_value: LongText | None = None


class EntitlementCreate(OfPlanWire):
    """An entitlement to be, of a plan or of one subscription."""

    feature_id: ObjectId
    feature_type: FeatureType
    is_enabled: bool = True
    usage_limit: Limit | None = None
    usage_reset_period: ResetPeriod | None = None
    is_soft_limit: bool = False
    static_value: LongText = ""

    def new(self) -> NewEntitlement:
        """Return what the command takes."""
        plan_id, subscription_id = self.entity()
        return NewEntitlement(
            feature_id=self.feature_id,
            feature_type=self.feature_type,
            plan_id=plan_id,
            subscription_id=subscription_id,
            is_enabled=self.is_enabled,
            usage_limit=self.usage_limit,
            usage_reset_period=self.usage_reset_period,
            is_soft_limit=self.is_soft_limit,
            static_value=self.static_value,
        )


class EntitlementsCreate(RequestWire):
    """Several entitlements at once: all of them, or none."""

    items: list[EntitlementCreate] = Field(min_length=1, max_length=MAX_ENTITLEMENTS)


class EntitlementSearch(SearchWire):
    """A search among entitlements."""

    entitlement_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    plan_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    feature_type: FeatureType | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.entitlement_ids),
            *among("plan_id", self.plan_ids),
            *among("feature_id", self.feature_ids),
            *equal("feature_type", self.feature_type),
        )


def entitlement_wire(entitlement: EntitlementDetail) -> EntitlementWire:
    """Return an entitlement as the dialect writes it."""
    own = entitlement.subscription_public_id
    return EntitlementWire(
        id=entitlement.public_id,
        entity_type=PriceEntity.SUBSCRIPTION if own else PriceEntity.PLAN,
        entity_id=own or entitlement.plan_public_id,
        plan_id=None if own else entitlement.plan_public_id,
        feature_id=entitlement.feature.public_id,
        feature_type=entitlement.feature.type,
        is_enabled=entitlement.is_enabled,
        usage_limit=entitlement.usage_limit,
        usage_reset_period=entitlement.usage_reset_period,
        is_soft_limit=entitlement.is_soft_limit,
        static_value=entitlement.static_value,
        feature=feature_wire(entitlement.feature),
        status=entitlement.status,
        created_at=entitlement.created_at,
        updated_at=entitlement.updated_at,
    )


def usage_summary_wire(customer_id: str, features: list[EntitledFeature]) -> UsageSummaryWire:
    """Return what a customer may use, and has, as the dialect writes it."""
    return UsageSummaryWire(
        customer_id=customer_id,
        features=[
            FeatureUsageWire(
                feature=feature_wire(one.feature),
                total_limit=one.limit,
                is_unlimited=one.limit is None,
                current_usage=one.used,
                usage_percent=one.fraction,
                is_enabled=one.is_enabled,
                is_soft_limit=one.is_soft_limit,
                next_usage_reset_at=one.resets_at,
                sources=[_source(source) for source in one.sources],
            )
            for one in features
        ],
    )


def customer_entitlements_wire(customer_id: str, features: list[EntitledFeature]) -> CustomerEntitlementsWire:
    """Return what a customer may use as the dialect writes it."""
    return CustomerEntitlementsWire(
        customer_id=customer_id,
        features=[
            CustomerEntitlementWire(
                feature=feature_wire(one.feature),
                entitlement=EntitlementFacts(**_facts(one)),
                sources=[_source(source) for source in one.sources],
            )
            for one in features
        ],
    )


def _facts(one: EntitledFeature) -> dict[str, Any]:
    first = one.sources[0].entitlement
    return {
        "is_enabled": one.is_enabled,
        "usage_limit": one.limit,
        "is_soft_limit": one.is_soft_limit,
        "usage_reset_period": first.usage_reset_period,
        "static_values": [s.entitlement.static_value for s in one.sources if s.entitlement.static_value],
    }


def _source(source: EntitlementSource) -> SourceWire:
    entitlement = source.entitlement
    own = entitlement.subscription_public_id
    return SourceWire(
        subscription_id=source.subscription_public_id,
        entity_id=own or entitlement.plan_public_id,
        entity_type="subscription" if own else "plan",
        entity_name=source.plan_name,
        entitlement_id=entitlement.public_id,
        is_enabled=entitlement.is_enabled,
        usage_limit=entitlement.usage_limit,
        static_value=entitlement.static_value or None,
        usage_reset_period=entitlement.usage_reset_period,
    )
