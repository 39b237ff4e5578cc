"""One run: read every file of a directory, then load all of it in one transaction, or nothing; then its events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from portal_app.commands.audit import record
from portal_app.commands.match_unmatched import match_unmatched
from portal_app.database import Database, Session
from portal_app.errors import Invalid
from portal_app.imports.load_events import check_events, foresee_events, load_events
from portal_app.imports.load_invoices import load_invoices
from portal_app.imports.load_ledger import load_ledger
from portal_app.imports.load_prices import load_prices
from portal_app.imports.load_rows import load_rows
from portal_app.imports.load_usage import (
    count_for_new_meters,
    load_entitlements,
    load_features,
    load_groups,
    load_meters,
)
from portal_app.imports.nouns import CUSTOMERS, EVENTS, NOUNS, PLANS, SUBSCRIPTIONS, WALLETS
from portal_app.imports.problems import Problem
from portal_app.imports.progress import OnProgress, ignore
from portal_app.imports.report import SHOWN, Outcome, changed, write_report
from portal_app.imports.run import Run, Tally
from portal_app.imports.scratch import Scratch
from portal_app.imports.sources import find_sources
from portal_app.imports.staging import stage

COMMAND_LINE = "command line"

LOADERS: dict[str, Callable[[Run], None]] = {
    "customers": partial(load_rows, noun=CUSTOMERS),
    "groups": load_groups,
    "meters": load_meters,
    "features": load_features,
    "plans": partial(load_rows, noun=PLANS),
    "prices": load_prices,
    "subscriptions": partial(load_rows, noun=SUBSCRIPTIONS),
    "entitlements": load_entitlements,
    "wallets": partial(load_rows, noun=WALLETS),
    "invoices": load_invoices,
    "transactions": load_ledger,
    "events": check_events,
}
"""What loads the staged rows, in order: what is referred to comes first. A new noun's loader goes here."""


def import_directory(
    database: Database,
    directory: Path,
    now: datetime,
    *,
    dry_run: bool = False,
    report: Path | None = None,
    on_progress: OnProgress = ignore,
    actor: str = COMMAND_LINE,
) -> Outcome:
    """Load a directory's files, all of them or, if anything at all is wrong with them, none.

    The database is locked for other writers only while rows are loaded, not while files are read. Events follow when
    all else is loaded, some thousand in a transaction: where that breaks off, the same import again finishes it.

    One import at a time runs on a database. `actor` is who the audit log says it was.

    Raises:
        Invalid: the report cannot be written, and nothing was loaded; or usage was closed while events were loaded.
        Busy: another import is running on this database; nothing was loaded.
        OperationalError: the database cannot be used.
    """
    sources, problems = find_sources(directory)
    _make_sure_of(report)
    with database.alone("import"), Scratch(sources) as scratch:
        for problem in problems:
            scratch.report(problem)
            scratch.lossy |= NOUNS.keys() - {source.noun.name for source in sources}
        left_out = {source.noun.name: stage(source, scratch, on_progress) for source in sources}
        with database.writing() as session:
            run = Run(session, scratch, now, on_progress, {name: Tally(left_out=n) for name, n in left_out.items()})
            _load(run)
            if dry_run and scratch.holds(EVENTS) and not scratch.count_problems():
                foresee_events(run)
            _finish(run, actor, dry_run=dry_run)
        if scratch.holds(EVENTS) and not dry_run and not scratch.count_problems():
            _load_events(run, database, actor)
        shown = tuple(islice(scratch.problems(), SHOWN))
        outcome = Outcome(run.tallies, shown, scratch.count_problems(), is_dry=dry_run)
        if report is not None:
            outcome = _reported(report, outcome, scratch)
    return outcome


def _make_sure_of(report: Path | None) -> None:
    try:
        if report is not None:
            report.open("ab").close()
    except OSError as error:
        raise Invalid(field="--report", problem=f"{report} cannot be written: {error.strerror}") from error


def _reported(report: Path, outcome: Outcome, scratch: Scratch) -> Outcome:
    """Write the report. What is loaded stays loaded if that fails: then the outcome says so."""
    try:
        write_report(report, outcome, scratch.problems())
    except OSError as error:
        return replace(outcome, report_fault=f"the report {report} could not be written: {error.strerror}")
    return outcome


def _load(run: Run) -> None:
    for name, load in LOADERS.items():
        if not _is_stored(run, name, load):
            return


def _is_stored(run: Run, name: str, load: Callable[[Run], None]) -> bool:
    """Load a noun, and report it if the database refuses what the checks before it have overlooked."""
    try:
        load(run)
    except StatementError as error:
        if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
            raise
        sentence = f"the database refuses a row: {str(error.orig).splitlines()[0]}"
        run.scratch.report(Problem(name, None, "", sentence))
        return False
    return True


def _finish(run: Run, actor: str, *, dry_run: bool) -> None:
    """Count what is to be counted anew, which events wait for, and write down what was loaded; or undo all of it."""
    if not (dry_run or run.scratch.count_problems()):
        _is_stored(run, "meters", count_for_new_meters)
    if dry_run or run.scratch.count_problems():
        run.session.rollback()
        return
    if changes := changed(run.tallies):
        match_unmatched(run.session)
        _record(run, run.session, actor, changes)


def _load_events(run: Run, database: Database, actor: str) -> None:
    load_events(run, database)
    if new := run.tally(EVENTS).added:
        with database.writing() as session:
            _record(run, session, actor, f"events: {new} new")


def _record(run: Run, session: Session, actor: str, rows: str) -> None:
    files = ", ".join(run.scratch.files())
    record(session, actor=actor, action="import.loaded", now=run.now, files=files, rows=rows)
