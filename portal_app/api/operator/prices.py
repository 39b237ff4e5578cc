"""Prices: `/v1/prices`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.prices import (
    PriceCreate,
    PricesCreate,
    PriceSearch,
    PricesWire,
    PriceUpdate,
    PriceWire,
    price_wire,
)
from portal_app.api.wire.values import ObjectId
from portal_app.commands.prices import create_price, create_prices, end_price, update_price
from portal_app.queries.listing import Listing
from portal_app.queries.prices import get_price_of_operator, list_prices_of_operator, prices_of_operator

router = APIRouter(prefix="/v1/prices", tags=["plans"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: PriceCreate, caller: Writer) -> PriceWire:
    """Create a price of a plan, or of one subscription alone."""
    return await _answer(caller, await caller.do(create_price, body.new()))


@router.post("/bulk", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create_several(body: PricesCreate, caller: Writer) -> PricesWire:
    """Create several prices: all of them, or none."""
    ids = await caller.do(create_prices, [one.new() for one in body.items])
    made = await caller.ask(prices_of_operator, ids)
    return PricesWire(items=[price_wire(made[one]) for one in ids])


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[PriceWire]:
    """List prices, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: PriceSearch, caller: Reader) -> ListWire[PriceWire]:
    """Find prices by ids, keys or any filter."""
    return await _list(caller, body.asked())


@router.get("/{price_id}", responses=MISSING)
async def get_one(price_id: ObjectId, caller: Reader) -> PriceWire:
    """Return a price."""
    return await _answer(caller, price_id)


@router.put("/{price_id}", responses=BODY | CONFLICT | MISSING)
async def update(price_id: ObjectId, body: PriceUpdate, caller: Writer) -> PriceWire:
    """Change what a price is called, its group, or its end, while that is to come. Another amount is another price."""
    await caller.do(update_price, price_id, body.changes())
    return await _answer(caller, price_id)


@router.delete("/{price_id}", responses=CONFLICT | MISSING)
async def delete(price_id: ObjectId, caller: Writer) -> DeletedWire:
    """End a price with the quarter hour. What it charged until then stays charged; one yet to begin never charges."""
    await caller.do(end_price, price_id)
    return DeletedWire(message="price deleted successfully")


async def _answer(caller: Caller, price_id: str) -> PriceWire:
    return price_wire(await caller.ask(get_price_of_operator, price_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[PriceWire]:
    found = await caller.ask(list_prices_of_operator, listing)
    return page_wire(found, listing, price_wire)
