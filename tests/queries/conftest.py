"""What several tests of queries read."""

from datetime import UTC, datetime
from decimal import Decimal

import cast
import pytest
from cast import Line, Paid
from usage_cast import add_feature

from portal_app.database import Database


@pytest.fixture
def demo_session(demo_sqlite):
    """The demo world of 2026-01-20 on SQLite, to read."""
    database = Database(f"sqlite:///{demo_sqlite}")
    with database.reading() as session:
        yield session
    database.close()


@pytest.fixture
def three(session, acme):
    """The reference example's invoices."""
    cast.add_bill(session, acme, "INV-202601-00001", "20", issued_at=datetime(2026, 1, 5, 11, tzinfo=UTC))
    calls = [Line("Feature B", Decimal("0.023106"), Decimal(5911))]
    cast.add_bill(
        session, acme, "INV-202601-00002", calls, issued_at=datetime(2026, 1, 5, 12, tzinfo=UTC), payments=[Paid()]
    )
    cast.add_bill(
        session, acme, "INV-202601-00003", "20", issued_at=datetime(2026, 1, 6, 11, tzinfo=UTC), payments=[Paid()]
    )
    cast.add_bill(session, acme, "INV-202511-00009", "250", issued_at=datetime(2025, 11, 1, tzinfo=UTC), due_days=14)


FIRST, SECOND, THIRD, LATE = "INV-202601-00001", "INV-202601-00002", "INV-202601-00003", "INV-202511-00009"


@pytest.fixture
def calls(session, acme):
    """Calls, which Acme pays for by their number."""
    return add_feature(session)


@pytest.fixture
def plan(session):
    """A plan without a fee."""
    return cast.add_plan(session, fee=None)
