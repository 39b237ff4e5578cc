"""Events: `/v1/events`. They are counted before they are answered, each once, and all of a request or none."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from portal_app.api.answers import BUSY, EVENTS_BODY, KEY, described_body
from portal_app.api.bodies import EventsRoute, body_of
from portal_app.api.keys import EventWriter
from portal_app.api.wire.events import (
    EventCreate,
    EventsCreate,
    EventsTakenWire,
    EventTakenWire,
    events_taken_wire,
)
from portal_app.commands.usage_events import read_event, read_events
from portal_app.commands.usage_writer import current_writer
from portal_app.errors import Invalid

router = APIRouter(prefix="/v1/events", tags=["usage"], route_class=EventsRoute, responses=KEY | EVENTS_BODY | BUSY)


@router.post("", status_code=202, response_model=EventTakenWire, openapi_extra=described_body(EventCreate))
async def take_one(request: Request, caller: EventWriter) -> Response:
    """Count an event. The same `event_id` of a customer is the same event, however often it is sent."""
    event = read_event(body_of(request), caller.now)
    await current_writer().take([event], caller.now)
    return _accepted(EventTakenWire(event_id=event.event_id))


@router.post("/bulk", status_code=202, response_model=EventsTakenWire, openapi_extra=described_body(EventsCreate))
async def take_several(request: Request, caller: EventWriter) -> Response:
    """Count up to a thousand events: all of them, or, if one is malformed, none."""
    sent: Any = body_of(request)
    if not isinstance(sent, dict) or "events" not in sent:
        raise Invalid(field="events", problem="is missing")
    taken = await current_writer().take(read_events(sent["events"], caller.now), caller.now)
    return _accepted(events_taken_wire(taken))


def _accepted(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), HTTPStatus.ACCEPTED, media_type="application/json")
