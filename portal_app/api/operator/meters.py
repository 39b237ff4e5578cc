"""Meters: `/v1/meters`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.features import MeterCreate, MeterSearch, MeterUpdate, MeterWire, meter_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.features import add_meter, update_meter
from portal_app.queries.catalog import get_meter_of_operator, list_meters_of_operator
from portal_app.queries.listing import Listing

router = APIRouter(prefix="/v1/meters", tags=["features"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT)
async def create(body: MeterCreate, caller: Writer) -> MeterWire:
    """Create a meter; it counts what was sent before it, too."""
    return await _answer(caller, await caller.do(add_meter, body.terms()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[MeterWire]:
    """List meters, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: MeterSearch, caller: Reader) -> ListWire[MeterWire]:
    """Find meters by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{meter_id}", responses=MISSING)
async def get_one(meter_id: ObjectId, caller: Reader) -> MeterWire:
    """Return a meter."""
    return await _answer(caller, meter_id)


@router.put("/{meter_id}", responses=BODY | CONFLICT | MISSING)
async def update(meter_id: ObjectId, body: MeterUpdate, caller: Writer) -> MeterWire:
    """Change what a meter is called. What it counts never changes."""
    await caller.do(update_meter, meter_id, body.changes())
    return await _answer(caller, meter_id)


async def _answer(caller: Caller, meter_id: str) -> MeterWire:
    return meter_wire(await caller.ask(get_meter_of_operator, meter_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[MeterWire]:
    found = await caller.ask(list_meters_of_operator, listing)
    return page_wire(found, listing, meter_wire)
