"""What the Usage tab shows while it loads, when nothing comes, and when there is nothing."""

import re
from datetime import timedelta

import time_machine
from cast import NOW, add_customer, add_plan, add_subscription, days_ago
from pages import gone_to, turned
from statements import counted_by
from usage_cast import ingest, sent
from usage_tab import row_of, usage
from usage_world import add_metered, use

from portal_app import database as database_module
from portal_app.database import Database, use_database
from portal_app.ui.tabs.usage.state import UsageState


def test_never_used_none_in_this_range_hidden_and_not_in_the_plan_have_their_own_words(database):
    with database.writing() as session:
        never, fixed, lately, long_ago = (add_customer(session, name) for name in ("never", "fixed", "lately", "ago"))
        add_subscription(session, fixed, add_plan(session))
        add_metered(session, "Calls", ("call", "calls"))
        used = add_metered(session, "Clicks", ("", ""))
        use(session, "Calls", 1, [days_ago(12)], NOW, "lately")
        use(session, "Calls", 1, [days_ago(80)], NOW, "ago")
    latest = "The latest was on Jan 8, 2026, 1:00\u202fPM (UTC+1)."
    assert nothing(never) == ("No usage yet", "It will show here once the first of it is counted.", "", "")
    assert nothing(fixed)[0] == "Metered usage is not part of your plan"
    assert nothing(lately, "?range=7d") == ("No usage in the last 7 days", latest, "/usage", "Show the last 30 days")
    assert nothing(long_ago)[0::2] == ("No usage in the last 30 days", "")
    assert nothing(lately, f"?features={used.public_id}") == (
        "None of the chosen features was used",
        "There is usage of others in the last 30 days.",
        "/usage",
        "Clear filters",
    )


def nothing(customer, query=""):
    state = usage(customer, f"/usage{query}")
    assert state.card["figure"] == {}
    assert state.card["is_never"] is (not state.card["nothing"]["to"] and "30" not in state.card["nothing"]["title"])
    return tuple(state.card["nothing"].values())


def test_the_first_visit_is_loading_and_not_dimmed(acme):
    state = UsageState(_reflex_internal_init=True)
    assert not state.is_loaded
    assert state.card["nothing"]["title"] == state.card["summary"] == ""


def test_when_usage_does_not_come_the_tab_says_so_and_shows_nothing_old_as_new(database, acme):
    state = usage(acme)
    broken = use_database(Database("postgresql://nobody@127.0.0.1:1/nothing"))
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        state.parent_state._confirmed_at = NOW + timedelta(minutes=5)
        gone_to(state, "/usage")
    assert re.fullmatch("[0-9A-F]{8}", state.failed)
    assert not state.is_dimmed
    broken.close()
    database_module._current = database


def test_turning_to_another_range_dims_what_is_there_and_keeps_it(acme):
    state = usage(acme)
    before = state.card
    turned(state)
    assert (state.is_dimmed, state.card) == (True, before)
    gone_to(state, "/usage?range=7d")
    assert not state.is_dimmed
    assert state.card != before


def test_a_range_already_seen_is_shown_again_without_a_query(database, acme):
    state = usage(acme)
    first = state.card
    gone_to(state, "/usage?range=7d")
    with counted_by(database) as sent_statements:
        gone_to(state, "/usage")
    assert state.card == first
    assert sent_statements == []


def test_a_range_seen_a_minute_ago_is_asked_for_again(database, acme):
    state = usage(acme)
    with database.writing() as session:
        ingest(session, sent("late", NOW, "Feature B", n=1))
    with time_machine.travel(NOW + timedelta(seconds=59), tick=False):
        state.parent_state._confirmed_at = NOW + timedelta(seconds=59)
        assert row_of(gone_to(state, "/usage"), "Feature B")["events"] == "113"
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        state.parent_state._confirmed_at = NOW + timedelta(seconds=60)
        assert row_of(gone_to(state, "/usage"), "Feature B")["events"] == "114"


def test_one_tab_asks_the_database_a_bounded_number_of_times(database, acme):
    with counted_by(database) as sent_statements:
        usage(acme)
    assert len(sent_statements) <= 16
