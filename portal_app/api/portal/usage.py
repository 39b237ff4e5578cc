"""What the customer may use, and has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.entitlements import EntitlementQuery, UsageSummaryWire, usage_summary_wire
from portal_app.queries.entitlements import entitled_features

router = APIRouter(prefix="/v1/customer/portal/usage", tags=["portal"], route_class=DataRoute, responses=TOKEN)


@router.get("")
async def get_usage(customer: Customer, query: Annotated[EntitlementQuery, Query()]) -> UsageSummaryWire:
    """Return the features the customer may use, with limits and what is used of them."""
    found = await customer.ask(entitled_features, customer.now, *query.wanted())
    return usage_summary_wire(customer.principal.customer_public_id, found)
