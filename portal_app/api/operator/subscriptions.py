"""Subscriptions of all customers: `/v1/subscriptions`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.access.principal import CustomerId
from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.customers import customer_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.subscriptions import (
    CancellationCreate,
    PauseCreate,
    SubscriptionCreate,
    SubscriptionSearch,
    SubscriptionUpdate,
    SubscriptionWire,
    subscription_wire,
)
from portal_app.api.wire.values import ObjectId
from portal_app.commands.subscriptions import (
    cancel_subscription,
    create_subscription,
    pause_subscription,
    resume_subscription,
    update_subscription,
)
from portal_app.queries.customers import customer_id_of_operator, get_profile
from portal_app.queries.listing import Listing
from portal_app.queries.owners import Owned, owner_of_operator
from portal_app.queries.subscriptions import get_subscription_of_operator, list_subscriptions_of_operator

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: SubscriptionCreate, caller: Writer) -> SubscriptionWire:
    """Put a customer on a plan."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    return await _answer(caller, customer, await caller.do(create_subscription, customer, body.new()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[SubscriptionWire]:
    """List subscriptions, newest first, drafts too."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: SubscriptionSearch, caller: Reader) -> ListWire[SubscriptionWire]:
    """Find subscriptions by customer, plan, status or any filter."""
    return await _list(caller, body.asked())


@router.get("/{subscription_id}", responses=MISSING)
async def get_one(subscription_id: ObjectId, caller: Reader) -> SubscriptionWire:
    """Return a subscription."""
    return await _answer(caller, await _owner(caller, subscription_id), subscription_id)


@router.put("/{subscription_id}", responses=BODY | CONFLICT | MISSING)
async def update(subscription_id: ObjectId, body: SubscriptionUpdate, caller: Writer) -> SubscriptionWire:
    """Change a subscription's key or metadata. Another plan is another subscription."""
    customer = await _owner(caller, subscription_id)
    await caller.do(update_subscription, customer, subscription_id, body.changes())
    return await _answer(caller, customer, subscription_id)


@router.post("/{subscription_id}/cancel", responses=BODY | CONFLICT | MISSING)
async def cancel(subscription_id: ObjectId, body: CancellationCreate, caller: Writer) -> SubscriptionWire:
    """End a subscription now, with its current period, or at a time."""
    customer = await _owner(caller, subscription_id)
    await caller.do(cancel_subscription, customer, subscription_id, body.cancellation_type, body.cancel_at)
    return await _answer(caller, customer, subscription_id)


@router.post("/{subscription_id}/pause", responses=BODY | CONFLICT | MISSING)
async def pause(subscription_id: ObjectId, caller: Writer, body: PauseCreate | None = None) -> SubscriptionWire:
    """Let a subscription rest, until it is resumed or for some time."""
    customer = await _owner(caller, subscription_id)
    wanted = body or PauseCreate()
    ends_at = wanted.pause_end or (caller.now + timedelta(days=wanted.pause_days) if wanted.pause_days else None)
    await caller.do(pause_subscription, customer, subscription_id, ends_at)
    return await _answer(caller, customer, subscription_id)


@router.post("/{subscription_id}/resume", responses=CONFLICT | MISSING)
async def resume(subscription_id: ObjectId, caller: Writer) -> SubscriptionWire:
    """Let a paused subscription run again."""
    customer = await _owner(caller, subscription_id)
    await caller.do(resume_subscription, customer, subscription_id)
    return await _answer(caller, customer, subscription_id)


async def _owner(caller: Caller, subscription_id: str) -> CustomerId:
    return await caller.ask(owner_of_operator, Owned.SUBSCRIPTION, subscription_id)


async def _answer(caller: Caller, customer: CustomerId, subscription_id: str) -> SubscriptionWire:
    found = await caller.ask(get_subscription_of_operator, customer, subscription_id, caller.now)
    return subscription_wire(found, customer_wire(await caller.ask(get_profile, customer)))


async def _list(caller: Caller, listing: Listing) -> ListWire[SubscriptionWire]:
    found = await caller.ask(list_subscriptions_of_operator, listing, caller.now)
    return page_wire(found, listing, subscription_wire)
