"""What a customer may use, from all its running subscriptions, and how much of it is used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.metering import FeatureType, ResetPeriod
from portal_app.billing.money import quantize
from portal_app.billing.periods import GRID, TimeRange, billing_recurrence, floor_to_grid, on_grid
from portal_app.billing.statuses import (
    RUNNING_SUBSCRIPTION_STATUSES,
    BillingCycle,
    BillingPeriod,
    RecordStatus,
)
from portal_app.database import Session
from portal_app.models.catalog import Entitlement, Feature, Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.queries.catalog import FeatureDetail
from portal_app.queries.prices import EntitlementDetail, entitlement_of, entitlement_rows
from portal_app.queries.usage import UsageQuestion, usage_report

ZERO = Decimal(0)
NO_ROOM = Decimal(100)
FRACTION_DIGITS = 6
TYPE_ORDER = (FeatureType.METERED, FeatureType.STATIC, FeatureType.BOOLEAN, FeatureType.CONFIG)


@dataclass(frozen=True, slots=True)
class EntitlementSource:
    """A subscription that lets its customer use a feature."""

    subscription_public_id: str
    plan_name: str
    entitlement: EntitlementDetail


@dataclass(frozen=True, slots=True)
class EntitledFeature:
    """A feature that a customer may use, from all sources together; no `limit` is unlimited.

    `used` is what was used since the limit was last there anew, `fraction` that over the limit: 100 when there is
    no room at all, 0 when there is no limit. `resets_at` is None if it never is there anew.
    """

    feature: FeatureDetail
    limit: int | None
    used: Decimal
    fraction: Decimal
    is_enabled: bool
    is_soft_limit: bool
    resets_at: datetime | None
    sources: tuple[EntitlementSource, ...]


@dataclass(frozen=True, slots=True)
class _Entitled:
    subscription: Subscription
    zone: ZoneInfo
    source: EntitlementSource


def entitled_features(
    session: Session,
    customer_id: CustomerId,
    now: datetime,
    feature_ids: Collection[str] = (),
    lookup_keys: Collection[str] = (),
    subscription_ids: Collection[str] = (),
) -> list[EntitledFeature]:
    """Return what a customer may use: metered features first, then by name. Each collection narrows, if it has any.

    Raises:
        NotFound: the customer does not exist.
    """
    subscriptions = _running(session, customer_id, subscription_ids)
    together: defaultdict[str, list[_Entitled]] = defaultdict(list)
    for entitled in _entitled(session, subscriptions):
        feature = entitled.source.entitlement.feature
        wanted = (not feature_ids and not lookup_keys) or feature.public_id in feature_ids
        if wanted or feature.lookup_key in lookup_keys:
            together[feature.public_id].append(entitled)
    windows = {key: _window(found[0], now) for key, found in together.items()}
    used = _used(session, customer_id, windows, now)
    found = [_feature(sources, used.get(key, ZERO), windows[key]) for key, sources in together.items()]
    return sorted(found, key=lambda one: (TYPE_ORDER.index(one.feature.type), one.feature.name, one.feature.public_id))


def _running(session: Session, customer_id: CustomerId, public_ids: Collection[str]) -> Sequence[Any]:
    statement = (
        select(Subscription, Plan.name, Customer.timezone)
        .join(Plan, col(Plan.id) == col(Subscription.plan_id))
        .join(Customer, col(Customer.id) == col(Subscription.customer_id))
        .where(
            Subscription.customer_id == customer_id,
            col(Subscription.subscription_status).in_(RUNNING_SUBSCRIPTION_STATUSES),
        )
        .order_by(col(Subscription.start_at), col(Subscription.id))
    )
    if public_ids:
        statement = statement.where(col(Subscription.public_id).in_(public_ids))
    return session.exec(statement).all()


def _entitled(session: Session, subscriptions: Sequence[Any]) -> Iterable[_Entitled]:
    """Yield what each subscription lets its customer use; its own entitlement stands instead of its plan's."""
    plans = {subscription.plan_id for subscription, _, _ in subscriptions}
    own = {subscription.id for subscription, _, _ in subscriptions}
    statement = entitlement_rows().where(
        col(Entitlement.plan_id).in_(plans),
        or_(col(Entitlement.subscription_id).is_(None), col(Entitlement.subscription_id).in_(own)),
        col(Entitlement.status) == RecordStatus.PUBLISHED,
        col(Feature.status) != RecordStatus.DELETED,
    )
    rows = session.exec(statement.order_by(col(Entitlement.id))).all() if plans else []
    for subscription, plan_name, zone in subscriptions:
        mine: dict[str, EntitlementDetail] = {}
        for row in sorted(rows, key=lambda row: row[0].subscription_id is not None):
            entitlement = row[0]
            if entitlement.plan_id == subscription.plan_id and entitlement.subscription_id in {None, subscription.id}:
                mine[row[3].public_id] = entitlement_of(*row)
        own_zone = ZoneInfo(subscription.timezone or zone)
        for detail in mine.values():
            yield _Entitled(subscription, own_zone, EntitlementSource(subscription.public_id, plan_name, detail))


def _window(entitled: _Entitled, now: datetime) -> TimeRange | None:
    """Return since when, and until when, usage counts against the limit; None for what is not metered."""
    entitlement, subscription = entitled.source.entitlement, entitled.subscription
    if entitlement.feature.type is not FeatureType.METERED:
        return None
    reset = entitlement.usage_reset_period
    if reset is None:
        return on_grid(TimeRange(subscription.current_period_start_at, subscription.current_period_end_at))
    if reset is ResetPeriod.NEVER:
        return TimeRange(floor_to_grid(min(subscription.start_at, now)), floor_to_grid(now) + GRID)
    cycle = BillingCycle.CALENDAR if reset is ResetPeriod.DAILY else subscription.billing_cycle
    anchor_at = subscription.billing_anchor_at or subscription.start_at
    return billing_recurrence(BillingPeriod(reset.value), 1, cycle, anchor_at, entitled.zone).containing(now)


def _used(
    session: Session, customer_id: CustomerId, windows: dict[str, TimeRange | None], now: datetime
) -> dict[str, Decimal]:
    """Return what was used of each feature in its window; a report for each window, most often one."""
    by_window: defaultdict[TimeRange, list[str]] = defaultdict(list)
    for feature_id, window in windows.items():
        if window is not None:
            by_window[window].append(feature_id)
    return {
        series.feature.public_id: series.quantity
        for window, feature_ids in by_window.items()
        for series in usage_report(
            session, customer_id, UsageQuestion(window, feature_ids=frozenset(feature_ids)), now
        ).series
    }


def _feature(entitled: Sequence[_Entitled], used: Decimal, window: TimeRange | None) -> EntitledFeature:
    sources = tuple(one.source for one in entitled)
    enabled = [source.entitlement for source in sources if source.entitlement.is_enabled]
    limits = [entitlement.usage_limit for entitlement in enabled]
    limit = None if None in limits else sum(limit for limit in limits if limit is not None)
    never = sources[0].entitlement.usage_reset_period is ResetPeriod.NEVER
    return EntitledFeature(
        feature=sources[0].entitlement.feature,
        limit=limit,
        used=used,
        fraction=_fraction(used, limit),
        is_enabled=bool(enabled),
        is_soft_limit=any(entitlement.is_soft_limit for entitlement in enabled),
        resets_at=None if window is None or never else window.end_at,
        sources=sources,
    )


def _fraction(used: Decimal, limit: int | None) -> Decimal:
    if limit is None:
        return ZERO
    return quantize(used / limit, FRACTION_DIGITS) if limit > 0 else NO_ROOM
