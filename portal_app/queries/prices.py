"""The catalogue's prices, entitlements and credit grants, as the operator's programs see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from portal_app.billing.metering import ResetPeriod
from portal_app.billing.prices import Tier
from portal_app.billing.statuses import (
    BillingModel,
    BillingPeriod,
    GrantCadence,
    GrantExpiration,
    InvoiceCadence,
    PriceType,
    RecordStatus,
    Rounding,
    TierMode,
)
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Entitlement, Feature, Group, Meter, Plan, Price, PriceTier
from portal_app.models.grants import GrantRule
from portal_app.models.subscription import Subscription
from portal_app.queries.catalog import FeatureDetail, feature_of
from portal_app.queries.listing import Fields, Listing, Slice, all_rows


@dataclass(frozen=True, slots=True)
class PriceDetail:
    """A price of a plan, or of one subscription alone, valid `[start_at, end_at)`."""

    public_id: str
    plan_public_id: str
    subscription_public_id: str | None
    meter_public_id: str | None
    group_public_id: str | None
    display_name: str
    lookup_key: str
    type: PriceType
    billing_model: BillingModel
    billing_period: BillingPeriod
    billing_period_count: int
    invoice_cadence: InvoiceCadence
    currency: str
    amount: Decimal
    tier_mode: TierMode | None
    tiers: tuple[Tier, ...]
    divide_by: Decimal | None
    rounding: Rounding | None
    min_quantity: Decimal | None
    start_at: datetime | None
    end_at: datetime | None
    status: RecordStatus
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class EntitlementDetail:
    """What a plan, or one subscription, lets its customer use."""

    public_id: str
    plan_public_id: str
    subscription_public_id: str | None
    feature: FeatureDetail
    is_enabled: bool
    usage_limit: int | None
    usage_reset_period: ResetPeriod | None
    is_soft_limit: bool
    static_value: str
    status: RecordStatus
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GrantRuleDetail:
    """The credits that a plan or a subscription gives."""

    public_id: str
    plan_public_id: str | None
    subscription_public_id: str | None
    name: str
    credits: Decimal
    cadence: GrantCadence
    period: BillingPeriod | None
    period_count: int
    expiration: GrantExpiration
    expires_after_days: int | None
    priority: int | None
    start_at: datetime | None
    end_at: datetime | None
    status: RecordStatus
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


PRICE_FIELDS: Fields = {
    "id": col(Price.public_id),
    "plan_id": col(Plan.public_id),
    "subscription_id": col(Subscription.public_id),
    "meter_id": col(Meter.public_id),
    "lookup_key": col(Price.lookup_key),
    "display_name": col(Price.display_name),
    "currency": col(Price.currency),
    "type": col(Price.type),
    "billing_model": col(Price.billing_model),
    "start_date": col(Price.start_at),
    "end_date": col(Price.end_at),
    "status": col(Price.status),
    "created_at": col(Price.created_at),
    "updated_at": col(Price.updated_at),
}
ENTITLEMENT_FIELDS: Fields = {
    "id": col(Entitlement.public_id),
    "plan_id": col(Plan.public_id),
    "subscription_id": col(Subscription.public_id),
    "feature_id": col(Feature.public_id),
    "feature_type": col(Feature.type),
    "is_enabled": col(Entitlement.is_enabled),
    "status": col(Entitlement.status),
    "created_at": col(Entitlement.created_at),
    "updated_at": col(Entitlement.updated_at),
}
GRANT_FIELDS: Fields = {
    "id": col(GrantRule.public_id),
    "plan_id": col(Plan.public_id),
    "subscription_id": col(Subscription.public_id),
    "name": col(GrantRule.name),
    "cadence": col(GrantRule.cadence),
    "status": col(GrantRule.status),
    "created_at": col(GrantRule.created_at),
    "updated_at": col(GrantRule.updated_at),
}


def get_price_of_operator(session: Session, public_id: str) -> PriceDetail:
    """Return a price.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    row = session.exec(_prices().where(*_usable(Price, public_id))).first()
    if row is None:
        raise NotFound(noun="Price")
    return _price_details(session, [row])[0]


def list_prices_of_operator(session: Session, listing: Listing) -> Slice[PriceDetail]:
    """Return the prices a listing asks for; without a status, the published ones."""
    found = all_rows(session, _prices(), listing, PRICE_FIELDS, col(Price.id))
    return Slice(tuple(_price_details(session, found.items)), found.total)


def prices_of_operator(session: Session, public_ids: Collection[str]) -> dict[str, PriceDetail]:
    """Return these prices by id, deleted ones too."""
    rows = session.exec(_prices().where(col(Price.public_id).in_(public_ids))).all()
    return {price.public_id: price for price in _price_details(session, rows)}


def get_entitlement_of_operator(session: Session, public_id: str) -> EntitlementDetail:
    """Return an entitlement.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    row = session.exec(entitlement_rows().where(*_usable(Entitlement, public_id))).first()
    if row is None:
        raise NotFound(noun="Entitlement")
    return entitlement_of(*row)


def list_entitlements_of_operator(session: Session, listing: Listing) -> Slice[EntitlementDetail]:
    """Return the entitlements a listing asks for; without a status, the published ones."""
    found = all_rows(session, entitlement_rows(), listing, ENTITLEMENT_FIELDS, col(Entitlement.id))
    return Slice(tuple(entitlement_of(*row) for row in found.items), found.total)


def get_grant_rule_of_operator(session: Session, public_id: str) -> GrantRuleDetail:
    """Return the rule of a credit grant.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    row = session.exec(_grant_rules().where(*_usable(GrantRule, public_id))).first()
    if row is None:
        raise NotFound(noun="Credit grant")
    return _grant_rule(*row)


def list_grant_rules_of_operator(session: Session, listing: Listing) -> Slice[GrantRuleDetail]:
    """Return the rules of credit grants a listing asks for; without a status, the published ones."""
    found = all_rows(session, _grant_rules(), listing, GRANT_FIELDS, col(GrantRule.id))
    return Slice(tuple(_grant_rule(*row) for row in found.items), found.total)


def _usable(table: Any, public_id: str) -> tuple[Any, ...]:
    return col(table.public_id) == public_id, col(table.status) != RecordStatus.DELETED


def _prices() -> Any:
    return (
        select(Price, Plan.public_id, Subscription.public_id, Meter.public_id, Group.public_id)  # pyright: ignore[reportCallIssue] (typed for up to four columns)
        .join(Plan, col(Plan.id) == col(Price.plan_id))
        .outerjoin(Subscription, col(Subscription.id) == col(Price.subscription_id))
        .outerjoin(Meter, col(Meter.id) == col(Price.meter_id))
        .outerjoin(Group, col(Group.id) == col(Price.group_id))
    )


def entitlement_rows() -> Any:
    """Return the select that `entitlement_of` takes its rows from."""
    return (
        select(Entitlement, Plan.public_id, Subscription.public_id, Feature, Meter, Group)  # pyright: ignore[reportCallIssue] (typed for up to four columns)
        .join(Plan, col(Plan.id) == col(Entitlement.plan_id))
        .join(Feature, col(Feature.id) == col(Entitlement.feature_id))
        .outerjoin(Subscription, col(Subscription.id) == col(Entitlement.subscription_id))
        .outerjoin(Meter, col(Meter.id) == col(Feature.meter_id))
        .outerjoin(Group, col(Group.id) == col(Feature.group_id))
    )


def _grant_rules() -> Any:
    return (
        select(GrantRule, Plan.public_id, Subscription.public_id)
        .outerjoin(Plan, col(Plan.id) == col(GrantRule.plan_id))
        .outerjoin(Subscription, col(Subscription.id) == col(GrantRule.subscription_id))
    )


def _price_details(session: Session, rows: Sequence[Any]) -> list[PriceDetail]:
    tiers: defaultdict[int, list[Tier]] = defaultdict(list)
    tiered = [row[0].id for row in rows if row[0].tier_mode]
    if tiered:
        found = session.exec(
            select(PriceTier).where(col(PriceTier.price_id).in_(tiered)).order_by(col(PriceTier.position))
        )
        for tier in found:
            tiers[tier.price_id].append(Tier(tier.up_to, tier.unit_amount, tier.flat_amount))
    return [
        _price(price, plan, subscription, meter, group, tuple(tiers[price.id or 0]))
        for price, plan, subscription, meter, group in rows
    ]


def _price(
    row: Price, plan: str, subscription: str | None, meter: str | None, group: str | None, tiers: tuple[Tier, ...]
) -> PriceDetail:
    more = {
        "plan_public_id": plan,
        "subscription_public_id": subscription,
        "meter_public_id": meter,
        "group_public_id": group,
        "lookup_key": row.lookup_key or "",
        "tiers": tiers,
    }
    return _filled(PriceDetail, row, more)


def entitlement_of(
    row: Entitlement, plan: str, subscription: str | None, feature: Feature, meter: Meter | None, group: Group | None
) -> EntitlementDetail:
    """Return a row as its reader sees it."""
    more = {
        "plan_public_id": plan,
        "subscription_public_id": subscription,
        "feature": feature_of(feature, meter, group),
    }
    return _filled(EntitlementDetail, row, more)


def _grant_rule(row: GrantRule, plan: str | None, subscription: str | None) -> GrantRuleDetail:
    return _filled(GrantRuleDetail, row, {"plan_public_id": plan, "subscription_public_id": subscription})


def _filled(detail: Any, row: Any, more: Mapping[str, Any]) -> Any:
    """Return a row as a value: its columns of the same names, and what came with it."""
    columns = {name: getattr(row, name) for name in detail.__slots__ if name not in more}
    return detail(**columns, **more)
