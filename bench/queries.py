"""What a tab's queries cost: against the bare driver on the same rows, with 100 times the others' data, on page 40."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cast
from cast import NOW
from sqlalchemy import event

from bench._table import print_table
from portal_app.access.principal import CustomerId
from portal_app.database import Database, Session
from portal_app.migrations import migrate
from portal_app.models.catalog import Plan
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.invoice_search import InvoiceSearch, parse_search
from portal_app.queries.invoices import get_invoice, list_latest_invoices, search_invoices
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.wallets import list_transactions, list_wallets

UTC_ZONE = ZoneInfo("UTC")
ROUNDS = 200
OTHERS = 100

Tab = Callable[[Session, CustomerId], object]


def overview(session: Session, customer: CustomerId) -> object:
    """Ask what the Overview asks."""
    return (
        list_wallets(session, customer, NOW),
        list_subscriptions(session, customer, NOW),
        list_latest_invoices(session, customer, NOW),
    )


def credits_tab(session: Session, customer: CustomerId) -> object:
    """Ask what Credits asks."""
    wallets = list_wallets(session, customer, NOW)
    return [list_transactions(session, customer, wallet.public_id) for wallet in wallets[:1]]


def invoices(session: Session, customer: CustomerId) -> object:
    """Ask what Invoices asks."""
    return search_invoices(session, customer, InvoiceSearch(), UTC_ZONE, NOW)


def invoices_page_40(session: Session, customer: CustomerId) -> object:
    """Ask for page 40."""
    return search_invoices(session, customer, InvoiceSearch(), UTC_ZONE, NOW, 40)


def invoices_searched(session: Session, customer: CustomerId) -> object:
    """Ask for a combined search."""
    return search_invoices(session, customer, parse_search("paid > 100 2025", NOW.date()), UTC_ZONE, NOW)


def invoice(session: Session, customer: CustomerId) -> object:
    """Open the newest invoice."""
    newest = list_latest_invoices(session, customer, NOW, limit=1)
    return get_invoice(session, customer, newest[0].public_id, NOW)


TABS: dict[str, Tab] = {
    "overview": overview,
    "credits": credits_tab,
    "invoices": invoices,
    "invoices, page 40": invoices_page_40,
    "invoices, searched": invoices_searched,
    "one invoice": invoice,
}


def run() -> None:
    """Measure on SQLite: a customer among one other, and among a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_world(Path(folder) / f"{n}.db", n) for n in (1, OTHERS))
        rows = []
        for name, tab in TABS.items():
            ours, bare = _interleaved(tab, small)
            crowded, _ = _interleaved(tab, large)
            rows.append((name, ours * 1e3, bare * 1e3, ours / bare, crowded / ours))
    head = ("tab (customer with 1,200 invoices)", "ms", "bare ms", "of bare", f"with {OTHERS}x others")
    print_table("queries of a tab, SQLite, median of interleaved rounds", head, rows)


def _interleaved(tab: Tab, database: Database) -> tuple[float, float]:
    """Return the median seconds of a tab's queries, and of its statements on the bare driver."""
    with database.reading() as session:
        customer = get_published_customer_of_operator(session, "acme")[0]
        statements = _statements(tab, database, session, customer)
    bare = sqlite3.connect(database.url.removeprefix("sqlite:///"))
    ours_times, bare_times = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with database.reading() as session:
            tab(session, customer)
        middle = time.perf_counter()
        for sql, parameters in statements:
            bare.execute(sql, parameters).fetchall()
        end = time.perf_counter()
        ours_times.append(middle - start)
        bare_times.append(end - middle)
    bare.close()
    return statistics.median(ours_times), statistics.median(bare_times)


def _statements(tab: Tab, database: Database, session: Session, customer: CustomerId) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> None:  # noqa: FBT001
        found.append((sql, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    tab(session, customer)
    event.remove(database.engine, "before_cursor_execute", note)
    return found


def _world(path: Path, others: int) -> Database:
    database = Database(f"sqlite:///{path}")
    migrate(database.engine)
    with database.writing() as session:
        plan = cast.add_plan(session)
        _customer(session, "acme", plan, invoices=1200)
        for number in range(others):
            _customer(session, f"other-{number}", plan, invoices=120)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return database


def _customer(session: Session, external_id: str, plan: Plan, invoices: int) -> None:
    """Add a customer with invoices, two subscriptions, and a ledger of 300 rows."""
    customer = cast.add_customer(session, external_id)
    wallet = cast.add_wallet(session, customer)
    cast.post(session, wallet, *(cast.credit("10", cast.days_ago(600 - day)) for day in range(300)))
    cast.add_subscription(session, customer, plan)
    cast.add_subscription(session, customer, plan, start_at=cast.days_ago(90))
    for number in range(invoices):
        issued = cast.days_ago(invoices - number)
        lines = [cast.Line("Plan Base", Decimal(20)), cast.Line("Calls", Decimal("0.0123"), Decimal(911 + number))]
        cast.add_bill(session, customer, f"{external_id}-{number}", lines, issued_at=issued, payments=[cast.Paid()])
    session.expunge_all()
