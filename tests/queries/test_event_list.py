"""The list of events, page by page: every event once, whoever sent it."""

from dataclasses import replace
from datetime import timedelta

import cast
import pytest
from cast import NOW, days_ago
from sqlalchemy.event import listen
from statements import counted
from usage_cast import ingest, sent

from portal_app.api.wire.events import EventQuery, event_list_json
from portal_app.billing.periods import TimeRange
from portal_app.queries import event_list
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


def test_an_event_is_found_by_its_id_where_the_register_has_it(session, seven):
    ingest(session, sent("wanted", days_ago(1), customer=SENDERS[3]), sent("wanted", days_ago(9), customer=SENDERS[4]))
    with counted(session) as statements:
        found, _ = list_events_of_operator(session, replace(LAST_WEEK, event_id="wanted"))
    assert [event.external_customer_id for event in found] == [SENDERS[3]]
    assert len(statements) == 2
    ours = replace(LAST_WEEK, event_id="wanted", external_customer_id=SENDERS[3])
    assert list_events_of_operator(session, ours)[0] == found


def test_no_more_events_are_held_at_a_time_than_are_compared(session, monkeypatch):
    """PostgreSQL's driver would hold all that a statement finds, however few are read of them."""
    cast.add_customer(session)
    ingest(session, *(sent(f"e{number}", days_ago(1), n=number) for number in range(40)))
    monkeypatch.setattr(event_list, "AT_ONCE", 10)
    held = []
    note = lambda _connection, cursor, *_rest: held.append(cursor.rowcount)  # noqa: E731
    listen(session.connection(), "after_cursor_execute", note)
    greatest = replace(LAST_WEEK, filters=(("n", frozenset({"39"})),), external_customer_id="acme", limit=1)
    assert [event.event_id for event in list_events_of_operator(session, greatest)[0]] == ["e39"]
    assert max(held) <= 10
