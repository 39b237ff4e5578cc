"""The customer's subscriptions."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import BODY, MISSING, TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.customers import customer_wire
from portal_app.api.wire.lists import ListWire, PageBody, page_wire
from portal_app.api.wire.subscriptions import SubscriptionWire, subscription_wire
from portal_app.api.wire.values import ObjectId
from portal_app.queries.customers import get_profile
from portal_app.queries.subscriptions import get_subscription, page_subscriptions

router = APIRouter(prefix="/v1/customer/portal/subscriptions", tags=["portal"], route_class=DataRoute, responses=TOKEN)


@router.post("", responses=BODY)
async def list_all(body: PageBody, customer: Customer) -> ListWire[SubscriptionWire]:
    """List subscriptions, past ones too, newest first. Pages count from 1."""
    listing = body.listing()
    found = await customer.ask(page_subscriptions, listing, customer.now)
    return page_wire(found, listing, subscription_wire)


@router.get("/{subscription_id}", responses=MISSING)
async def get_one(subscription_id: ObjectId, customer: Customer) -> SubscriptionWire:
    """Return one subscription."""
    found = await customer.ask(get_subscription, subscription_id, customer.now)
    return subscription_wire(found, customer_wire(await customer.ask(get_profile)))
