"""What a caller may send, and how a field that is wrong is named."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from cast import NOW
from usage_cast import sent

from portal_app.billing.instants import instant
from portal_app.commands.usage_events import MAX_EVENTS, read_event, read_events, read_json
from portal_app.errors import Invalid

EVENT = sent("e1", n=1)


def refusal(events):
    with pytest.raises(Invalid) as caught:
        read_events(events, NOW)
    return caught.value.facts["field"], caught.value.facts["problem"]


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"event_name": None}, "event_name", "is missing"),
        ({"event_name": ""}, "event_name", "is missing"),
        ({"event_name": 7}, "event_name", "must be a text"),
        ({"event_name": "x" * 256}, "event_name", "is longer than 255 characters"),
        ({"external_customer_id": None}, "external_customer_id", "is missing"),
        ({"external_customer_id": "a\0b"}, "external_customer_id", "holds a character that cannot be printed"),
        ({"event_id": "a\ud800"}, "event_id", "holds a character that cannot be printed"),
        ({"event_id": ["a"]}, "event_id", "must be a text"),
        ({"source": {}}, "source", "must be a text"),
        ({"properties": [1]}, "properties", "must be an object"),
        ({"properties": "n=1"}, "properties", "must be an object"),
        ({"properties": {"n": "x" * 65536}}, "properties", "is larger than 65536 bytes"),
        ({"timestamp": "yesterday"}, "timestamp", "must be an instant such as 2026-01-20T12:00:00Z"),
        ({"timestamp": 1768910400}, "timestamp", "must be an instant such as 2026-01-20T12:00:00Z"),
        ({"timestamp": "2026-01-20T12:00:60Z"}, "timestamp", "must be an instant such as 2026-01-20T12:00:00Z"),
        ({"timestamp": "2026-01-20T12:00:00"}, "timestamp", "has no time zone; write it as 2026-01-20T12:00:00Z"),
        ({"timestamp": "1969-12-31T23:59:59Z"}, "timestamp", "is before 1970"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp", "is before 1970"),
        ({"timestamp": "2026-01-21T12:00:01Z"}, "timestamp", "is more than a day ahead of 2026-01-20T12:00:00Z"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "timestamp", "is more than a day ahead of 2026-01-20T12:00:00Z"),
    ],
)
def test_a_field_that_is_missing_or_malformed_is_named_with_its_index(change, field, problem):
    assert refusal([EVENT, EVENT, EVENT | change]) == (f"events[2].{field}", problem)


def test_properties_that_no_database_could_keep_are_refused():
    field, problem = refusal([EVENT | {"properties": {"n": "a\ud800"}}])
    assert field == "events[0].properties"
    assert problem.startswith("cannot be kept as JSON")


@pytest.mark.parametrize("events", [None, {}, "events", 1])
def test_events_must_be_a_list(events):
    assert refusal(events) == ("events", "must be a list of events")


@pytest.mark.parametrize("count", [0, MAX_EVENTS + 1])
def test_a_request_has_one_to_a_thousand_events(count):
    assert refusal([EVENT] * count) == ("events", f"must be 1 to 1000 events, not {count}")


def test_an_event_must_be_an_object():
    assert refusal([EVENT, "event"]) == ("events[1]", "must be an object")


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-01-20T12:00:00Z", datetime(2026, 1, 20, 12, tzinfo=UTC)),
        ("2026-01-20t12:00:00z", datetime(2026, 1, 20, 12, tzinfo=UTC)),
        ("2026-01-20 12:00:00+00:00", datetime(2026, 1, 20, 12, tzinfo=UTC)),
        ("2026-01-20T17:45:00+05:45", datetime(2026, 1, 20, 12, tzinfo=UTC)),
        ("2026-01-20T11:59:59.123456789Z", datetime(2026, 1, 20, 11, 59, 59, 123456, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        (NOW + timedelta(days=1), NOW + timedelta(days=1)),
        (None, NOW),
        ("", NOW),
    ],
)
def test_a_timestamp_is_an_instant_of_any_zone_or_now(written, at):
    assert instant(read_event(EVENT | {"timestamp": written}, NOW).at) == at


def test_an_event_without_an_id_gets_one():
    assert read_event(sent(), NOW).event_id.startswith("event_")
    assert read_event(sent("e1"), NOW).event_id == "e1"


def test_numbers_are_kept_as_they_were_written():
    written = '{"a":0.10,"b":12345678901234567890123,"c":1E+2,"d":[1,-2.50],"e":{"f":true}}'
    event = read_event(EVENT | {"properties": read_json(written)}, NOW)
    assert event.text == written
    assert event.properties["a"] == Decimal("0.10")
