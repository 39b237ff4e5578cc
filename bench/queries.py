"""What a tab's queries cost: against the bare driver on the same rows, with 100 times the others' data, on page 40.

The bare driver runs the same statements in a transaction of its own and reads the same columns of the same rows into
the same Python values: exact decimals, aware instants, words, metadata. `tuples` is what it takes without the values.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cast
from cast import NOW
from sqlalchemy import JSON, Boolean, Enum, event

from bench._table import print_table
from portal_app.access.principal import CustomerId
from portal_app.database import Database, Session
from portal_app.migrations import migrate
from portal_app.models.catalog import Plan
from portal_app.models.columns import ScaledDecimal, UtcDateTime
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import InvoiceSearch, parse_search
from portal_app.queries.invoices import list_latest_invoices, search_invoices
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


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement, and what makes a value of each of its columns; None leaves the driver's."""

    sql: str
    parameters: Any
    readers: tuple[Callable[[Any], Any] | None, ...]


def run() -> None:
    """Measure on SQLite: a customer among one other, and among a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (_world(Path(folder) / f"{n}.db", n) for n in (1, OTHERS))
        rows = []
        for name, tab in TABS.items():
            ours, bare, tuples, crowded = _interleaved(tab, small, large)
            rows.append((name, ours * 1e3, bare * 1e3, tuples * 1e3, ours / bare, crowded / ours))
    head = ("tab (customer with 1,200 invoices)", "ms", "bare ms", "tuples ms", "of bare", f"with {OTHERS}x others")
    print_table("queries of a tab, SQLite, best of interleaved rounds", head, rows)


def _interleaved(tab: Tab, small: Database, large: Database) -> list[float]:
    """Return the seconds of a tab's queries, of its statements on the bare driver, and among many others."""
    with small.reading() as session:
        statements = _statements(tab, small, session, _acme(small))
    with closing(sqlite3.connect(small.url.removeprefix("sqlite:///"), isolation_level=None)) as driver:
        ways: list[Callable[[], object]] = [
            partial(_ask, tab, small, _acme(small)),
            partial(_bare, driver, statements, _values),
            partial(_bare, driver, statements, _tuples),
            partial(_ask, tab, large, _acme(large)),
        ]
        times = [[_seconds(way) for way in ways] for _ in range(ROUNDS)]
    return [min(of_one) for of_one in zip(*times, strict=True)]


def _seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _ask(tab: Tab, database: Database, customer: CustomerId) -> object:
    with database.reading() as session:
        return tab(session, customer)


def _bare(driver: sqlite3.Connection, statements: list[Sent], read: Callable[..., object]) -> None:
    driver.execute("BEGIN")
    for sent in statements:
        read(driver.execute(sent.sql, sent.parameters).fetchall(), sent.readers)
    driver.execute("ROLLBACK")


def _tuples(rows: list[Any], _readers: object) -> list[Any]:
    return rows


def _values(rows: list[Any], readers: tuple[Callable[[Any], Any] | None, ...]) -> list[Any]:
    """Read column by column, the fastest that Python can."""
    columns = zip(*rows, strict=True)
    return list(zip(*(map(r, c) if r else c for r, c in zip(readers, columns, strict=False)), strict=True))


def _acme(database: Database) -> CustomerId:
    with database.reading() as session:
        return get_published_customer_of_operator(session, "acme")[0]


def _statements(tab: Tab, database: Database, session: Session, customer: CustomerId) -> list[Sent]:
    found: list[Sent] = []

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
        readers = tuple(_reader(column.type) for column in context.compiled._result_columns)
        found.append(Sent(sql, parameters, readers))

    event.listen(database.engine, "before_cursor_execute", note)
    tab(session, customer)
    event.remove(database.engine, "before_cursor_execute", note)
    return found


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    match kind:
        case ScaledDecimal():
            exponent = -kind.scale
            return _if_any(lambda units: Decimal(units).scaleb(exponent))
        case UtcDateTime():
            return _if_any(lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
        case Enum():
            return _if_any(kind.enum_class)
        case JSON():
            return json.loads
        case Boolean():
            return bool
        case _:
            return None


def _if_any(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


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
