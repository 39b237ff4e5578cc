"""Credits that plans and subscriptions give: `/v1/creditgrants`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.grants import (
    CreditGrantCreate,
    CreditGrantSearch,
    CreditGrantUpdate,
    CreditGrantWire,
    credit_grant_wire,
)
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.grant_rules import create_grant_rule, delete_grant_rule, update_grant_rule
from portal_app.queries.listing import Listing
from portal_app.queries.prices import get_grant_rule_of_operator, list_grant_rules_of_operator

router = APIRouter(prefix="/v1/creditgrants", tags=["plans"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: CreditGrantCreate, caller: Writer) -> CreditGrantWire:
    """Give credits to whoever is on a plan, or to one subscription: once, or in each period."""
    return await _answer(caller, await caller.do(create_grant_rule, body.new()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[CreditGrantWire]:
    """List credit grants, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: CreditGrantSearch, caller: Reader) -> ListWire[CreditGrantWire]:
    """Find credit grants by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{grant_id}", responses=MISSING)
async def get_one(grant_id: ObjectId, caller: Reader) -> CreditGrantWire:
    """Return a credit grant."""
    return await _answer(caller, grant_id)


@router.put("/{grant_id}", responses=BODY | CONFLICT | MISSING)
async def update(grant_id: ObjectId, body: CreditGrantUpdate, caller: Writer) -> CreditGrantWire:
    """Change a credit grant's name, end or metadata. What it gave stays given."""
    await caller.do(update_grant_rule, grant_id, body.changes())
    return await _answer(caller, grant_id)


@router.delete("/{grant_id}", responses=CONFLICT | MISSING)
async def delete(grant_id: ObjectId, caller: Writer) -> DeletedWire:
    """End a credit grant. What it gave stays given."""
    await caller.do(delete_grant_rule, grant_id)
    return DeletedWire(message="credit grant deleted successfully")


async def _answer(caller: Caller, grant_id: str) -> CreditGrantWire:
    return credit_grant_wire(await caller.ask(get_grant_rule_of_operator, grant_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[CreditGrantWire]:
    found = await caller.ask(list_grant_rules_of_operator, listing)
    return page_wire(found, listing, credit_grant_wire)
