"""Entitlements: `/v1/entitlements`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.entitlements import (
    EntitlementCreate,
    EntitlementsCreate,
    EntitlementSearch,
    EntitlementsWire,
    EntitlementUpdate,
    EntitlementWire,
    entitlement_wire,
)
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.entitlements import create_entitlements, delete_entitlement, update_entitlement
from portal_app.queries.listing import Listing
from portal_app.queries.prices import get_entitlement_of_operator, list_entitlements_of_operator

router = APIRouter(prefix="/v1/entitlements", tags=["plans"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: EntitlementCreate, caller: Writer) -> EntitlementWire:
    """Let whoever is on a plan, or has one subscription, use a feature."""
    [made] = await caller.do(create_entitlements, [body.new()])
    return await _answer(caller, made)


@router.post("/bulk", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create_several(body: EntitlementsCreate, caller: Writer) -> EntitlementsWire:
    """Create several entitlements: all of them, or none."""
    ids = await caller.do(create_entitlements, [one.new() for one in body.items])
    return EntitlementsWire(items=[await _answer(caller, one) for one in ids])


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[EntitlementWire]:
    """List entitlements, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: EntitlementSearch, caller: Reader) -> ListWire[EntitlementWire]:
    """Find entitlements by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{entitlement_id}", responses=MISSING)
async def get_one(entitlement_id: ObjectId, caller: Reader) -> EntitlementWire:
    """Return an entitlement."""
    return await _answer(caller, entitlement_id)


@router.put("/{entitlement_id}", responses=BODY | CONFLICT | MISSING)
async def update(entitlement_id: ObjectId, body: EntitlementUpdate, caller: Writer) -> EntitlementWire:
    """Change an entitlement; what is left out stays as it is."""
    await caller.do(update_entitlement, entitlement_id, body.changes())
    return await _answer(caller, entitlement_id)


@router.delete("/{entitlement_id}", responses=CONFLICT | MISSING)
async def delete(entitlement_id: ObjectId, caller: Writer) -> DeletedWire:
    """Take an entitlement away."""
    await caller.do(delete_entitlement, entitlement_id)
    return DeletedWire(message="entitlement deleted successfully")


async def _answer(caller: Caller, entitlement_id: str) -> EntitlementWire:
    return entitlement_wire(await caller.ask(get_entitlement_of_operator, entitlement_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[EntitlementWire]:
    found = await caller.ask(list_entitlements_of_operator, listing)
    return page_wire(found, listing, entitlement_wire)
