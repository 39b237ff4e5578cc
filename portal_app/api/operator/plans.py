"""Plans: `/v1/plans`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.entitlements import EntitlementWire, entitlement_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.plans import PlanCreate, PlanSearch, PlanUpdate, PlanWire, plan_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.plans import create_plan, delete_plan, update_plan
from portal_app.queries.listing import Listing, equal
from portal_app.queries.plans import get_plan_of_operator, list_plans_of_operator
from portal_app.queries.prices import list_entitlements_of_operator

router = APIRouter(prefix="/v1/plans", tags=["plans"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT)
async def create(body: PlanCreate, caller: Writer) -> PlanWire:
    """Create a plan."""
    return await _answer(caller, await caller.do(create_plan, body.new()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[PlanWire]:
    """List plans, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: PlanSearch, caller: Reader) -> ListWire[PlanWire]:
    """Find plans by ids, lookup keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{plan_id}", responses=MISSING)
async def get_one(plan_id: ObjectId, caller: Reader) -> PlanWire:
    """Return a plan."""
    return await _answer(caller, plan_id)


@router.get("/{plan_id}/entitlements", responses=MISSING)
async def entitlements(
    plan_id: ObjectId, query: Annotated[ListQuery, Query()], caller: Reader
) -> ListWire[EntitlementWire]:
    """List what a plan lets its customers use."""
    await caller.ask(get_plan_of_operator, plan_id)
    listing = query.listing(*equal("plan_id", plan_id))
    found = await caller.ask(list_entitlements_of_operator, listing)
    return page_wire(found, listing, entitlement_wire)


@router.put("/{plan_id}", responses=BODY | CONFLICT | MISSING)
async def update(plan_id: ObjectId, body: PlanUpdate, caller: Writer) -> PlanWire:
    """Change a plan; what is left out stays as it is."""
    await caller.do(update_plan, plan_id, body.changes())
    return await _answer(caller, plan_id)


@router.delete("/{plan_id}", responses=CONFLICT | MISSING)
async def delete(plan_id: ObjectId, caller: Writer) -> DeletedWire:
    """Delete a plan. Whoever is on it stays on it."""
    await caller.do(delete_plan, plan_id)
    return DeletedWire(message="plan deleted successfully")


async def _answer(caller: Caller, plan_id: str) -> PlanWire:
    return plan_wire(await caller.ask(get_plan_of_operator, plan_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[PlanWire]:
    found = await caller.ask(list_plans_of_operator, listing)
    return page_wire(found, listing, plan_wire)
