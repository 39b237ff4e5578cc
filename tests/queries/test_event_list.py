"""The list of events, page by page: every event once, whoever sent it."""

from dataclasses import replace
from datetime import timedelta

import cast
import pytest
from cast import NOW, days_ago
from statements import counted
from usage_cast import ingest, sent

from portal_app.api.wire.events import EventQuery, event_list_json
from portal_app.billing.periods import TimeRange
from portal_app.queries.event_list import EventSearch, list_events_of_operator

LAST_WEEK = EventSearch(TimeRange(days_ago(7), NOW + timedelta(days=1)), limit=5)
SENDERS = [f"customer-{number}" for number in range(7)]


@pytest.fixture
def seven(session):
    """Seven customers whose events of a moment have one id: a source that numbers its days."""
    for name in SENDERS:
        cast.add_customer(session, name)
    ingest(session, *(sent("2026-01-19", days_ago(1), customer=name) for name in SENDERS))


def test_events_of_one_id_and_moment_are_all_on_some_page(session, seven):
    first, more = list_events_of_operator(session, LAST_WEEK)
    assert (len(first), more) == (5, True)
    second, more = list_events_of_operator(session, replace(LAST_WEEK, older_than=first[-1].mark))
    assert (len(second), more) == (2, False)
    assert sorted(event.external_customer_id for event in first + second) == SENDERS
    newer, more = list_events_of_operator(session, replace(LAST_WEEK, newer_than=second[0].mark))
    assert (newer, more) == (first, False)


def test_the_key_of_the_longest_id_is_taken_back(session):
    cast.add_customer(session, "c" * 255)
    ingest(session, *(sent("é" * 254 + end, customer="c" * 255) for end in "ab"))
    one_by_one = replace(LAST_WEEK, limit=1)
    [newest], _ = list_events_of_operator(session, one_by_one)
    key = event_list_json([newest], has_more=True).decode().partition('"iter_last_key":"')[2].partition('"')[0]
    asked = EventQuery(iter_last_key=key, start_time=LAST_WEEK.span.start_at).asked(NOW)
    [oldest], more = list_events_of_operator(session, asked)
    assert (oldest.event_id[-1], more) == ("a", False)


def test_only_who_sent_events_of_a_name_in_a_time_is_asked(session, seven):
    ingest(session, sent("login-1", days_ago(1), "login", customer=SENDERS[3]))
    with counted(session) as statements:
        found, _ = list_events_of_operator(session, replace(LAST_WEEK, name="login"))
    assert [event.event_id for event in found] == ["login-1"]
    assert len(statements) == 2
    with counted(session) as statements:
        assert list_events_of_operator(session, replace(LAST_WEEK, name="never heard of")) == ([], False)
    assert len(statements) == 1
    before_all = TimeRange(days_ago(7), days_ago(5))
    with counted(session) as statements:
        assert list_events_of_operator(session, replace(LAST_WEEK, span=before_all)) == ([], False)
    assert len(statements) == 1
