"""What an operator types about usage."""

import cast
import pytest
from cast import NOW, days_ago
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner
from usage_cast import add_feature, ingest, sent

from portal_app import clock
from portal_app.billing.periods import TimeRange
from portal_app.cli import app
from portal_app.models.access import AuditEntry
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.settings import get_settings


@pytest.fixture(autouse=True)
def usage(sqlite_database, monkeypatch):
    monkeypatch.setattr(clock, "utc_now", lambda: NOW)
    with sqlite_database.writing() as session:
        acme = cast.add_customer(session)
        add_feature(session)
        ingest(session, sent("e1", at=days_ago(20), n=1), sent("e2", at=days_ago(2), n=10), sent("e3", n="many"))
        ingest(session, sent("e2", at=days_ago(2), n=11), sent("x", customer="who", n=1), sent("y", name="ping"))
    return sqlite_database, acme


def run(*words, code=0):
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return result


def amount(usage):
    database, acme = usage
    with database.reading() as session:
        return usage_report(session, acme, UsageQuestion(TimeRange(days_ago(30), NOW)), NOW).series[0].quantity


def test_usage_says_what_came_in_and_does_not_count():
    assert run("usage").stdout.splitlines() == [
        "events\t4", "unknown customer\t1\twho", "unmetered name\t1\tping", "conflicts\t1", "unusable values\t1",
    ]  # fmt: skip


def test_verify_names_a_cell_that_is_wrong_and_rebuild_mends_it(usage):
    with usage[0].writing() as session:
        session.connection().execute(text("UPDATE usage_cell SET low = low + 5 WHERE bucket < 1965000"))
    broken = run("verify", code=1)
    assert "I4 usage_cell cust_" in broken.stdout
    assert (
        "2025-12-31T12:00Z: it keeps events 1, total 1000005, but its events make events 1, total 1000000"
        in broken.stdout
    )
    assert (
        run("rebuild", "acme", "--since", "2025-12-31", "--until", "2026-01-01").stderr
        == "1 events of acme are counted anew\n"
    )
    assert run("verify").stderr.endswith("every invariant holds\n")


def test_purge_closes_what_is_older_than_the_day_it_is_given(usage):
    said = run("purge", "--before", "2026-01-10").stderr
    assert said == "usage before 2026-01-10 00:00 UTC is closed; 1 rows are deleted\n"
    assert amount(usage) == 11
    assert "closed before\t2026-01-10T00:00:00+00:00" in run("usage").stdout


def test_purge_follows_the_retention_that_is_set(usage, monkeypatch):
    monkeypatch.setenv("PORTAL_USAGE_RETENTION_DAYS", "15")
    get_settings.cache_clear()
    try:
        assert run("purge").stderr == "usage before 2026-01-05 12:00 UTC is closed; 1 rows are deleted\n"
    finally:
        get_settings.cache_clear()


def test_purge_without_a_day_or_a_retention_deletes_nothing():
    assert "nothing is ever purged unless" in run("purge", code=2).stderr
    assert "--before: soon is not a day" in run("purge", "--before", "soon", code=2).stderr


def test_an_event_is_corrected_and_voided_with_a_reason_in_the_audit_log(usage):
    run("event", "correct", "acme", "e2", '{"n": 2.5}', "--reason", "miscounted")
    assert amount(usage) == 3.5
    run("event", "void", "acme", "e2", "--reason", "a test")
    assert amount(usage) == 1
    with usage[0].reading() as session:
        entries = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.details["reason"]) for entry in entries] == [
        ("event.corrected", "miscounted"), ("event.voided", "a test"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("event", "correct", "acme", "e2", "{", "--reason", "r"), 2, "the properties are no JSON"),
        (
            ("event", "correct", "acme", "e2", '{"n": 1e1000000000000000000}', "--reason", "r"),
            2,
            "the properties are no JSON",
        ),
        (
            ("rebuild", "acme", "--since", "2026-01-02", "--until", "2026-01-01"),
            2,
            "--since 2026-01-02 is after --until",
        ),
        (("event", "correct", "acme", "e2", "[]", "--reason", "r"), 2, "the properties must be a JSON object"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(words, code, said):
    assert said in run(*words, code=code).stderr
