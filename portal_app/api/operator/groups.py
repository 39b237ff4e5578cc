"""Groups of features and of prices: `/v1/groups`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.features import GroupCreate, GroupSearch, GroupUpdate, GroupWire, group_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.features import create_group, delete_group, update_group
from portal_app.queries.catalog import get_group_of_operator, list_groups_of_operator
from portal_app.queries.listing import Listing

router = APIRouter(prefix="/v1/groups", tags=["features"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT)
async def create(body: GroupCreate, caller: Writer) -> GroupWire:
    """Create a group."""
    return await _answer(caller, await caller.do(create_group, body.name, body.lookup_key, body.entity_type))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[GroupWire]:
    """List groups, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: GroupSearch, caller: Reader) -> ListWire[GroupWire]:
    """Find groups by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{group_id}", responses=MISSING)
async def get_one(group_id: ObjectId, caller: Reader) -> GroupWire:
    """Return a group."""
    return await _answer(caller, group_id)


@router.put("/{group_id}", responses=BODY | CONFLICT | MISSING)
async def update(group_id: ObjectId, body: GroupUpdate, caller: Writer) -> GroupWire:
    """Change a group; what is left out stays as it is."""
    await caller.do(update_group, group_id, body.changes())
    return await _answer(caller, group_id)


@router.delete("/{group_id}", status_code=204, responses=CONFLICT | MISSING)
async def delete(group_id: ObjectId, caller: Writer) -> Response:
    """Delete a group. Its features stand alone from now on."""
    await caller.do(delete_group, group_id)
    return Response(status_code=204)


async def _answer(caller: Caller, group_id: str) -> GroupWire:
    return group_wire(await caller.ask(get_group_of_operator, group_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[GroupWire]:
    found = await caller.ask(list_groups_of_operator, listing)
    return page_wire(found, listing, group_wire)
