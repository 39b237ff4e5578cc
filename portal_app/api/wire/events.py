"""Events as the dialect takes and lists them, and ad-hoc sums of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, Field, PlainSerializer, StringConstraints

from portal_app.api.wire.analytics_requests import SpanWire
from portal_app.api.wire.base import ENVIRONMENT_ID, OfCustomerWire, RequestWire
from portal_app.api.wire.values import Amount, Instant, Key, Name, ObjectId, Omitted, Text, Texts, WireTime, wire_time
from portal_app.billing.metering import AggregationType, Filters, MeterRule
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.commands.ingest_events import Taken
from portal_app.errors import Invalid
from portal_app.queries.event_list import EventSearch, KeptEvent, Mark
from portal_app.queries.usage_of_rule import RuleUsage

MAX_PAGE = 50
DEFAULT_SPAN = timedelta(days=7)
MAX_AHEAD = timedelta(days=1)
_MARK = re.compile(r"(\d{1,18}):(\d{1,19}):(.{1,255})", re.DOTALL)
IterKey = Annotated[str, StringConstraints(max_length=300)]
"""A mark as it is written: more than an event's id, which alone may have 255 characters."""
Number = Annotated[Decimal, PlainSerializer(float, return_type=float)]
"""The one place where the dialect writes quantities as JSON numbers."""


class EventCreate(RequestWire):
    """One event. Without an `event_id` it gets one; without a `timestamp` it happened now."""

    event_name: Name
    external_customer_id: Key
    event_id: Text | None = None
    customer_id: Text | None = Field(default=None, description="Ignored: `external_customer_id` says whose it is.")
    timestamp: Instant | None = None
    source: Text | None = None
    properties: dict[str, Any] | None = None


class EventsCreate(RequestWire):
    """Up to a thousand events: all of them are taken, or none."""

    events: list[EventCreate] = Field(min_length=1, max_length=1000)


class EventTakenWire(BaseModel):
    """The event is counted, once, however often it is sent."""

    message: str = "Event accepted for processing"
    event_id: str


class EventsTakenWire(BaseModel):
    """All events are counted: `new` ones, and `duplicates` that had been. Those `unmatched` wait for their customer."""

    message: str = "Events accepted for processing"
    new: int
    duplicates: int
    conflicts: int
    unmatched: int


class EventWire(BaseModel):
    """An event as it is kept."""

    id: str
    external_customer_id: str
    customer_id: str
    event_name: str
    timestamp: WireTime
    source: str
    properties: dict[str, Any]
    ingested_at: WireTime
    environment_id: str = ENVIRONMENT_ID


class EventListWire(BaseModel):
    """Events newest first, and the keys to go on from: older ones after the last, newer ones before the first."""

    events: list[EventWire]
    has_more: bool
    iter_first_key: Omitted[str] = None
    iter_last_key: Omitted[str] = None


class EventQuery(RequestWire):
    """Which events to list: of the last seven days, unless it says otherwise."""

    external_customer_id: Key | None = None
    event_name: Name | None = None
    event_id: Text | None = None
    source: Text | None = None
    start_time: Instant | None = None
    end_time: Instant | None = None
    iter_first_key: IterKey | None = Field(default=None, description="List events newer than this key's.")
    iter_last_key: IterKey | None = Field(default=None, description="List events older than this key's.")
    page_size: int = Field(default=MAX_PAGE, ge=1, le=MAX_PAGE)

    def asked(self, now: datetime, filters: Filters = ()) -> EventSearch:
        """Return what is asked, in the words of queries.

        Raises:
            Invalid: a key that is none, or an empty span.
        """
        end_at = self.end_time or now + MAX_AHEAD
        start_at = self.start_time or min(end_at, now) - DEFAULT_SPAN
        if start_at >= end_at:
            raise Invalid(field="end_time", problem="must be after start_time")
        return EventSearch(
            span=TimeRange(start_at, end_at),
            external_customer_id=self.external_customer_id,
            name=self.event_name,
            event_id=self.event_id,
            source=self.source,
            filters=filters,
            older_than=_mark(self.iter_last_key, "iter_last_key"),
            newer_than=_mark(self.iter_first_key, "iter_first_key"),
            limit=self.page_size,
        )


class EventSearchBody(EventQuery):
    """Which events to list, also by their properties."""

    property_filters: dict[Name, Texts] = Field(default_factory=dict[str, list[str]], max_length=10)

    def filters(self) -> Filters:
        """Return the properties, and the values that let an event pass."""
        return tuple((key, frozenset(values)) for key, values in self.property_filters.items())


class UsageRequest(SpanWire, OfCustomerWire):
    """What to sum up of a customer's events."""

    event_name: Name
    aggregation_type: AggregationType
    property_name: Text = ""
    multiplier: Amount | None = None
    window_size: WindowSize | None = None
    filters: dict[Name, list[Text]] = Field(default_factory=dict[str, list[str]], max_length=10)

    def rule(self) -> MeterRule:
        """Return it as a rule that is in no catalogue.

        Raises:
            Invalid: the aggregation needs a property.
        """
        if self.aggregation_type is not AggregationType.COUNT and not self.property_name:
            raise Invalid(field="property_name", problem="is missing")
        multiplier = Decimal(1) if self.multiplier is None else self.multiplier
        filters = tuple((key, frozenset(values)) for key, values in self.filters.items())
        return MeterRule(0, self.event_name, self.aggregation_type, self.property_name, multiplier, filters)


class MeterUsageRequest(SpanWire, OfCustomerWire):
    """What a meter amounts to over a customer's events."""

    meter_id: ObjectId
    window_size: WindowSize | None = None
    filters: dict[Name, list[Text]] = Field(default_factory=dict[str, list[str]], max_length=10)


class WindowValueWire(BaseModel):
    """What one window amounts to; `window_size` is when it begins."""

    window_size: WireTime
    value: Number


class UsageWire(BaseModel):
    """What events amount to."""

    results: list[WindowValueWire]
    value: Number
    event_name: str
    type: AggregationType


def events_taken_wire(taken: Taken) -> EventsTakenWire:
    """Return what became of a request's events."""
    return EventsTakenWire(
        new=taken.new, duplicates=taken.duplicates, conflicts=taken.conflicts, unmatched=taken.unmatched
    )


def event_list_json(events: list[KeptEvent], *, has_more: bool) -> bytes:
    """Return a list of events as JSON; properties are written as they were sent, to the last digit."""
    answer: dict[str, Any] = {"events": [_event(event) for event in events], "has_more": has_more}
    if events:
        answer |= {"iter_first_key": _key(events[0].mark), "iter_last_key": _key(events[-1].mark)}
    return orjson.dumps(answer)


def usage_wire(usage: RuleUsage) -> UsageWire:
    """Return what events amount to, as the dialect writes it."""
    return UsageWire(
        results=[WindowValueWire(window_size=window.start_at, value=value) for window, value in usage.windows],
        value=usage.total,
        event_name=usage.rule.event_name,
        type=usage.rule.aggregation,
    )


def _event(event: KeptEvent) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "external_customer_id": event.external_customer_id,
        "customer_id": event.customer_public_id or "",
        "event_name": event.name,
        "timestamp": wire_time(event.happened_at),
        "source": event.source,
        "properties": orjson.Fragment(event.properties),
        "ingested_at": wire_time(event.came_at),
        "environment_id": ENVIRONMENT_ID,
    }


def _key(mark: Mark) -> str:
    at, event_id, customer = mark
    return f"{at}:{customer}:{event_id}"


def _mark(key: str | None, field: str) -> Mark | None:
    if key is None:
        return None
    found = _MARK.fullmatch(key)
    if found is None:
        raise Invalid(field=field, problem="is not a key that a list of events gave")
    return int(found[1]), found[3], int(found[2])
