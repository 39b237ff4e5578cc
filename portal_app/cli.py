"""What an operator types. Results go to standard output alone, so that a shell script can use them."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DBAPIError

from portal_app import cli_operators, clock
from portal_app.access.api_keys import Scope
from portal_app.api.wire.sessions import session_wire
from portal_app.commands.api_keys import create_api_key, revoke_api_key
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.commands.use_session import revoke_sessions_of_customer
from portal_app.database import current_database
from portal_app.errors import PortalError
from portal_app.garbage import collect_seldom
from portal_app.queries.access import list_api_keys_of_operator
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.settings import get_settings

app = typer.Typer(
    name="portal_app",
    help="The customer portal.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="API keys of the operator's programs.", no_args_is_help=True)
app.add_typer(keys, name="key")
app.add_typer(cli_operators.app, name="operator")
events = typer.Typer(help="Events that were counted.", no_args_is_help=True)
app.add_typer(events, name="event")


def main() -> None:
    """Run the command line: exit code 1 and one sentence for what went wrong, 2 for a wrong call."""
    collect_seldom()
    try:
        app()
    except PortalError as error:
        _fail(str(error))
    except DBAPIError as error:
        hint = " (has `migrate` been run?)" if _lacks_a_table(error) else ""
        _fail(f"the database cannot be used: {str(error.orig).splitlines()[0]}{hint}")


@app.command()
def migrate() -> None:
    """Bring the database to the tables of this version."""
    from portal_app.migrations import migrate as run  # noqa: PLC0415 (alembic takes a while to load)

    run(current_database().engine)
    _say("the database is up to date")


@app.command()
def demo(
    on: Annotated[str, typer.Option(help="The day the demo world is of, as YYYY-MM-DD; today if not given.")] = "",
    events: Annotated[int, typer.Option(help="How many usage events it has, about 11,000 at least.", min=0)] = 250_000,
) -> None:
    """Fill an empty database with the demo world."""
    from portal_app.demo.world import load_demo  # noqa: PLC0415
    from portal_app.queries.customers import count_customers_of_operator  # noqa: PLC0415

    now = clock.utc_now()
    day = _day(on, "--on") if on else now.date()
    migrate()
    with current_database().writing() as session:
        if count_customers_of_operator(session):
            _fail("the database is not empty; the demo world is loaded into an empty one only")
        load_demo(session, day, datetime.combine(day, time(12), UTC) if on else now, events)
    _say(f"the demo world of {day} is loaded")


@app.command("import")
def import_files(
    directory: Annotated[
        Path, typer.Argument(help="A folder of files as docs/importing.md says.", exists=True, file_okay=False)
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, load nothing.")] = False,  # noqa: FBT002 (an option)
    report: Annotated[Path | None, typer.Option(help="Write the whole report to this file.", dir_okay=False)] = None,
) -> None:
    """Load the operator's own files: all of them, or nothing."""
    from portal_app.imports.directory import import_directory  # noqa: PLC0415
    from portal_app.imports.progress import drawn_progress  # noqa: PLC0415
    from portal_app.imports.report import as_text  # noqa: PLC0415

    with drawn_progress() as draw:
        outcome = import_directory(
            current_database(), directory, clock.utc_now(), dry_run=dry_run, report=report, on_progress=draw
        )
    typer.echo(as_text(outcome))
    raise typer.Exit(1 if outcome.problems else 0)


@app.command()
def session(
    external_id: Annotated[str, typer.Argument(help="The operator's own id of the customer.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it: token, links and expires_at.")] = False,  # noqa: FBT002
    expires_in: Annotated[int | None, typer.Option(help="Seconds it works; as long as it may, if not given.")] = None,
    return_url: Annotated[str, typer.Option(help="Where its pages lead back to; the operator's, if not given.")] = "",
) -> None:
    """Mint a link to a customer's portal and print it.

    It begins with PORTAL_PUBLIC_URL, or else with http://localhost:PORTAL_PORT: set here what the server has.
    """
    terms = MintTerms(expires_in, return_url)
    with current_database().writing() as writing:
        minted = mint_session(writing, get_settings(), external_id, "command line", clock.utc_now(), terms)
    typer.echo(session_wire(minted).model_dump_json() if as_json else minted.url)


@app.command()
def revoke(
    external_id: Annotated[str, typer.Argument(help="The operator's own id of the customer.")],
    reason: Annotated[str, typer.Option(help="Why, for the register.")] = "revoked by the operator",
) -> None:
    """End every live link of a customer at once; pages that are open empty themselves within seconds."""
    with current_database().writing() as writing:
        count = revoke_sessions_of_customer(writing, external_id, reason, "command line", clock.utc_now())
    _say(f"{count} links are ended")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; give the option several times for several.")],
) -> None:
    """Create a key and print it on the last line. It is shown this once."""
    with current_database().writing() as writing:
        key = create_api_key(writing, get_settings(), name, scope, clock.utc_now())
    _say(f"{name}, may: {', '.join(scope)}. Keep it now: it is not shown again.")
    typer.echo(str(key))


@keys.command("list")
def list_keys() -> None:
    """List all keys, newest first: id, name, scopes, state, last use, end. Tab-separated."""
    now = clock.utc_now()
    with current_database().reading() as reading:
        for key in list_api_keys_of_operator(reading):
            used = key.last_used_at.isoformat(timespec="seconds") if key.last_used_at else "never"
            ends = key.expires_at.isoformat(timespec="seconds") if key.expires_at else "no end"
            state = "revoked" if key.revoked_at else "live" if key.is_live(now) else "expired"
            typer.echo("\t".join([key.key_id, key.name, ",".join(key.scopes), state, used, ends]))


@keys.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="The id, as `key list` shows it.")]) -> None:
    """End a key at once."""
    with current_database().writing() as writing:
        revoke_api_key(writing, key_id, clock.utc_now())
    _say(f"{key_id} is revoked")


@app.command("build")
def build_only() -> None:
    """Compile the pages if they are not current: what `serve` does before it serves."""
    from portal_app.build import BuildFailed, build_pages  # noqa: PLC0415

    try:
        build_pages(get_settings())
    except BuildFailed:
        _fail("the pages could not be compiled; the lines above say why")


@app.command()
def serve() -> None:
    """Build the pages if needed and serve portal and API on PORTAL_PORT."""
    os.environ.setdefault("PORTAL_ENV", "production")
    from portal_app.build import BuildFailed  # noqa: PLC0415
    from portal_app.serve import serve as run  # noqa: PLC0415

    try:
        run(get_settings())
    except BuildFailed:
        _fail("the pages could not be compiled; the lines above say why")


@app.command()
def verify() -> None:
    """Check the invariants of every row, and name each row that violates one."""
    from portal_app.queries.invariants import all_violations  # noqa: PLC0415

    count = 0
    with current_database().reading() as reading:
        for violation in all_violations(reading):
            count += 1
            typer.echo(f"{violation.rule} {violation.table} {violation.public_id}: {violation.sentence}")
    if count:
        _fail(f"{count} rows violate an invariant")
    _say("every invariant holds")


@app.command()
def usage() -> None:
    """Say what usage is kept, and what of it does not count. Tab-separated."""
    from portal_app.queries.usage_health import usage_health_of_operator  # noqa: PLC0415

    with current_database().reading() as reading:
        health = usage_health_of_operator(reading)
    typer.echo(f"events\t{health.events}")
    for kind, found in (("unknown customer", health.unknown_customers), ("unmetered name", health.unmetered_names)):
        for one in found:
            typer.echo(f"{kind}\t{one.events}\t{one.name}")
    typer.echo(f"conflicts\t{health.conflicts}\nunusable values\t{health.problems}")
    if health.closed_before:
        typer.echo(f"closed before\t{health.closed_before.isoformat()}")


@app.command()
def rebuild(
    customer: Annotated[str, typer.Argument(help="The operator's own id of the customer.")],
    since: Annotated[str, typer.Option(help="From which day (UTC), as YYYY-MM-DD; the first, if not given.")] = "",
    until: Annotated[str, typer.Option(help="Until before which day (UTC); the last, if not given.")] = "",
) -> None:
    """Count a customer's events anew: what to do where `verify` finds a cell that is wrong."""
    from portal_app.commands.rebuild_usage import rebuild_days  # noqa: PLC0415

    first, last = _day(since, "--since") if since else None, _day(until, "--until") if until else None
    if first and last and first > last:
        _fail(f"--since {first} is after --until {last}", code=2)
    with current_database().writing() as writing:
        customer_id, _ = get_published_customer_of_operator(writing, customer)
        count = rebuild_days(writing, customer_id, first, last)
    _say(f"{count} events of {customer} are counted anew")


@app.command()
def purge(
    before: Annotated[
        str, typer.Option(help="Of which days (UTC), as YYYY-MM-DD; PORTAL_USAGE_RETENTION_DAYS ago, if not given.")
    ] = "",
) -> None:
    """Close the usage of older days, and delete their events; what they amounted to stays."""
    from portal_app.commands.purge_usage import close_usage, purge_some  # noqa: PLC0415

    now, days = clock.utc_now(), get_settings().usage_retention_days
    if not before and not days:
        _fail("nothing is ever purged unless --before or PORTAL_USAGE_RETENTION_DAYS says so", code=2)
    limit = datetime.combine(_day(before, "--before"), time(), UTC) if before else now - timedelta(days=days)
    database, count = current_database(), 0
    with database.writing() as writing:
        horizon = close_usage(writing, limit, "command line", now)
    while True:
        with database.writing() as writing:
            some = purge_some(writing)
        if not some:
            break
        count += some
    _say(f"usage before {horizon:%Y-%m-%d %H:%M} UTC is closed; {count} rows are deleted")


@events.command("correct")
def correct(
    customer: Annotated[str, typer.Argument(help="The operator's own id of the customer.")],
    event_id: Annotated[str, typer.Argument(help="The event's id.")],
    properties: Annotated[str, typer.Argument(help="What its properties should have been, as JSON.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
) -> None:
    """Let a counted event say something else."""
    from portal_app.commands.amend_event import Amendment, correct_event  # noqa: PLC0415
    from portal_app.commands.usage_events import read_json  # noqa: PLC0415

    try:
        sent = read_json(properties)
    except (ValueError, ArithmeticError, RecursionError) as error:
        _fail(f"the properties are no JSON: {error}", code=2)
    if not isinstance(sent, dict):
        _fail("the properties must be a JSON object", code=2)
    with current_database().writing() as writing:
        customer_id, _ = get_published_customer_of_operator(writing, customer)
        correct_event(writing, customer_id, event_id, sent, Amendment("command line", reason, clock.utc_now()))
    _say(f"{event_id} of {customer} is corrected")


@events.command("void")
def void(
    customer: Annotated[str, typer.Argument(help="The operator's own id of the customer.")],
    event_id: Annotated[str, typer.Argument(help="The event's id.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
) -> None:
    """Let a counted event count no longer."""
    from portal_app.commands.amend_event import Amendment, void_event  # noqa: PLC0415

    with current_database().writing() as writing:
        customer_id, _ = get_published_customer_of_operator(writing, customer)
        void_event(writing, customer_id, event_id, Amendment("command line", reason, clock.utc_now()))
    _say(f"{event_id} of {customer} is void")


@app.command()
def upkeep() -> None:
    """Do what time alone brings about: expiries, new periods, credits due. A running server does it by itself."""
    from portal_app.upkeep import keep_up_once  # noqa: PLC0415

    _say(keep_up_once(current_database(), clock.utc_now()))


@app.command()
def doctor() -> None:
    """Say whether this configuration is safe and whole; exit code 1 if something must be changed."""
    from portal_app.doctor import diagnose  # noqa: PLC0415

    found = diagnose()
    for line in found.findings:
        typer.echo(line)
    for line in found.warnings:
        typer.echo(f"before production: {line}")
    _say(f"judged as {found.settings.env}; `serve` runs as PORTAL_ENV says, or else as production")
    if found.findings:
        raise typer.Exit(1)
    _say("nothing to object to")


def _day(text: str, option: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, not an instant)
    except ValueError:
        _fail(f"{option}: {text} is not a day such as 2026-01-20", code=2)


def _say(text: str) -> None:
    """Tell the person at the terminal; scripts read standard output."""
    typer.echo(text, err=True)


def _lacks_a_table(error: DBAPIError) -> bool:
    return "no such" in str(error.orig) or type(error.orig).__name__ in {"UndefinedTable", "UndefinedColumn"}


def _fail(text: str, code: int = 1) -> NoReturn:
    typer.echo(f"error: {text}", err=True)
    sys.exit(code)
