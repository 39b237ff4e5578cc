"""Customers: `/v1/customers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from portal_app.access.principal import CustomerId
from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.customers import (
    CustomerCreate,
    CustomerQuery,
    CustomerSearch,
    CustomerUpdate,
    CustomerWire,
    customer_wire,
)
from portal_app.api.wire.lists import ListWire, page_wire
from portal_app.api.wire.values import Key, ObjectId
from portal_app.commands.customers import create_customer, delete_customer, update_customer
from portal_app.errors import Invalid
from portal_app.queries.customers import customer_id_of_operator, get_profile, list_customers_of_operator
from portal_app.queries.listing import Listing

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT)
async def create(body: CustomerCreate, caller: Writer) -> CustomerWire:
    """Create a customer."""
    return await _answer(caller, await caller.do(create_customer, body.new()))


@router.get("")
async def list_all(query: Annotated[CustomerQuery, Query()], caller: Reader) -> ListWire[CustomerWire]:
    """List customers, newest first."""
    return await _list(caller, query.asked())


@router.post("/search", responses=BODY)
async def search(body: CustomerSearch, caller: Reader) -> ListWire[CustomerWire]:
    """Find customers by ids, e-mail, metadata or any filter."""
    return await _list(caller, body.asked(), body.metadata)


@router.put("", responses=BODY | CONFLICT | MISSING)
async def update_by_query(
    body: CustomerUpdate,
    caller: Writer,
    customer_id: Annotated[ObjectId | None, Query(alias="id")] = None,
    external_customer_id: Key | None = None,
) -> CustomerWire:
    """Change the customer that the query names by `id` or `external_customer_id`."""
    if customer_id is None and external_customer_id is None:
        raise Invalid(field="id", problem="give id or external_customer_id")
    customer = await caller.ask(customer_id_of_operator, customer_id, external_customer_id)
    return await _update(caller, customer, body)


@router.get("/external/{external_id}", responses=MISSING)
@router.get("/lookup/{external_id}", responses=MISSING, deprecated=True)
async def get_by_external_id(external_id: Key, caller: Reader) -> CustomerWire:
    """Return the customer that the operator calls so."""
    return await _answer(caller, await caller.ask(customer_id_of_operator, None, external_id))


@router.get("/{customer_id}", responses=MISSING)
async def get_one(customer_id: ObjectId, caller: Reader) -> CustomerWire:
    """Return a customer."""
    return await _answer(caller, await caller.ask(customer_id_of_operator, customer_id))


@router.put("/{customer_id}", responses=BODY | CONFLICT | MISSING)
async def update(customer_id: ObjectId, body: CustomerUpdate, caller: Writer) -> CustomerWire:
    """Change a customer; what is left out stays as it is."""
    return await _update(caller, await caller.ask(customer_id_of_operator, customer_id), body)


@router.delete("/{customer_id}", status_code=204, responses=CONFLICT | MISSING)
async def delete(customer_id: ObjectId, caller: Writer) -> Response:
    """Delete a customer: it leaves every list, and its links stop working at once."""
    await caller.do(delete_customer, await caller.ask(customer_id_of_operator, customer_id))
    return Response(status_code=204)


async def _update(caller: Caller, customer: CustomerId, body: CustomerUpdate) -> CustomerWire:
    await caller.do(update_customer, customer, body.changes())
    return await _answer(caller, customer)


async def _answer(caller: Caller, customer: CustomerId) -> CustomerWire:
    return customer_wire(await caller.ask(get_profile, customer))


async def _list(caller: Caller, listing: Listing, metadata: Mapping[str, str] | None = None) -> ListWire[CustomerWire]:
    found = await caller.ask(list_customers_of_operator, listing, metadata)
    return page_wire(found, listing, customer_wire)
