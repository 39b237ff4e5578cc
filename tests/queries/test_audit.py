"""The audit log: found by what, who and when; as CSV; never changed."""

import csv
import io
from datetime import date, timedelta

import cast
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError

from portal_app.commands.audit import record
from portal_app.exports.audit_csv import audit_csv
from portal_app.queries.audit import AuditSearch, each_audit_entry_of_operator, search_audit_of_operator

NOW = cast.NOW


@pytest.fixture
def entries(session, acme):
    for days, actor, action, customer in (
        (3, "operator ada@x", "session.minted", acme),
        (2, "customer", "session.opened", acme),
        (1, "operator bob@x", "branding.changed", None),
    ):
        record(session, actor=actor, action=action, now=NOW - timedelta(days=days), customer_id=customer, note="=1+1")
    session.flush()


@pytest.mark.parametrize(
    ("search", "actions"),
    [
        ({}, ["branding.changed", "session.opened", "session.minted"]),
        ({"action": "session.opened"}, ["session.opened"]),
        ({"actor": "operator "}, ["branding.changed", "session.minted"]),
        ({"actor": "operator ada"}, ["session.minted"]),
        ({"actor": "%"}, []),
        ({"actor": "\0"}, []),
        ({"action": "\0"}, []),
        ({"since": date(2026, 1, 18)}, ["branding.changed", "session.opened"]),
        ({"until": date(2026, 1, 18)}, ["session.opened", "session.minted"]),
        ({"since": date(2026, 1, 18), "until": date(2026, 1, 18)}, ["session.opened"]),
    ],
)
def test_entries_are_found_newest_first(session, entries, search, actions):
    page = search_audit_of_operator(session, AuditSearch(**search))
    assert [entry.action for entry in page.items] == actions


def test_a_customers_are_its_own(session, entries, acme, globex):
    mine = search_audit_of_operator(session, AuditSearch(customer_id=acme)).items
    assert {entry.customer_external_id for entry in mine} == {"acme"}
    assert search_audit_of_operator(session, AuditSearch(customer_id=globex)).items == ()


def test_pages_follow_each_other(session, acme):
    for number in range(30):
        record(session, actor="t", action=f"a{number}", now=NOW)
    session.flush()
    first, second = (search_audit_of_operator(session, AuditSearch(), number) for number in (1, 2))
    assert (len(first.items), first.has_more, len(second.items), second.has_more) == (25, True, 5, False)


def test_the_file_has_every_entry_and_no_formula(session, entries):
    record(session, actor="=cmd()", action="@sum", now=NOW)
    session.flush()
    written = "".join(audit_csv(each_audit_entry_of_operator(session, AuditSearch())))
    rows = list(csv.DictReader(io.StringIO(written.removeprefix("\ufeff"))))
    assert len(rows) == 4
    assert (rows[0]["actor"], rows[0]["action"]) == ("'=cmd()", "'@sum")
    assert rows[1]["details"] == '{"note": "=1+1"}'


@pytest.mark.parametrize("change", ["UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_an_entry(session, entries, change):
    with pytest.raises((DatabaseError, IntegrityError), match="append-only"):
        session.execute(text(change))
