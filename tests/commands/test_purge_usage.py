"""Retention: events go, what they made stays, and nothing before the horizon changes any more."""

from datetime import timedelta

import pytest
from cast import NOW, days_ago
from sqlalchemy import func, select
from usage_cast import add_feature, ingest, sent

from portal_app.billing.metering import AggregationType
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.commands import purge_usage
from portal_app.commands.ingest_events import Taken
from portal_app.commands.purge_usage import close_usage, purge_some
from portal_app.commands.rebuild_usage import rebuild_usage
from portal_app.errors import Invalid
from portal_app.models.usage import EVENTS, KEYS, UNMATCHED
from portal_app.queries.invariants import all_violations
from portal_app.queries.meters import meter_rules_of_operator
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.queries.usage_health import usage_health_of_operator

HORIZON = days_ago(10)


@pytest.fixture(autouse=True)
def a_hundred_days(session, acme, globex):
    add_feature(session)
    add_feature(session, AggregationType.COUNT_UNIQUE, "Callers")
    ingest(session, *(sent(f"e{day}", at=days_ago(day), n=day) for day in range(100)))
    ingest(session, sent("g", customer="globex", at=days_ago(50), n=1), sent("s", customer="who", at=days_ago(50), n=1))


def purge(session, before=HORIZON):
    horizon = close_usage(session, before, "command line", NOW)
    while purge_some(session):
        pass
    return horizon


def count(session, table):
    return session.connection().execute(select(func.count()).select_from(table)).scalar()


def usage(session, customer, size=None):
    question = UsageQuestion(TimeRange(days_ago(120), NOW + timedelta(hours=1)), size)
    return usage_report(session, customer, question, NOW).series


def test_events_before_the_horizon_go_and_what_they_amounted_to_stays(session, acme):
    before = usage(session, acme, WindowSize.DAY)
    purge(session)
    assert count(session, EVENTS) == 11
    assert usage(session, acme, WindowSize.DAY) == before
    assert list(all_violations(session)) == []


def test_purging_in_small_portions_is_the_same(session, acme, monkeypatch):
    monkeypatch.setattr(purge_usage, "AT_ONCE", 7)
    close_usage(session, HORIZON, "command line", NOW)
    portions = list(iter(lambda: purge_some(session), 0))
    assert max(portions) == 8
    assert (count(session, EVENTS), count(session, KEYS)) == (11, 41)
    assert list(all_violations(session)) == []


def test_ids_outlive_their_events_by_thirty_days(session, acme):
    purge(session)
    assert count(session, KEYS) == 41
    kept, gone = sent("e40", at=None, n=40), sent("e41", at=None, n=41)
    assert ingest(session, kept) == Taken(0, 1, 0, 0)
    assert ingest(session, gone) == Taken(1, 0, 0, 0)


def test_a_retry_from_before_the_horizon_is_a_duplicate_and_a_new_event_is_refused_with_its_request(session, acme):
    purge(session)
    assert ingest(session, sent("e20", at=days_ago(20), n=20)) == Taken(0, 1, 0, 0)
    with pytest.raises(Invalid) as caught:
        ingest(session, sent("new", n=1), sent("old", at=days_ago(10.01), n=1))
    assert str(caught.value) == "events[1].timestamp: is before 2026-01-10T12:00:00Z: older usage is closed"
    assert usage(session, acme)[1].quantity == sum(range(100))


def test_a_rebuild_leaves_what_is_before_the_horizon(session, acme):
    before = usage(session, acme, WindowSize.DAY)
    purge(session)
    assert rebuild_usage(session, acme, meter_rules_of_operator(session)) == 11
    assert usage(session, acme, WindowSize.DAY) == before


def test_the_horizon_lies_on_a_quarter_hour_and_never_moves_back(session, acme):
    assert purge(session, HORIZON + timedelta(minutes=14, seconds=59)) == HORIZON
    assert purge(session, days_ago(30)) == HORIZON
    assert purge(session, days_ago(1)) == days_ago(1)


def test_the_horizon_cannot_lie_ahead(session, acme):
    with pytest.raises(Invalid, match="before: lies in the future"):
        close_usage(session, NOW + timedelta(seconds=1), "command line", NOW)


def test_events_of_unknown_customers_go_too(session, acme):
    purge(session)
    assert count(session, UNMATCHED) == 0


def test_a_span_that_begins_inside_a_purged_quarter_hour_begins_with_it(session, acme):
    purge(session)
    inside = UsageQuestion(TimeRange(days_ago(20) + timedelta(minutes=5), days_ago(19)))
    assert usage_report(session, acme, inside, NOW).series[1].quantity == 20


def test_a_name_without_meter_of_which_nothing_is_kept_is_told_no_longer(session, acme):
    ingest(session, sent("old", at=days_ago(50), name="ping"), sent("new", name="pong"))
    purge(session)
    assert [one.name for one in usage_health_of_operator(session).unmetered_names] == ["pong"]


def test_nothing_is_purged_before_a_horizon_is_set(session, acme):
    assert purge_some(session) == 0
    assert count(session, EVENTS) == 101
