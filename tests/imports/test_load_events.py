"""Events from an operator's files: all of them checked, each counted once."""

from datetime import timedelta

import cast
import pytest
from cast import NOW
from operator_files import CUSTOMERS, counts, csv, everything, told
from sqlalchemy import select

from portal_app.commands.purge_usage import close_usage
from portal_app.imports import load_events
from portal_app.imports.directory import import_directory
from portal_app.imports.report import as_text
from portal_app.models.usage import EVENTS, UNMATCHED
from portal_app.queries.invariants import all_violations
from portal_app.queries.usage_health import usage_health_of_operator

EVENT = "event_id,external_customer_id,event_name,timestamp,properties,source"
METERS = csv("external_id,name,event_name,aggregation,field", "n,N,called,SUM,n")


def event(event_id, properties="{}", customer="acme", at="2026-01-20T10:00:00Z"):
    quoted = properties.replace('"', '""')
    return f'{event_id},{customer},called,{at},"{quoted}",gateway'


@pytest.fixture
def kept(database):
    """Read the properties of every event that counts, by its id."""

    def read():
        with database.reading() as session:
            return dict(session.connection().execute(select(EVENTS.c.event_id, EVENTS.c.properties)).all())

    return read


def test_events_count_for_the_meters_that_came_with_them(bring, database):
    outcome = bring(
        customers=CUSTOMERS, meters=METERS, events=csv(EVENT, event("a", '{"n": 5}'), event("b", '{"n": "2.5"}'))
    )
    assert told(outcome) == []
    assert counts(outcome)["events"] == (2, 0, 0)
    with database.reading() as session:
        assert list(all_violations(session)) == []


def test_the_same_again_changes_nothing(bring, database):
    bring(
        customers=CUSTOMERS,
        meters=METERS,
        events=csv(EVENT, event("a", '{"n": 5}'), event("a", '{"n": 5}'), event("b")),
    )
    before = everything(database)
    assert counts(bring())["events"] == (0, 0, 3)
    assert everything(database) == before


def test_a_line_of_json_holds_its_properties_as_an_object(bring, kept):
    line = '{"event_id": "b", "external_customer_id": "acme", "event_name": "called", "timestamp": "2026-01-20T10:00Z",'
    number = "12345678901234567890.10"
    assert (
        told(bring(customers=CUSTOMERS, events__jsonl=f'{line} "properties": {{"z": {number}, "a": ["ü"]}}}}\n')) == []
    )
    assert kept() == {"b": f'{{"a":["ü"],"z":{number}}}'}


def test_properties_in_a_cell_are_kept_as_the_api_keeps_them(bring, kept):
    bring(customers=CUSTOMERS, events=csv(EVENT, event("a", '{"z": 1.10, "a": ["ü"]}'), event("b")))
    assert kept() == {"a": '{"a":["ü"],"z":1.10}', "b": "{}"}


def test_other_content_is_a_conflict_and_the_first_stands(bring, kept):
    outcome = bring(customers=CUSTOMERS, events=csv(EVENT, event("a", '{"n": 5}'), event("a", '{"n": 6}')))
    assert kept() == {"a": '{"n":5}'}
    assert "events: 1 new, 0 changed, 1 as they were, 1 with other content than before, which stands" in as_text(
        outcome
    )


def test_events_of_unknown_customers_are_kept_until_these_come(bring, kept, database):
    assert "events: 1 new, 0 changed, 0 as they were, 1 of customers not known yet" in as_text(
        bring(events=csv(EVENT, event("a")))
    )
    bring(customers=CUSTOMERS)
    assert kept() == {"a": "{}"}
    with database.reading() as session:
        assert session.connection().execute(select(UNMATCHED.c.event_id)).all() == []


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",acme,called,2026-01-20T10:00Z,,", "event_id: is required"),
        ("a,,called,2026-01-20T10:00Z,,", "external_customer_id: is required"),
        ("a,acme,,2026-01-20T10:00Z,,", "event_name: is required"),
        ("a,acme,called,,,", "timestamp: is required"),
        ("a,acme,called,2026-01-20 10:00,,",
         "timestamp: 2026-01-20 10:00 has no time zone: end it in Z or an offset, or set timezone in mapping.toml"),
        ("a,acme,called,1969-12-31T23:59:59.999999Z,,", "timestamp: is before 1970"),
        ("a,acme,called,2026-01-22T12:00Z,,", "timestamp: is more than a day ahead"),
        ("a,acme,called,0001-01-01T00:00:00+14:00,,",
         "timestamp: 0001-01-01T00:00:00+14:00 does not exist: date value out of range"),
        ("a,acme,called,2026-01-20T10:00Z,[1],", "properties: '[1]' is not a JSON object"),
        ('a,acme,called,2026-01-20T10:00Z,"{""n"": NaN}",', "properties: is not JSON: NaN is not a number"),
        ("a,ac\u202eme,called,2026-01-20T10:00Z,,",
         "external_customer_id: 'ac\\u202eme' holds a character that cannot be printed"),
    ],
)  # fmt: skip
def test_a_bad_event_is_told_and_nothing_of_the_directory_is_loaded(bring, database, row, problem):
    before = everything(database)
    outcome = bring(customers=CUSTOMERS, meters=METERS, events=csv(EVENT, event("good"), row))
    assert told(outcome) == [f"events.csv:3: {problem}"]
    assert everything(database) == before


def test_another_files_mistake_keeps_events_out(bring, kept):
    assert told(bring(customers=CUSTOMERS, plans="external_id\nx\n", events=csv(EVENT, event("a")))) != []
    assert kept() == {}


def test_a_dry_run_takes_none_and_says_what_loading_comes_to(bring, kept):
    bring(events=csv(EVENT, event("waiting")))
    files = {"customers": CUSTOMERS, "events": csv(EVENT, *map(event, ["a", "a", "waiting"]), event("a", customer="x"))}
    foreseen = counts(bring(**files, dry_run=True))["events"]
    assert kept() == {}
    outcome = bring(**files)
    assert foreseen == counts(outcome)["events"] == (2, 0, 2)
    assert outcome.tallies["events"].unmatched == 1
    assert counts(bring(dry_run=True))["events"] == (0, 0, 4)


def test_events_of_a_closed_time_are_refused_but_those_taken_before_are_not(bring, database):
    old, older = (f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (40, 41))
    bring(customers=CUSTOMERS, events=csv(EVENT, event("a", at=old)))
    with database.writing() as session:
        close_usage(session, NOW - timedelta(days=30), "robot", NOW)
    assert told(bring()) == []
    assert told(bring(events=csv(EVENT, event("a", at=old), event("b", at=older)))) == [
        "events.csv:3: timestamp: is before 2025-12-21T12:00:00Z: older usage is closed"
    ]


def test_an_import_that_was_broken_off_is_finished_by_another(bring, kept, folder, database, monkeypatch):
    monkeypatch.setattr(load_events, "AT_ONCE", 2)
    bring(customers=CUSTOMERS)
    (folder / "events.csv").write_text(csv(EVENT, *(event(f"e{number}") for number in range(5))))

    def broken_off(step):
        if step.stage == "loading events" and step.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_directory(database, folder, cast.NOW, on_progress=broken_off)
    assert kept().keys() == {"e0", "e1", "e2", "e3"}
    assert counts(bring())["events"] == (1, 0, 4)
    assert kept().keys() == {"e0", "e1", "e2", "e3", "e4"}


def test_their_columns_may_be_mapped(bring, folder, kept):
    (folder / "mapping.toml").write_text(
        '[events]\nfile = "log.jsonl"\ncolumns.event_id = "id"\ncolumns.external_customer_id = "who"\n'
        'columns.event_name = { value = "called" }\ncolumns.timestamp = "at"\ncolumns.properties = "data"\n'
    )
    line = '{"id": "a", "who": "acme", "at": "2026-01-20T10:00Z", "data": {"n": 1}, "trace": {"x": 1}}\n'
    (folder / "log.jsonl").write_text(line)
    assert told(bring(customers=CUSTOMERS)) == []
    assert kept() == {"a": '{"n":1}'}


def test_a_conflict_within_a_file_is_seen_by_the_operator(bring, database):
    bring(customers=CUSTOMERS, events=csv(EVENT, event("a", '{"n": 5}'), event("a", '{"n": 6}')))
    with database.reading() as session:
        assert usage_health_of_operator(session).conflicts == 1
