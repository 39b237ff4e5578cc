"""The first and the last event behind a number: exact while events are kept, never another customer's."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import NOW, days_ago
from usage_cast import add_feature, add_meter, ingest, sent

from portal_app.billing.metering import AggregationType
from portal_app.billing.periods import TimeRange
from portal_app.commands.purge_usage import close_usage, purge_some
from portal_app.errors import NotFound
from portal_app.queries.usage_moments import MOST_READ, UsageMoments, usage_moments

WEEK = TimeRange(days_ago(7), NOW)


@pytest.fixture
def calls(session, acme, globex):
    return add_feature(session, add_meter(session, AggregationType.SUM, filters={"kind": ["paid"]}))


def call(event_id, at, customer="acme", kind="paid", n=1):
    return sent(event_id, at, "call", customer, kind=kind, n=n)


def test_the_moments_are_those_of_the_events_that_count(session, acme, calls):
    first, last = days_ago(5) + timedelta(minutes=7), days_ago(1) + timedelta(minutes=8)
    ingest(
        session,
        call("free", first - timedelta(minutes=1), kind="free"),
        call("first", first),
        call("between", days_ago(3)),
        call("last", last),
        call("unusable", last + timedelta(minutes=1), n="many"),
        call("theirs", days_ago(6), "globex"),
    )
    assert usage_moments(session, acme, calls.public_id, WEEK) == UsageMoments(first, last)


def test_what_lies_outside_the_span_is_not_looked_at(session, acme, calls):
    ingest(session, call("before", days_ago(8)), call("inside", days_ago(2)), call("after", NOW + timedelta(hours=1)))
    assert usage_moments(session, acme, calls.public_id, WEEK) == UsageMoments(days_ago(2), days_ago(2))


def test_another_customers_usage_is_no_moment(session, acme, calls):
    ingest(session, call("theirs", days_ago(2), "globex"))
    assert usage_moments(session, acme, calls.public_id, WEEK) == UsageMoments(None, None)


def test_after_a_purge_the_moments_are_quarter_hours(session, acme, calls):
    at = datetime(2026, 1, 15, 10, 7, tzinfo=UTC)
    ingest(session, call("one", at), call("two", days_ago(1)))
    close_usage(session, days_ago(2), "tests", NOW)
    while purge_some(session):
        pass
    quarter = datetime(2026, 1, 15, 10, tzinfo=UTC)
    assert usage_moments(session, acme, calls.public_id, WEEK) == UsageMoments(quarter, days_ago(1))


def test_a_busy_quarter_hour_is_not_read_to_its_end(session, acme, calls):
    start = days_ago(2)
    sent_events = [call(f"free-{n}", start + timedelta(milliseconds=n), kind="free") for n in range(MOST_READ)]
    ingest(session, *sent_events[:1000])
    ingest(session, call("paid", start + timedelta(minutes=9)))
    assert usage_moments(session, acme, calls.public_id, WEEK).first_at == start


def test_a_feature_that_does_not_exist_is_not_found(session, acme):
    with pytest.raises(NotFound):
        usage_moments(session, acme, "feat_nobody", WEEK)
