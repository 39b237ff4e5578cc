"""Corrections and voids: what counts is counted anew, who did it is written down, retries change nothing."""

from decimal import Decimal

import pytest
from cast import NOW, days_ago
from sqlmodel import select
from usage_cast import add_feature, ingest, sent

from portal_app.billing.metering import AggregationType
from portal_app.billing.periods import TimeRange
from portal_app.commands.amend_event import Amendment, correct_event, void_event
from portal_app.commands.ingest_events import Taken
from portal_app.commands.purge_usage import close_usage
from portal_app.errors import Invalid, NotFound
from portal_app.models.access import AuditEntry
from portal_app.queries.invariants import all_violations
from portal_app.queries.usage import UsageQuestion, usage_report

BY_ANN = Amendment("ann@northwind.example", "counted in bytes", NOW)


@pytest.fixture(autouse=True)
def three_events(session, acme):
    for aggregation in AggregationType:
        add_feature(session, aggregation, aggregation.value)
    ingest(session, sent("e1", at=days_ago(1), n=7), sent("e2", at=days_ago(1), n=9), sent("e3", n=1))


def amounts(session, customer):
    report = usage_report(session, customer, UsageQuestion(TimeRange(days_ago(2), NOW.replace(hour=13))), NOW)
    return {series.feature.name: series.quantity for series in report.series if series.feature.name != "WEIGHTED_SUM"}


def test_a_correction_changes_every_aggregation_it_touches(session, acme):
    correct_event(session, acme, "e2", {"n": Decimal("2.5")}, BY_ANN)
    assert amounts(session, acme) == {
        "AVG": Decimal("3.5"), "COUNT": 3, "COUNT_UNIQUE": 3, "LATEST": 1, "MAX": 7, "SUM": Decimal("10.5"),
        "SUM_WITH_MULTIPLIER": Decimal("5.25"),
    }  # fmt: skip
    assert list(all_violations(session)) == []


def test_a_void_takes_the_event_out_of_every_aggregation(session, acme):
    void_event(session, acme, "e2", BY_ANN)
    assert amounts(session, acme) == {
        "AVG": 4, "COUNT": 2, "COUNT_UNIQUE": 2, "LATEST": 1, "MAX": 7, "SUM": 8, "SUM_WITH_MULTIPLIER": 4,
    }  # fmt: skip
    assert list(all_violations(session)) == []


def test_a_retry_of_what_was_first_sent_stays_the_same_event_without_a_conflict(session, acme):
    correct_event(session, acme, "e1", {"n": 70}, BY_ANN)
    void_event(session, acme, "e2", BY_ANN)
    assert ingest(session, sent("e1", at=None, n=7), sent("e2", at=days_ago(1), n=9)) == Taken(0, 2, 0, 0)
    assert ingest(session, sent("e1", at=None, n=70)) == Taken(0, 1, 1, 0)
    assert amounts(session, acme)["SUM"] == 71


def test_the_audit_log_says_who_changed_what_and_why(session, acme):
    correct_event(session, acme, "e1", {"n": 70}, BY_ANN)
    void_event(session, acme, "e1", BY_ANN)
    corrected, voided = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert (corrected.action, corrected.actor, corrected.customer_id) == ("event.corrected", BY_ANN.actor, acme)
    assert corrected.details == {"event_id": "e1", "reason": BY_ANN.reason, "before": '{"n":7}', "after": '{"n":70}'}
    assert voided.details == {"event_id": "e1", "reason": BY_ANN.reason, "before": '{"n":70}'}


def test_a_correction_to_a_value_that_cannot_be_used_is_reported_and_back_again(session, acme):
    correct_event(session, acme, "e1", {"n": "seven"}, BY_ANN)
    assert amounts(session, acme)["SUM"] == 10
    correct_event(session, acme, "e1", {"n": "7"}, BY_ANN)
    assert amounts(session, acme)["SUM"] == 17
    assert list(all_violations(session)) == []


@pytest.mark.parametrize("amend", [lambda *known: correct_event(*known[:3], {"n": 1}, known[3]), void_event])
def test_an_event_that_is_unknown_or_anothers_cannot_be_amended(session, acme, globex, amend):
    for customer, event_id in ((acme, "e9"), (globex, "e1")):
        with pytest.raises(NotFound, match="Event not found"):
            amend(session, customer, event_id, BY_ANN)


@pytest.mark.parametrize("amend", [lambda *known: correct_event(*known[:3], {"n": 1}, known[3]), void_event])
def test_a_voided_event_and_one_before_the_horizon_cannot_be_amended(session, acme, amend):
    void_event(session, acme, "e3", BY_ANN)
    with pytest.raises(Invalid, match="event_id: was voided before"):
        amend(session, acme, "e3", BY_ANN)
    close_usage(session, days_ago(0.9), "command line", NOW)
    with pytest.raises(Invalid, match="event_id: happened before 2026-01-19 14:15 UTC: usage is closed"):
        amend(session, acme, "e1", BY_ANN)


def test_a_correction_that_is_no_json_changes_nothing(session, acme):
    with pytest.raises(Invalid, match="properties: cannot be kept"):
        correct_event(session, acme, "e1", {"n": "\ud800"}, BY_ANN)
    assert amounts(session, acme)["SUM"] == 17
