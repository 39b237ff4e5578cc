"""Usage events as callers send them: every field checked before any event is taken."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, cast

import orjson

from portal_app.billing.instants import EPOCH, micros
from portal_app.errors import Invalid
from portal_app.models.columns import new_public_id

MAX_AHEAD = timedelta(days=1)
"""How far a sender's clock may be ahead of ours."""
MAX_LENGTH = 255
MAX_PROPERTIES = 64 * 1024
MAX_EVENTS = 1000

Sent = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventIn:
    """One event that is well formed. `at` is in microseconds since 1970, `text` is `properties` as JSON.

    `place` is where it stood in its request, such as `events[3].`, for what may still be wrong with it.
    """

    customer: str
    """The operator's own id of the customer: it need not be known yet."""
    name: str
    event_id: str
    at: int
    properties: Mapping[str, Any]
    text: str
    source: str = ""
    place: str = ""


def read_events(sent: object, now: datetime) -> list[EventIn]:
    """Return the events of a bulk request, in order.

    Raises:
        Invalid: there are none or more than a thousand, or one is malformed; it names the event's index and field.
    """
    if not isinstance(sent, Sequence) or isinstance(sent, str):
        raise Invalid(field="events", problem="must be a list of events")
    events = cast("Sequence[object]", sent)
    if not 1 <= len(events) <= MAX_EVENTS:
        raise Invalid(field="events", problem=f"must be 1 to {MAX_EVENTS} events, not {len(events)}")
    return [read_event(event, now, f"events[{index}].") for index, event in enumerate(events)]


def read_event(sent: object, now: datetime, place: str = "") -> EventIn:
    """Return one event. Without an `event_id` it gets one, without a `timestamp` it happened now.

    Numbers in its properties are int or Decimal (`read_json`), never float.

    Raises:
        Invalid: a field is missing or malformed; it names the field.
    """
    if not isinstance(sent, Mapping):
        raise Invalid(field=place.rstrip(".") or "event", problem="must be an object")
    event = cast("Sent", sent)
    properties = _properties(event.get("properties"), place)
    return EventIn(
        customer=_required(event, "external_customer_id", place),
        name=_required(event, "event_name", place),
        event_id=_text(event, "event_id", place) or new_public_id("event"),
        at=_at(event.get("timestamp"), now, place),
        properties=properties,
        text=properties_text(properties, place),
        source=_text(event, "source", place),
        place=place,
    )


def read_json(text: str | bytes) -> Any:
    """Return a JSON text's value with its numbers as they were written: int or Decimal.

    Raises:
        ValueError: it is no JSON, which has no NaN and no infinity.
        ArithmeticError: a number's exponent is beyond any that can be computed with.
    """
    return _EXACT.decode(text if isinstance(text, str) else text.decode())


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


_EXACT = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
"""Made once: `json.loads` would make one for each text."""


def properties_text(properties: Sent, place: str = "") -> str:
    """Return properties as the JSON text that is kept of them, keys in order.

    Raises:
        Invalid: they are no JSON, or more than 64 KB of it.
    """
    try:
        text = orjson.dumps(properties, _exact_number, orjson.OPT_SORT_KEYS)
    except TypeError:
        text = _long_way(properties, place)
    if len(text) > MAX_PROPERTIES:
        raise Invalid(field=f"{place}properties", problem=f"is larger than {MAX_PROPERTIES} bytes")
    return text.decode()


def _long_way(properties: Sent, place: str) -> bytes:
    """What the fast encoder refuses may still be JSON: whole numbers of more than 64 bits."""
    try:
        return orjson.dumps(_with_decimals(properties), _exact_number, orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError) as error:
        raise Invalid(field=f"{place}properties", problem=f"cannot be kept as JSON ({error})") from None


def _with_decimals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_decimals(inner) for key, inner in cast("Sent", value).items()}
    if isinstance(value, list):
        return [_with_decimals(inner) for inner in cast("list[Any]", value)]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _exact_number(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON")


def _properties(sent: object, place: str) -> Sent:
    if sent is None:
        return {}
    if not isinstance(sent, Mapping):
        raise Invalid(field=f"{place}properties", problem="must be an object")
    return cast("Sent", sent)


def _required(event: Sent, field: str, place: str) -> str:
    text = _text(event, field, place)
    if not text:
        raise Invalid(field=f"{place}{field}", problem="is missing")
    return text


def _text(event: Sent, field: str, place: str) -> str:
    value = event.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(field=f"{place}{field}", problem="must be a text")
    if len(value) > MAX_LENGTH:
        raise Invalid(field=f"{place}{field}", problem=f"is longer than {MAX_LENGTH} characters")
    if not value.isprintable():
        raise Invalid(field=f"{place}{field}", problem="holds a character that cannot be printed")
    return value


def _at(sent: object, now: datetime, place: str) -> int:
    if sent is None or sent == "":
        return micros(now)
    field = f"{place}timestamp"
    at = sent if isinstance(sent, datetime) else _instant(sent, field)
    if at.tzinfo is None:
        raise Invalid(field=field, problem="has no time zone; write it as 2026-01-20T12:00:00Z")
    if at < EPOCH:
        raise Invalid(field=field, problem="is before 1970")
    if at > now + MAX_AHEAD:
        raise Invalid(field=field, problem=f"is more than a day ahead of {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    return micros(at)


def _instant(sent: object, field: str) -> datetime:
    problem = "must be an instant such as 2026-01-20T12:00:00Z"
    if not isinstance(sent, str):
        raise Invalid(field=field, problem=problem)
    try:
        return datetime.fromisoformat(sent.upper())
    except ValueError:
        raise Invalid(field=field, problem=problem) from None
