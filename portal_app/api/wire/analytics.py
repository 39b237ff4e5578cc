"""Usage and what it costs, as the dialect answers. Decimals are exact: nothing is rounded here."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, Field

from portal_app.api.wire.analytics_requests import AnalyticsRequest, CostRequest
from portal_app.api.wire.features import (
    FeatureWire,
    GroupWire,
    MeterWire,
    ReportingUnitWire,
    feature_wire,
    group_wire,
    in_reporting_unit,
    meter_wire,
    reporting_unit_wire,
)
from portal_app.api.wire.plans import PlanNameWire, plan_name_wire
from portal_app.api.wire.prices import PriceWire, price_wire
from portal_app.api.wire.values import Omitted, WireDecimal, WireTime
from portal_app.billing.metering import AggregationType
from portal_app.billing.money import exact
from portal_app.billing.periods import WindowSize
from portal_app.queries.usage import Priced, UsagePoint, UsageSeries
from portal_app.queries.usage_analytics import SubscriptionUsage, UsageAnalysis
from portal_app.queries.usage_breakdown import sum_of_costs

ZERO = Decimal(0)


class PointWire(BaseModel):
    """One window's usage and cost."""

    timestamp: WireTime
    usage: WireDecimal
    subtotal: WireDecimal
    discount: WireDecimal = ZERO
    cost: WireDecimal
    event_count: int
    computed_commitment_utilized_amount: WireDecimal = ZERO
    computed_overage_amount: WireDecimal = ZERO
    computed_true_up_amount: WireDecimal = ZERO


class AnalyticsItemWire(BaseModel):
    """One feature's usage; grouped by source or properties, the part of it that has these."""

    feature_id: str
    price_id: Omitted[str] = None
    meter_id: str
    subscription_id: Omitted[str] = None
    plan_id: Omitted[str] = None
    name: str
    event_name: str
    source: Omitted[str] = None
    sources: Omitted[list[str]] = None
    properties: Omitted[dict[str, str]] = None
    unit: str
    unit_plural: str
    aggregation_type: AggregationType
    total_usage: WireDecimal
    total_usage_display: str = Field(default="", description="In the reporting unit, if the feature has one.")
    reporting_unit: Omitted[ReportingUnitWire] = None
    subtotal: WireDecimal
    total_discount: WireDecimal = ZERO
    total_cost: WireDecimal
    currency: Omitted[str] = None
    event_count: int
    window_size: Omitted[WindowSize] = None
    points: Omitted[list[PointWire]] = None
    group: Omitted[GroupWire] = None
    price: Omitted[PriceWire] = None
    meter: Omitted[MeterWire] = None
    feature: Omitted[FeatureWire] = None
    plan: Omitted[PlanNameWire] = None


class CurrencyTotalWire(BaseModel):
    """What all usage in one currency costs."""

    currency: str
    total_cost: WireDecimal


class UsageAnalyticsWire(BaseModel):
    """A customer's usage. Totals are in `currency`, the sum of the items in it; `totals` has them all."""

    subtotal: WireDecimal
    total_discount: WireDecimal = ZERO
    total_cost: WireDecimal
    currency: str
    timezone: str
    items: list[AnalyticsItemWire]
    totals: list[CurrencyTotalWire]


class MeterCostWire(BaseModel):
    """What a meter's usage costs the customer."""

    meter_id: str
    meter_name: str
    source: str = ""
    total_cost: WireDecimal
    total_quantity: WireDecimal
    total_events: int
    cost_by_period: list[PointWire] = []
    currency: str
    meter: Omitted[MeterWire] = None
    price: Omitted[PriceWire] = None


class CostAnalyticsWire(BaseModel):
    """What a customer is charged. The operator's own cost, margin and return are not here."""

    cost_analytics: list[MeterCostWire]
    total_revenue: WireDecimal
    total_cost: Omitted[WireDecimal] = None
    currency: str
    start_time: WireTime
    end_time: WireTime


class SubscriptionChargeWire(BaseModel):
    """What a subscription charges for one meter's usage."""

    amount: WireDecimal
    currency: str
    quantity: WireDecimal
    meter_id: str
    meter_display_name: str
    feature_id: str
    price: Omitted[PriceWire] = None


class SubscriptionUsageWire(BaseModel):
    """What a subscription charges for usage in a span."""

    amount: WireDecimal
    currency: str
    start_time: WireTime
    end_time: WireTime
    charges: list[SubscriptionChargeWire]


def usage_analytics_wire(analysis: UsageAnalysis, request: AnalyticsRequest) -> UsageAnalyticsWire:
    """Return an analysis as the dialect writes it."""
    totals = sum_of_costs(series.costs for series in analysis.report.series)
    first = totals[0].exact if totals else None
    return UsageAnalyticsWire(
        subtotal=first.amount if first else ZERO,
        total_cost=first.amount if first else ZERO,
        currency=first.currency if first else "",
        timezone=analysis.report.zone.key,
        items=[_item(series, analysis, request) for series in analysis.report.series],
        totals=[CurrencyTotalWire(currency=one.exact.currency, total_cost=one.exact.amount) for one in totals],
    )


def cost_analytics_wire(analysis: UsageAnalysis, request: CostRequest, *, with_cost: bool) -> CostAnalyticsWire:
    """Return what a customer is charged: to the customer, that is the cost. Of the operator's own, nothing is known.

    Costs in other currencies than the first are listed, but in no total.
    """
    series = analysis.report.series
    totals = sum_of_costs(one.costs for one in series)
    total, currency = (totals[0].exact.amount, totals[0].exact.currency) if totals else (ZERO, "")
    return CostAnalyticsWire(
        cost_analytics=[_meter_cost(one, analysis, request, currency) for one in series],
        total_revenue=total,
        total_cost=total if with_cost else None,
        currency=currency,
        start_time=analysis.report.span.start_at,
        end_time=analysis.report.span.end_at,
    )


def subscription_usage_wire(usage: SubscriptionUsage) -> SubscriptionUsageWire:
    """Return what a subscription charges for usage, as the dialect writes it."""
    with exact():
        amount = sum((one.charged.cost.exact.amount for one in usage.charges), ZERO)
        quantities = [sum((charge.units for charge in one.charged.cost.charges), ZERO) for one in usage.charges]
    return SubscriptionUsageWire(
        amount=amount,
        currency=usage.currency,
        start_time=usage.span.start_at,
        end_time=usage.span.end_at,
        charges=[
            SubscriptionChargeWire(
                amount=one.charged.cost.exact.amount,
                currency=one.charged.cost.currency,
                quantity=quantity,
                meter_id=one.feature.meter.public_id if one.feature.meter else "",
                meter_display_name=one.feature.meter.name if one.feature.meter else "",
                feature_id=one.feature.public_id,
                price=price_wire(one.price) if one.price else None,
            )
            for one, quantity in zip(usage.charges, quantities, strict=True)
        ],
    )


def _item(series: UsageSeries, analysis: UsageAnalysis, request: AnalyticsRequest) -> AnalyticsItemWire:
    feature, detail = series.feature, analysis.features[series.feature.public_id]
    cost = series.costs[0].exact if series.costs else None
    charged = series.charged[0] if series.charged else None
    labels = dict(zip(request.labels(), series.labels, strict=True))
    points = [_point(point, cost.currency if cost else "") for point in series.points]
    properties = {
        label.removeprefix("properties."): value for label, value in labels.items() if label.startswith("properties.")
    }
    price = analysis.price_of(charged)
    plan = analysis.plans.get(charged.plan_id) if charged else None
    return AnalyticsItemWire(
        feature_id=feature.public_id,
        price_id=price.public_id if price else None,
        meter_id=feature.meter_public_id,
        subscription_id=charged.subscription_public_id if charged else None,
        plan_id=plan.public_id if plan else None,
        name=feature.name,
        event_name=feature.event_name,
        source=labels.get("source"),
        sources=list(analysis.sources.get(feature.public_id, ())) if "source" in request.expand else None,
        properties=properties or None,
        unit=feature.unit_singular,
        unit_plural=feature.unit_plural,
        aggregation_type=feature.aggregation,
        total_usage=series.quantity,
        total_usage_display=in_reporting_unit(series.quantity, detail),
        reporting_unit=reporting_unit_wire(detail),
        subtotal=cost.amount if cost else ZERO,
        total_cost=cost.amount if cost else ZERO,
        currency=cost.currency if cost else None,
        event_count=series.events,
        window_size=request.window_size,
        points=points if request.window_size else None,
        group=group_wire(detail.group) if detail.group else None,
        price=price_wire(price) if price and "price" in request.expand else None,
        meter=meter_wire(detail.meter) if detail.meter and "meter" in request.expand else None,
        feature=feature_wire(detail) if "feature" in request.expand else None,
        plan=plan_name_wire(plan) if plan and "plan" in request.expand else None,
    )


def _point(point: UsagePoint, currency: str) -> PointWire:
    cost = _in(point.costs, currency)
    return PointWire(
        timestamp=point.window.start_at, usage=point.quantity, subtotal=cost, cost=cost, event_count=point.events
    )


def _meter_cost(series: UsageSeries, analysis: UsageAnalysis, request: CostRequest, currency: str) -> MeterCostWire:
    """What no price applies to costs nothing in the `currency` of the totals."""
    cost = series.costs[0].exact if series.costs else None
    detail = analysis.features[series.feature.public_id]
    price = analysis.price_of(series.charged[0] if series.charged else None)
    return MeterCostWire(
        meter_id=series.feature.meter_public_id,
        meter_name=series.feature.meter_name,
        total_cost=cost.amount if cost else ZERO,
        total_quantity=series.quantity,
        total_events=series.events,
        currency=cost.currency if cost else currency,
        meter=meter_wire(detail.meter) if detail.meter and "meter" in request.expand else None,
        price=price_wire(price) if price and "price" in request.expand else None,
    )


def _in(costs: tuple[Priced, ...], currency: str) -> Decimal:
    return next((cost.exact.amount for cost in costs if cost.exact.currency == currency), ZERO)
