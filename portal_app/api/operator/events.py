"""Events that were taken: listed, searched, summed up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from portal_app.api.answers import BODY, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader
from portal_app.api.wire.events import (
    EventListWire,
    EventQuery,
    EventSearchBody,
    MeterUsageRequest,
    UsageRequest,
    UsageWire,
    event_list_json,
    usage_wire,
)
from portal_app.queries.customers import customer_id_of_operator
from portal_app.queries.event_list import EventSearch, list_events_of_operator
from portal_app.queries.usage_events import Slice
from portal_app.queries.usage_of_rule import meter_rule_of_operator, usage_of_rule

router = APIRouter(prefix="/v1/events", tags=["usage"], route_class=DataRoute, responses=KEY)


@router.get("", response_model=EventListWire)
async def list_all(query: Annotated[EventQuery, Query()], caller: Reader) -> Response:
    """List events of the last seven days, newest first."""
    return await _list(caller, query.asked(caller.now))


@router.post("/query", response_model=EventListWire, responses=BODY)
async def search(body: EventSearchBody, caller: Reader) -> Response:
    """Find events by customer, name, source, time or properties, newest first."""
    return await _list(caller, body.asked(caller.now, body.filters()))


@router.post("/usage", responses=BODY | MISSING)
async def usage(body: UsageRequest, caller: Reader) -> UsageWire:
    """Sum up a customer's events in a way that no meter has to be made for."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    span = body.span(caller.now)
    return usage_wire(await caller.ask(usage_of_rule, customer, body.rule(), span, body.window_size, caller.now))


@router.post("/usage/meter", responses=BODY | MISSING)
async def meter_usage(body: MeterUsageRequest, caller: Reader) -> UsageWire:
    """Return what a meter amounts to over a customer's events."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    rule = await caller.ask(meter_rule_of_operator, body.meter_id)
    only = Slice(filters=tuple((key, frozenset(values)) for key, values in body.filters.items()))
    span = body.span(caller.now)
    return usage_wire(await caller.ask(usage_of_rule, customer, rule, span, body.window_size, caller.now, only))


async def _list(caller: Caller, wanted: EventSearch) -> Response:
    events, has_more = await caller.ask(list_events_of_operator, wanted)
    return Response(event_list_json(events, has_more=has_more), media_type="application/json")
