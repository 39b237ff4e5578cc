"""However a customer appears, what it used before is counted."""

import cast
from cast import NOW
from sqlalchemy import select
from usage_cast import add_feature, ingest, sent

from portal_app.commands.customers import NewCustomer, create_customer, update_customer
from portal_app.commands.event_register import word_ids
from portal_app.commands.match_unmatched import match_unmatched
from portal_app.commands.usage_tables import Rows
from portal_app.imports.directory import import_directory
from portal_app.models.usage import EVENTS, UNMATCHED
from portal_app.queries.invariants import all_violations


def waiting(session):
    return session.connection().execute(select(UNMATCHED.c.external_customer_id)).scalars().all()


def counted(session):
    return session.connection().execute(select(EVENTS.c.event_id)).scalars().all()


def test_a_customer_that_is_created(session):
    add_feature(session)
    ingest(session, sent("e1", customer="new", n=1), sent("e2", customer="other", n=1))
    create_customer(session, NewCustomer("new", "New Ltd"), "tests", NOW)
    assert (counted(session), waiting(session)) == (["e1"], ["other"])
    assert list(all_violations(session)) == []


def test_a_customer_that_gets_another_external_id(session, acme):
    ingest(session, sent("e1", customer="acme-2", n=1))
    update_customer(session, acme, {"external_id": "acme-2"}, "tests", NOW)
    assert (counted(session), waiting(session)) == (["e1"], [])


def test_customers_that_are_imported(database, tmp_path):
    with database.writing() as session:
        ingest(session, sent("e1", customer="new", n=1), sent("e2", customer="other", n=1))
    files = tmp_path / "files"
    files.mkdir()
    (files / "customers.csv").write_text("external_id,name\nnew,New Ltd\n")
    assert import_directory(database, files, NOW).problem_count == 0
    with database.reading() as session:
        assert (counted(session), waiting(session)) == (["e1"], ["other"])


def test_one_customer_is_found_among_more_that_wait_than_a_statement_may_name(session):
    words = word_ids(session, ["call"])
    strangers = ((f"stranger-{number}", "e1", 0, words["call"], 0, "{}", 1, 0) for number in range(70_000))
    Rows("usage_unmatched").write(session, strangers)
    cast.add_customer(session, "stranger-7")
    assert match_unmatched(session) == 1
    assert len(waiting(session)) == 69_999


def test_an_event_that_a_customer_has_already_is_matched_without_counting_twice(session):
    ingest(session, sent("e1", customer="acme", n=1), sent("e2", customer="acme", n=2))
    acme = cast.add_customer(session)
    ingest(session, sent("e1", n=1))
    assert match_unmatched(session) == 2
    assert sorted(counted(session)) == ["e1", "e2"]
    assert match_unmatched(session) == 0
    assert acme
    assert list(all_violations(session)) == []
