"""Load events: all are checked before the first is taken; then they are taken as any others are, some at a time.

A million events in one transaction would keep every other writer waiting. They need none: an event that is taken
twice counts once, so a run that was broken off is finished by running it again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain, islice

from portal_app.billing.instants import EPOCH, instant, micros
from portal_app.commands.event_register import counted_keys, customer_ids, first_sent_by_strangers, horizon
from portal_app.commands.ingest_events import ingest_events
from portal_app.commands.usage_events import MAX_AHEAD, EventIn, read_json
from portal_app.database import Database, Session
from portal_app.imports.maps.usage import EVENTS
from portal_app.imports.run import Run
from portal_app.imports.scratch import StagedRow

AT_ONCE = 10_000
LAST = datetime(9999, 1, 1, tzinfo=UTC)


def check_events(run: Run) -> None:
    """Refuse events that are dated when none can be, and new ones of a time that is closed."""
    if not run.scratch.holds(EVENTS):
        return
    latest, before = run.now + MAX_AHEAD, horizon(run.session)
    for rows in run.scratch.outside(EVENTS, EPOCH, latest):
        for row in rows:
            problem = "is before 1970" if row.values["timestamp"] < EPOCH else "is more than a day ahead"
            run.refuse(row, [("timestamp", problem)])
    if before is not None:
        for rows in run.scratch.outside(EVENTS, instant(before), LAST):
            _refuse_closed(run, rows, before)
    run.tally(EVENTS).staged = run.scratch.count(EVENTS)


def foresee_events(run: Run) -> None:
    """Tell what loading the events would come to: how many are new, and how many are there or come twice.

    Asked while the rest of the directory stands in the transaction, so that its customers are known.
    """
    tally = run.tally(EVENTS)
    for keys in run.scratch.distinct(EVENTS):
        customers = customer_ids(run.session, {customer for customer, _ in keys})
        counted = counted_keys(run.session, {(customers[one], event) for one, event in keys if one in customers})
        waiting = first_sent_by_strangers(run.session, set(keys))
        new = [key for key in keys if key not in waiting and (customers.get(key[0]), key[1]) not in counted]
        tally.added += len(new)
        tally.unmatched += sum(customer not in customers for customer, _ in new)
    tally.unchanged = tally.staged - tally.added


def load_events(run: Run, database: Database) -> None:
    """Take the events, `AT_ONCE` in a transaction.

    Raises:
        Invalid: usage was closed meanwhile, and an event is older.
        OperationalError: the database cannot be used. The events before are taken; run the import again.
    """
    tally = run.tally(EVENTS)
    rows, done = chain.from_iterable(run.scratch.batches(EVENTS)), 0
    while some := [_event(row) for row in islice(rows, AT_ONCE)]:
        with database.writing() as session:
            taken = ingest_events(session, some, run.now)
        tally.added += taken.new
        tally.unchanged += taken.duplicates
        tally.conflicts += taken.conflicts
        tally.unmatched += taken.unmatched
        done += len(some)
        run.advance(EVENTS, done, tally.staged)


def _refuse_closed(run: Run, rows: list[StagedRow], before: int) -> None:
    keys = _keys(run.session, rows)
    known = counted_keys(run.session, set(keys.values()))
    for row in rows:
        if keys.get(row.place[-1]) not in known:
            problem = f"is before {instant(before):%Y-%m-%dT%H:%M:%SZ}: older usage is closed"
            run.refuse(row, [("timestamp", problem)])


def _keys(session: Session, rows: list[StagedRow]) -> dict[int, tuple[int, str]]:
    customers = customer_ids(session, {row.values["external_customer_id"] for row in rows})
    return {
        row.place[-1]: (customers[row.values["external_customer_id"]], row.key)
        for row in rows
        if row.values["external_customer_id"] in customers
    }


def _event(row: StagedRow) -> EventIn:
    values = row.values
    text = values.get("properties") or "{}"
    return EventIn(
        customer=values["external_customer_id"],
        name=values["event_name"],
        event_id=row.key,
        at=micros(values["timestamp"]),
        properties=read_json(text),
        text=text,
        source=values.get("source") or "",
        place=f"{row.source.file}:{row.line}: ",
    )
