"""`operator …`: the accounts of the people who sign in to the operator's pages."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from portal_app import clock
from portal_app.access.operator_roles import Role
from portal_app.commands.operators import (
    create_operator,
    disable_operator,
    set_operator_password,
    set_operator_role,
)
from portal_app.database import current_database
from portal_app.queries.operators import list_accounts_of_operator

app = typer.Typer(help="Accounts of the operator's own people.", no_args_is_help=True)

ACTOR = "command line"
Email = Annotated[str, typer.Argument(help="The e-mail address they sign in with.")]
Ask = Annotated[bool, typer.Option("--ask", help="Ask for the password instead of making one.")]


@app.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="What they are called.")] = "",
    role: Annotated[
        Role, typer.Option(help="viewer reads, support mints and ends links, admin does all.")
    ] = Role.ADMIN,
    ask: Ask = False,  # noqa: FBT002 (an option)
) -> None:
    """Make an account and print its password on the last line. It is shown this once."""
    password = _password(ask=ask)
    with current_database().writing() as writing:
        create_operator(writing, email, name, role, password, ACTOR, clock.utc_now())
    _tell(f"{email} may sign in as {role}", password, ask=ask)


@app.command()
def password(email: Email, ask: Ask = False) -> None:  # noqa: FBT002 (an option)
    """Give an account another password, printed on the last line, and sign it out everywhere."""
    made = _password(ask=ask)
    with current_database().writing() as writing:
        set_operator_password(writing, email, made, ACTOR, clock.utc_now())
    _tell(f"{email} has another password", made, ask=ask)


@app.command()
def role(email: Email, role: Annotated[Role, typer.Argument(help="What they may do from now on.")]) -> None:
    """Let an account do more or less, and sign it out everywhere."""
    with current_database().writing() as writing:
        set_operator_role(writing, email, role, ACTOR, clock.utc_now())
    typer.echo(f"{email} is {role}", err=True)


@app.command()
def disable(email: Email) -> None:
    """End an account for good, and its sessions at once."""
    with current_database().writing() as writing:
        disable_operator(writing, email, ACTOR, clock.utc_now())
    typer.echo(f"{email} can sign in no longer", err=True)


@app.command("list")
def list_accounts() -> None:
    """List all accounts: e-mail address, name, role, state. Tab-separated."""
    with current_database().reading() as reading:
        for account in list_accounts_of_operator(reading):
            state = "disabled" if account.is_disabled else "live"
            typer.echo(f"{account.email}\t{account.name}\t{account.role}\t{state}")


def _password(*, ask: bool) -> str:
    return typer.prompt("Password", hide_input=True, confirmation_prompt=True) if ask else secrets.token_urlsafe(18)


def _tell(sentence: str, password: str, *, ask: bool) -> None:
    typer.echo(f"{sentence}." if ask else f"{sentence}. Keep the password now: it is not shown again.", err=True)
    if not ask:
        typer.echo(password)
