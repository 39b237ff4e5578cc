"""What a customer's subscriptions charge for what is metered: prices, and the billing periods they count in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.metering import ResetUsage
from portal_app.billing.periods import Recurrence, TimeRange, billing_recurrence, floor_to_grid
from portal_app.billing.prices import ZERO, Package, PriceModel, PriceVersion, Tariff, Tier, with_precedence
from portal_app.billing.states import end_of_cancelled, first_end
from portal_app.billing.statuses import BillingPeriod, PriceType, RecordStatus, Rounding, SubscriptionStatus
from portal_app.database import Session
from portal_app.models.catalog import Meter, Price, PriceTier
from portal_app.models.subscription import Subscription

NOT_BEGUN = (SubscriptionStatus.DRAFT, SubscriptionStatus.INCOMPLETE)
FAR = datetime(2200, 1, 1, tzinfo=UTC)
"""The end of a period that has none."""


@dataclass(frozen=True, slots=True)
class MeterTariff:
    """What one subscription charges for one meter; `periods` are those that touch the span asked for, whole."""

    meter_id: int
    subscription_public_id: str
    plan_id: int
    tariff: Tariff
    periods: tuple[TimeRange, ...]

    @property
    def has_minimum(self) -> bool:
        """Whether it charges without any usage, too."""
        return any(version.model.min_quantity for version in self.tariff.versions)


def list_tariffs(session: Session, customer_id: CustomerId, span: TimeRange, zone: ZoneInfo) -> list[MeterTariff]:
    """Return what the customer's subscriptions charge for usage in `span`, in the order they began.

    A subscription charges from its start, or the end of its trial, to its end; while its own price for a meter is
    valid, that stands instead of its plan's. `zone` is the customer's, for subscriptions that name none.
    """
    subscriptions = session.exec(_BEGUN, params={"customer": customer_id, "until": span.end_at}).all()
    prices = _prices(session, subscriptions) if subscriptions else []
    return [tariff for subscription in subscriptions for tariff in _of(subscription, prices, span, zone)]


_BEGUN = (
    select(Subscription)
    .where(
        col(Subscription.customer_id) == bindparam("customer"),
        col(Subscription.subscription_status).not_in(NOT_BEGUN),
        col(Subscription.start_at) < bindparam("until"),
    )
    .order_by(col(Subscription.start_at), col(Subscription.id))
)


@dataclass(frozen=True, slots=True)
class _UsagePrice:
    price: Any
    """A row of the columns that rating needs."""
    reset: ResetUsage
    tiers: tuple[Tier, ...]

    @property
    def version(self) -> PriceVersion:
        price = self.price
        package = Package(price.divide_by, price.rounding or Rounding.UP) if price.divide_by else None
        model = PriceModel(
            billing_model=price.billing_model,
            amount=price.amount,
            package=package,
            tier_mode=price.tier_mode,
            tiers=self.tiers,
            min_quantity=price.min_quantity or ZERO,
        )
        start_at, end_at = (at and floor_to_grid(at) for at in (price.start_at, price.end_at))
        return PriceVersion(price.public_id, model, start_at, end_at)


def _prices(session: Session, subscriptions: Sequence[Subscription]) -> list[_UsagePrice]:
    asked = {
        "plans": sorted({subscription.plan_id for subscription in subscriptions}),
        "subscriptions": [subscription.id for subscription in subscriptions],
    }
    found = session.connection().execute(_PRICES, asked).all()
    tiers = _tiers(session, [price.id for price in found if price.tier_mode])
    return [_UsagePrice(price, ResetUsage(price.reset_usage), tuple(tiers[price.id])) for price in found]


_PRICE, _METER = (Price.metadata.tables[name].c for name in ("price", "meter"))
_PRICES = (
    select_columns(
        *(_PRICE[name] for name in ("id", "public_id", "plan_id", "subscription_id", "meter_id", "currency")),
        *(_PRICE[name] for name in ("billing_model", "amount", "tier_mode", "divide_by", "rounding", "min_quantity")),
        *(_PRICE[name] for name in ("start_at", "end_at")),
        _METER.reset_usage,
    )
    .join_from(Price, Meter, _METER.id == _PRICE.meter_id)
    .where(
        _PRICE.plan_id.in_(bindparam("plans", expanding=True)),
        _PRICE.type == PriceType.USAGE,
        _PRICE.status == RecordStatus.PUBLISHED,
        or_(_PRICE.subscription_id.is_(None), _PRICE.subscription_id.in_(bindparam("subscriptions", expanding=True))),
    )
    .order_by(_PRICE.start_at.asc().nulls_first(), _PRICE.id)
)
"""Columns, prepared once: every graph asks for them."""


def _tiers(session: Session, price_ids: Sequence[int]) -> defaultdict[int, list[Tier]]:
    tiers: defaultdict[int, list[Tier]] = defaultdict(list)
    if price_ids:
        statement = select(PriceTier).where(col(PriceTier.price_id).in_(price_ids)).order_by(col(PriceTier.position))
        for row in session.exec(statement):
            tiers[row.price_id].append(Tier(row.up_to, row.unit_amount, row.flat_amount))
    return tiers


def _of(
    subscription: Subscription, prices: Sequence[_UsagePrice], span: TimeRange, zone: ZoneInfo
) -> Iterator[MeterTariff]:
    mine: defaultdict[int, list[_UsagePrice]] = defaultdict(list)
    for usage_price in prices:
        if _is_of(usage_price.price, subscription):
            mine[usage_price.price.meter_id or 0].append(usage_price)
    resets = {found[0].reset for found in mine.values()}
    periods = {
        reset: charged_periods(subscription, span, zone, never_resets=reset is ResetUsage.NEVER) for reset in resets
    }
    for meter_id, found in mine.items():
        own, of_plan = (
            _one_at_a_time([one.version for one in found if (one.price.subscription_id is not None) is is_own])
            for is_own in (True, False)
        )
        tariff = Tariff(subscription.currency, with_precedence(own, of_plan))
        if periods[found[0].reset]:
            yield MeterTariff(meter_id, subscription.public_id, subscription.plan_id, tariff, periods[found[0].reset])


def _is_of(price: Any, subscription: Subscription) -> bool:
    return (
        price.plan_id == subscription.plan_id
        and price.currency == subscription.currency
        and price.subscription_id in {None, subscription.id}
    )


def _one_at_a_time(versions: Sequence[PriceVersion]) -> tuple[PriceVersion, ...]:
    """End a price where the next one begins: imported prices may overlap, or be valid for minutes."""
    versions = [version for version in versions if not version.is_empty]
    ended = [
        replace(version, end_at=later.start_at)
        if later.start_at and (version.end_at is None or version.end_at > later.start_at)
        else version
        for version, later in pairwise(versions)
    ]
    return tuple(version for version in (*ended, *versions[-1:]) if not version.is_empty)


def charged_periods(
    subscription: Subscription, span: TimeRange, zone: ZoneInfo, *, never_resets: bool = False
) -> tuple[TimeRange, ...]:
    """Return the subscription's billing periods that touch `span`, cut where it begins and ends to charge.

    With `never_resets` it is one period, from the beginning to the end.
    """
    begins = floor_to_grid(max(subscription.start_at, subscription.trial_end_at or subscription.start_at))
    ends = floor_to_grid(_end(subscription))
    charged = TimeRange(begins, ends) if begins < ends else None
    reach = charged and charged.overlap(span)
    if charged is None or reach is None:
        return ()
    if never_resets or subscription.billing_period is BillingPeriod.ONETIME:
        return (charged,)
    periods = (period.overlap(charged) for period in _recurrence(subscription, zone).overlapping(reach))
    return tuple(period for period in periods if period)


def _end(subscription: Subscription) -> datetime:
    """Return the first of the ends that are set, or when a cancelled one ended."""
    ends_at = first_end(
        period_end_at=subscription.current_period_end_at,
        cancels_with_period=subscription.cancel_at_period_end,
        cancel_at=subscription.cancel_at,
        end_at=subscription.end_at,
    )
    if subscription.subscription_status is not SubscriptionStatus.CANCELLED:
        return ends_at or FAR
    return end_of_cancelled(
        period_end_at=subscription.current_period_end_at,
        cancelled_at=subscription.cancelled_at,
        ends_at=ends_at,
        end_at=subscription.end_at,
    )


def _recurrence(subscription: Subscription, zone: ZoneInfo) -> Recurrence:
    """Return the rhythm that holds the current period as it is known: an imported one may have moved its anchor."""
    current = TimeRange(subscription.current_period_start_at, subscription.current_period_end_at)
    own_zone = ZoneInfo(subscription.timezone) if subscription.timezone else zone
    for anchor_at in (subscription.billing_anchor_at or subscription.start_at, current.start_at):
        recurrence = billing_recurrence(
            subscription.billing_period, subscription.billing_period_count, subscription.billing_cycle, anchor_at,
            own_zone,
        )  # fmt: skip
        if recurrence.containing(current.start_at).start_at == floor_to_grid(current.start_at):
            break
    return recurrence
