"""Accounts of the operator's people: made, changed, disabled; each change written down."""

import cast
import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from portal_app.access.operator_roles import Role
from portal_app.access.passwords import password_matches
from portal_app.cli import app
from portal_app.commands.operators import create_operator, disable_operator, set_operator_password, set_operator_role
from portal_app.errors import Conflict, Invalid, NotFound
from portal_app.models.access import AuditEntry
from portal_app.models.operator import OperatorAccount
from portal_app.queries.operators import list_accounts_of_operator

GOOD = "a long enough password"
EMAIL = "ada@northwind.example"


def create(session, email=EMAIL, password=GOOD, role=Role.SUPPORT):
    create_operator(session, email, "Ada", role, password, "tests", cast.NOW)


def audited(session):
    return [(row.action, row.details) for row in session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]


def test_an_account_is_made_under_its_address_in_lower_case(session):
    create(session, " Ada@Northwind.example ")
    (account,) = list_accounts_of_operator(session)
    assert (account.email, account.role, account.is_disabled) == (EMAIL, Role.SUPPORT, False)
    assert audited(session) == [("operator.created", {"email": EMAIL, "role": "support"})]


@pytest.mark.parametrize("email", ["", "ada", "a b@c", "@", "a" * 200 + "@b.example", "a\0@b.example"])
def test_what_is_no_address_is_refused(session, email):
    with pytest.raises(Invalid, match="email"):
        create(session, email)


def test_a_weak_password_is_refused_and_nothing_is_made(session):
    with pytest.raises(Invalid, match="password"):
        create(session, password="short")
    assert list_accounts_of_operator(session) == []


def test_an_address_has_one_account(session):
    create(session)
    with pytest.raises(Conflict):
        create(session, EMAIL.upper())


def test_a_changed_role_is_written_down_with_the_one_before(session):
    create(session)
    set_operator_role(session, EMAIL, Role.VIEWER, "tests", cast.NOW)
    assert audited(session)[-1] == ("operator.role_changed", {"email": EMAIL, "before": "support", "after": "viewer"})


def test_a_changed_password_is_the_one_that_counts(session):
    create(session)
    set_operator_password(session, EMAIL, "quite another password", "tests", cast.NOW)
    kept = session.exec(select(OperatorAccount.password_hash)).one()
    assert password_matches("quite another password", kept)
    assert not password_matches(GOOD, kept)


def test_disabling_twice_is_written_down_once(session):
    create(session)
    disable_operator(session, EMAIL, "tests", cast.NOW)
    disable_operator(session, EMAIL, "tests", cast.NOW)
    assert [action for action, _ in audited(session)].count("operator.disabled") == 1


def test_what_nobody_has_cannot_be_changed(session):
    with pytest.raises(NotFound):
        disable_operator(session, EMAIL, "tests", cast.NOW)


def test_the_command_line_makes_an_account_and_prints_its_password_last(sqlite_database):
    made = CliRunner().invoke(app, ["operator", "create", EMAIL, "--role", "viewer"])
    assert made.exit_code == 0
    with sqlite_database.reading() as session:
        account = session.exec(select(OperatorAccount)).one()
    assert account.role is Role.VIEWER
    assert password_matches(made.stdout.splitlines()[-1], account.password_hash)


def test_the_command_line_lists_and_changes_accounts(sqlite_database):
    run = CliRunner().invoke
    run(app, ["operator", "create", EMAIL])
    before = run(app, ["operator", "list"]).stdout
    run(app, ["operator", "role", EMAIL, "support"])
    run(app, ["operator", "password", EMAIL])
    run(app, ["operator", "disable", EMAIL])
    assert (before, run(app, ["operator", "list"]).stdout) == (
        f"{EMAIL}\tada\tadmin\tlive\n",
        f"{EMAIL}\tada\tsupport\tdisabled\n",
    )
