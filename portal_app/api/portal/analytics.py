"""What the customer used, and what it costs the customer."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import BODY, TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.analytics import (
    CostAnalyticsWire,
    UsageAnalyticsWire,
    cost_analytics_wire,
    usage_analytics_wire,
)
from portal_app.api.wire.analytics_requests import AnalyticsRequest, CostRequest
from portal_app.queries.usage_analytics import analyse_usage

router = APIRouter(
    prefix="/v1/customer/portal/analytics", tags=["portal"], route_class=DataRoute, responses=TOKEN | BODY
)


@router.post("/revenue")
async def revenue(body: AnalyticsRequest, customer: Customer) -> UsageAnalyticsWire:
    """Return usage and its cost, feature by feature; with a `window_size`, point by point in the customer's zone."""
    found = await customer.ask(
        analyse_usage, body.question(customer.now), customer.now, with_sources="source" in body.expand
    )
    return usage_analytics_wire(found, body)


@router.post("/cost")
async def cost(body: CostRequest, customer: Customer) -> CostAnalyticsWire:
    """Return what the customer is charged for usage, meter by meter: cost and revenue are the same here."""
    found = await customer.ask(analyse_usage, body.question(customer.now), customer.now)
    return cost_analytics_wire(found, body, with_cost=True)
