"""Numbers of invoices are found without reading the others: whoever finalizes holds the writers up."""

import cast
import pytest
from cast import NOW
from sqlalchemy import text
from statements import explained

from portal_app.commands.invoice_numbers import next_number
from portal_app.commands.upkeep import due_expiries


def read_by(plans):
    return [step for plan in plans for step in plan if step.startswith(("SCAN", "SEARCH", "USE"))]


def test_a_number_is_found_by_an_index_and_the_month_is_read_only_once(session, sqlite_database):
    acme = cast.add_customer(session)
    imported = ("INV-202601-00041", "INV-202601-9", "INV-202601-x", "inv-202601-77777", "INV-202602-00099")
    cast.add_bare_invoices(session, acme, *({"number": number} for number in imported))
    with explained(session) as first:
        assert next_number(session, NOW) == "INV-202601-00042"
    with explained(session) as second:
        assert next_number(session, NOW) == "INV-202601-00043"
    assert not [step for step in read_by(first) if step.startswith("SCAN")]
    assert [step for step in read_by(second) if "INDEX ix_invoice_number" in step] == read_by(second)[1:]
    assert len(second) == 2


def test_numbers_that_files_bring_to_a_month_that_has_begun_are_passed_at_once(session, sqlite_database):
    acme = cast.add_customer(session)
    assert next_number(session, NOW) == "INV-202601-00001"
    cast.add_bare_invoices(session, acme, *({"number": f"INV-202601-{n:05}"} for n in range(1, 400)))
    with explained(session) as plans:
        assert next_number(session, NOW) == "INV-202601-00400"
    assert len(plans) < 10


def test_postgresql_finds_the_numbers_of_a_month_by_an_index(postgres_database):
    with postgres_database.reading() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = text("EXPLAIN SELECT number FROM invoice WHERE number LIKE 'INV-202601-' || '%' ESCAPE '/'")
        plan = "\n".join(session.execute(asked).scalars())
    assert "ix_invoice_number" in plan
    assert "~>=~" in plan


@pytest.fixture
def database(sqlite_database):
    """Plans are SQLite's."""
    return sqlite_database


def test_upkeep_finds_what_expires_by_an_index(session, acme):
    wallet = cast.add_wallet(session, acme)
    cast.post(session, wallet, cast.credit("5", cast.days_ago(9), grant=cast.GrantTerms(expires_at=cast.days_ago(1))))
    with explained(session) as plans:
        assert len(due_expiries(session, NOW)) == 1
    assert "INDEX ix_credit_grant_expires_at (expires_at<?)" in plans[0][0]
