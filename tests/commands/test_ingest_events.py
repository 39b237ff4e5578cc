"""Events come in: each counts once, whatever is wrong with them is kept and said."""

import logging
from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from sqlalchemy import select
from usage_cast import add_feature, add_meter, ingest, sent

from portal_app.billing.metering import AggregationType
from portal_app.billing.periods import TimeRange
from portal_app.commands.ingest_events import Taken
from portal_app.commands.match_unmatched import match_unmatched
from portal_app.models.usage import CELLS, CONFLICTS, EVENTS, PROBLEMS, UNMATCHED
from portal_app.queries.invariants import all_violations
from portal_app.queries.usage import UsageQuestion, usage_freshness, usage_report

NEW, AGAIN = Taken(1, 0, 0, 0), Taken(0, 1, 0, 0)
EVER = TimeRange(days_ago(400), NOW + timedelta(days=2))


def rows(session, table, *columns):
    return session.connection().execute(select(*(columns or table.columns))).all()


def used(session, customer):
    """What every feature amounts to, by name."""
    report = usage_report(session, customer, UsageQuestion(EVER), NOW)
    return {series.feature.name: (series.quantity, series.events) for series in report.series}


@pytest.fixture
def calls(session, acme):
    return add_feature(session)


@pytest.mark.parametrize("at", [NOW, None, days_ago(3), NOW + timedelta(microseconds=1)])
def test_an_event_sent_again_with_the_same_another_or_no_timestamp_counts_once(session, acme, calls, at):
    assert ingest(session, sent("e1", n=2)) == NEW
    assert ingest(session, sent("e1", at=at, n=2), now=NOW + timedelta(hours=1)) == AGAIN
    assert used(session, acme) == {"Calls": (2, 1)}


def test_an_event_without_timestamp_sent_again_with_one_counts_once(session, acme, calls):
    assert ingest(session, sent("e1", at=None, n=2)) == NEW
    assert ingest(session, sent("e1", at=days_ago(1), n=2)) == AGAIN
    assert used(session, acme) == {"Calls": (2, 1)}


def test_an_event_twice_in_one_request_counts_once(session, acme, calls):
    assert ingest(session, sent("e1", n=2), sent("e1", at=days_ago(1), n=2), sent("e2", n=3)) == Taken(2, 1, 0, 0)
    assert used(session, acme) == {"Calls": (5, 2)}


def test_events_without_an_id_are_different_events(session, acme, calls):
    ingest(session, sent(n=2), sent(n=2))
    assert used(session, acme) == {"Calls": (4, 2)}


def test_the_same_id_of_another_customer_is_another_event(session, acme, globex, calls):
    assert ingest(session, sent("e1", n=2), sent("e1", customer="globex", n=40)) == Taken(2, 0, 0, 0)
    assert used(session, acme) == {"Calls": (2, 1)}


def test_other_content_under_the_same_id_is_a_conflict_that_is_counted_logged_and_changes_nothing(
    session, acme, calls, caplog
):
    ingest(session, sent("e1", n=2))
    with caplog.at_level(logging.WARNING, "portal_app"):
        assert ingest(session, sent("e1", n=3), sent("e1", name="other", n=2)) == Taken(0, 2, 2, 0)
    assert used(session, acme) == {"Calls": (2, 1)}
    assert [(row.event_id, row.times, row.name) for row in rows(session, CONFLICTS)] == [("e1", 2, "other")]
    assert caplog.messages == ["event 'e1' of customer 'acme' came again with other content"] * 2


def test_a_retry_that_writes_the_same_content_differently_is_no_conflict(session, acme, calls):
    first = sent("e1", n=Decimal("2.50"), tags={"a": 1, "b": [True, None]})
    ingest(session, first)
    again = first | {"properties": {"tags": {"b": [True, None], "a": 1}, "n": Decimal("2.5")}}
    assert ingest(session, again) == AGAIN


def test_late_events_and_those_out_of_order_count_in_the_quarter_hour_they_happened(session, acme, calls):
    ingest(session, sent("e2", at=days_ago(1), n=1))
    ingest(session, sent("e3", at=days_ago(30), n=10), sent("e1", at=days_ago(400) + timedelta(hours=1), n=100))
    ingest(session, sent("e4", at=days_ago(30) + timedelta(minutes=14), n=1000))
    assert used(session, acme) == {"Calls": (1111, 4)}
    assert sorted(row.low for row in rows(session, CELLS)) == [1_000_000, 100_000_000, 1_010_000_000]


def test_raw_events_keep_what_was_sent(session, acme, calls):
    ingest(session, sent("e1", at=days_ago(1), source="api", n=Decimal("0.10"), model="large", deep={"er": [1]}))
    (event,) = rows(session, EVENTS)
    assert event.properties == '{"deep":{"er":[1]},"model":"large","n":0.10}'
    assert (event.at, event.received_at) == (1768824000000000, 1768910400000000)


@pytest.mark.parametrize(
    ("value", "counts"),
    [(2, "2"), ("2", "2"), ("-0.5", "-0.5"), (Decimal("1E+3"), "1000"), ("1e3", "1000"),
     (Decimal("0.000001"), "0.000001"), (9_223_372_036_854, "9223372036854"), (Decimal("1.000000000"), "1")],
)  # fmt: skip
def test_values_are_numbers_or_the_text_of_one(session, acme, calls, value, counts):
    ingest(session, sent("e1", n=value))
    assert used(session, acme) == {"Calls": (Decimal(counts), 1)}


@pytest.mark.parametrize(
    ("value", "problem"),
    [("many", "n is not a number"), (True, "n is not a number"), ([1], "n is not a number"),
     ("NaN", "n is not a number"), ("١٢", "n is not a number"), ("1_000", "n is not a number"),
     ("1,5", "n is not a number"),
     (Decimal("0.0000001"), "n has more than 6 decimals"), ("1e-7", "n has more than 6 decimals"),
     (9_223_372_036_855, "n is too large"), (Decimal("1e400"), "n is too large"), (10**30, "n is too large"),
     (None, "n is missing")],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_kept_and_reported_and_the_rest_of_the_batch_counts(
    session, acme, calls, value, problem
):
    assert ingest(session, sent("e1", n=1), sent("bad", n=value), sent("e2", n=1)) == Taken(3, 0, 0, 0)
    assert used(session, acme) == {"Calls": (2, 2)}
    assert [(row.event_id, row.problem) for row in rows(session, PROBLEMS)] == [("bad", problem)]
    assert len(rows(session, EVENTS)) == 3


def test_sums_of_the_greatest_values_that_fit_do_not_overflow(session, acme, calls):
    most = 9_223_372_036_854
    ingest(session, *(sent(f"e{n}", n=most) for n in range(100)))
    assert used(session, acme) == {"Calls": (100 * most, 100)}


def test_one_event_feeds_every_meter_it_matches(session, acme, calls):
    add_feature(session, AggregationType.MAX, "Greatest")
    large = add_meter(session, AggregationType.COUNT, filters={"model": ["large", "huge"], "beta": ["true"]})
    add_feature(session, large, "Large calls")
    add_feature(session, add_meter(session, AggregationType.COUNT, "login"), "Logins")
    ingest(
        session,
        sent("e1", n=2, model="large", beta=True),
        sent("e2", n=5, model="huge", beta=False),
        sent("e3", n=3, model="huge", beta="true"),
        sent("e4", name="login"),
    )
    assert used(session, acme) == {"Calls": (10, 3), "Greatest": (5, 3), "Large calls": (2, 2), "Logins": (1, 1)}


def test_filters_and_fields_find_nested_properties(session, acme):
    tokens = add_meter(session, AggregationType.SUM, field="usage.tokens", filters={"request.region": ["eu"]})
    add_feature(session, tokens, "Tokens")
    ingest(
        session,
        sent("e1", usage={"tokens": 7}, request={"region": "eu"}),
        sent("e2", usage={"tokens": 9}, request={"region": "us"}),
        sent("e3", **{"usage.tokens": 11, "request.region": "eu"}),
    )
    assert used(session, acme) == {"Tokens": (18, 2)}


def test_events_of_an_unknown_customer_are_kept_once_and_count_when_it_appears(session):
    calls = add_meter(session)
    add_feature(session, calls)
    assert ingest(session, sent("e1", customer="late", n=2), sent("e1", customer="late", at=None, n=2)) == Taken(
        1, 1, 0, 1
    )
    assert ingest(session, sent("e1", customer="late", n=9)) == Taken(0, 1, 1, 0)
    late = cast.add_customer(session, "late")
    assert match_unmatched(session, ["late"]) == 1
    assert rows(session, UNMATCHED) == []
    assert used(session, late) == {"Calls": (2, 1)}
    assert ingest(session, sent("e1", customer="late", n=2)) == AGAIN
    assert [(row.event_id, row.times) for row in rows(session, CONFLICTS)] == [("e1", 1)]
    assert list(all_violations(session)) == []


def test_events_under_a_name_no_meter_knows_count_when_the_meter_appears(session, acme, globex):
    ingest(
        session, sent("e1", at=days_ago(20), n=2), sent("e2", n=3), sent("e3", n="x"), sent("g", customer="globex", n=9)
    )
    assert used(session, acme) == {}
    add_feature(session)
    assert used(session, acme) == {"Calls": (5, 2)}
    assert [row.event_id for row in rows(session, PROBLEMS)] == ["e3"]


def test_freshness_is_the_latest_event_not_after_now(session, acme):
    assert usage_freshness(session, acme, NOW).through_at is None
    ingest(session, sent("e1", at=days_ago(1)), now=days_ago(0.5))
    assert usage_freshness(session, acme, NOW).through_at == days_ago(1)
    assert usage_freshness(session, acme, NOW).received_at == days_ago(0.5)
    ingest(session, sent("e2", at=NOW + timedelta(hours=3)))
    assert usage_freshness(session, acme, NOW).through_at == NOW
