"""Payments of all customers: `/v1/payments`. They are recorded here; only credits are taken here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.access.principal import CustomerId
from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.lists import ListWire, page_wire
from portal_app.api.wire.payments import PaymentCreate, PaymentQuery, PaymentSearch, PaymentWire, payment_wire
from portal_app.api.wire.values import ObjectId
from portal_app.commands.payments import record_payment
from portal_app.queries.invoice_lists import get_payment, list_payments_of_operator
from portal_app.queries.listing import Listing
from portal_app.queries.owners import Owned, owner_of_operator

router = APIRouter(prefix="/v1/payments", tags=["payments"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: PaymentCreate, caller: Writer) -> PaymentWire:
    """Record a payment of an issued invoice. The same `idempotency_key` records it once."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, body.destination_id)
    payment = await caller.do(record_payment, customer, body.destination_id, body.new())
    return await _answer(caller, customer, payment)


@router.get("")
async def list_all(query: Annotated[PaymentQuery, Query()], caller: Reader) -> ListWire[PaymentWire]:
    """List payments, newest first."""
    return await _list(caller, query.asked())


@router.post("/search", responses=BODY)
async def search(body: PaymentSearch, caller: Reader) -> ListWire[PaymentWire]:
    """Find payments by invoice, status, method or any filter."""
    return await _list(caller, body.asked())


@router.get("/{payment_id}", responses=MISSING)
async def get_one(payment_id: ObjectId, caller: Reader) -> PaymentWire:
    """Return a payment."""
    return await _answer(caller, await caller.ask(owner_of_operator, Owned.PAYMENT, payment_id), payment_id)


async def _answer(caller: Caller, customer: CustomerId, payment_id: str) -> PaymentWire:
    return payment_wire(await caller.ask(get_payment, customer, payment_id))


async def _list(caller: Caller, listing: Listing) -> ListWire[PaymentWire]:
    found = await caller.ask(list_payments_of_operator, listing)
    return page_wire(found, listing, payment_wire)
