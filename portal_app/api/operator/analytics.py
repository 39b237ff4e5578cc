"""Usage of one customer, analysed: `/v1/events/analytics`, `/v1/costs/analytics`, `/v1/subscriptions/usage`."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import BODY, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Reader
from portal_app.api.wire.analytics import (
    CostAnalyticsWire,
    SubscriptionUsageWire,
    UsageAnalyticsWire,
    cost_analytics_wire,
    subscription_usage_wire,
    usage_analytics_wire,
)
from portal_app.api.wire.analytics_requests import (
    CustomerAnalyticsRequest,
    CustomerCostRequest,
    SubscriptionUsageRequest,
)
from portal_app.queries.customers import customer_id_of_operator
from portal_app.queries.owners import Owned, owner_of_operator
from portal_app.queries.usage_analytics import analyse_usage, subscription_usage

router = APIRouter(prefix="/v1", tags=["usage"], route_class=DataRoute, responses=KEY | BODY | MISSING)


@router.post("/events/analytics")
async def analytics(body: CustomerAnalyticsRequest, caller: Reader) -> UsageAnalyticsWire:
    """Return a customer's usage and its cost, as the customer's own front end sees it."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    found = await caller.ask(
        analyse_usage, customer, body.question(caller.now), caller.now, with_sources="source" in body.expand
    )
    return usage_analytics_wire(found, body)


@router.post("/costs/analytics")
async def costs(body: CustomerCostRequest, caller: Reader) -> CostAnalyticsWire:
    """Return what a customer is charged for usage, meter by meter. No cost sheet is loaded, so cost is left out."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    found = await caller.ask(analyse_usage, customer, body.question(caller.now), caller.now)
    return cost_analytics_wire(found, body, with_cost=False)


@router.post("/subscriptions/usage")
async def usage(body: SubscriptionUsageRequest, caller: Reader) -> SubscriptionUsageWire:
    """Return what a subscription charges for usage, in its current period unless another span is given."""
    customer = await caller.ask(owner_of_operator, Owned.SUBSCRIPTION, body.subscription_id)
    start_at, end_at = body.bounded(caller.now)
    found = await caller.ask(subscription_usage, customer, body.subscription_id, start_at, end_at, caller.now)
    return subscription_usage_wire(found)
