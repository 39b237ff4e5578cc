"""Usage in sentences."""

from datetime import UTC, datetime, timedelta

import pytest
from cast import NOW, add_customer, days_ago
from usage_cast import ingest, sent
from usage_world import add_metered, fill_reference, spread, use

from portal_app.billing.periods import Preset
from portal_app.display import make_display
from portal_app.queries.usage import UsageFreshness, usage_of_preset
from portal_app.queries.usage_on_screen import usage_on_screen
from portal_app.ui.components.usage_lines import drawn_series
from portal_app.ui.components.usage_words import ago, freshness, not_counted, summary
from portal_app.ui.usage_address import UsageAddress

US = make_display("en_US", "Europe/Berlin")


@pytest.fixture
def session(sqlite_database):
    with sqlite_database.writing() as session:
        yield session


def said(session, customer, preset):
    report = usage_of_preset(session, customer, preset, NOW)
    return summary(report, drawn_series(report.series, UsageAddress("/usage")), preset, US)


def test_a_summary_is_one_sentence_about_the_dearest_feature(session):
    customer = fill_reference(session, NOW)
    assert said(session, customer, Preset.LAST_MONTH).startswith(
        "LLM cost most of the 5 shown: 3,905 K tokens in the last 30 days, at most "
    )
    assert said(session, customer, Preset.LAST_MONTH).endswith("; today is not over yet (dotted).")


def test_one_feature_is_not_ranked_and_its_peak_is_named_exactly(session):
    customer = add_customer(session)
    add_metered(session, "Calls", ("call", "calls"))
    use(session, "Calls", 1, [days_ago(2)], NOW)
    assert said(session, customer, Preset.LAST_WEEK) == (
        "Calls: 1 call in the last 7 days, at most 1 call on Jan 18, 2026, 12:00\u202fPM – 6:00\u202fPM (UTC+1); "
        "the present six hours are not over yet (dotted)."
    )


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(minutes=61), "1 hour ago"),
        (timedelta(hours=47), "1 day ago"),
        (timedelta(days=1200), "1,200 days ago"),
    ],
)
def test_how_long_ago_something_was(passed, words):
    assert ago(passed, US) == words


def test_the_freshness_line_says_until_when_usage_is_known():
    fresh = UsageFreshness(datetime(2026, 1, 20, 11, 57, tzinfo=UTC), datetime(2026, 1, 20, 11, 58, tzinfo=UTC))
    assert freshness(fresh, US, NOW) == (
        "Usage through Jan 20, 2026, 12:57\u202fPM (UTC+1) · 3 minutes ago · provisional until invoiced"
    )


def test_the_freshness_line_tells_that_events_come_late():
    fresh = UsageFreshness(days_ago(2), NOW - timedelta(minutes=4))
    assert "· 2 days ago · late events still arrive, the last 4 minutes ago ·" in freshness(fresh, US, NOW)


def test_without_any_usage_the_freshness_line_says_that():
    assert freshness(UsageFreshness(None, None), US, NOW) == "No usage has been counted yet"


def test_what_is_not_counted_is_told_one_or_many(session):
    customer = add_customer(session)
    add_metered(session, "Calls", ("call", "calls"))
    ingest(
        session,
        sent("a", days_ago(1), "clicks"),
        *(sent(f"{place}", at, "taps") for place, at in enumerate(spread(NOW, 1000, 3))),
    )
    ingest(session, sent("b", days_ago(1), "Calls", n="many"))
    assert not_counted(usage_on_screen(session, customer, Preset.LAST_MONTH, NOW), US) == [
        "1 event called “clicks” since Jan 19, 2026 belongs to no feature and is not counted.",
        "1,000 events called “taps” since Jan 17, 2026 belong to no feature and are not counted.",
        "1 event could not be counted for Calls: n is not a number.",
    ]
