"""What a tab's queries cost: against the bare driver on the same rows, with 100 times the others' data, on page 40.

The bare driver runs the same statements in the same transactions and reads the same columns of the same rows into
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
from itertools import count
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
from portal_app.queries.invoice_search import parse_search
from portal_app.queries.invoices import invoices_at_a_glance, search_invoices
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.wallets import list_transactions, list_wallets

UTC_ZONE = ZoneInfo("UTC")
ROUNDS = 200
OTHERS = 100
AMOUNTS = (f"20.{number:05}" for number in count(1))

Query = Callable[[Session, CustomerId], object]

OVERVIEW: tuple[Query, ...] = (
    lambda session, customer: list_wallets(session, customer, NOW),
    lambda session, customer: list_subscriptions(session, customer, NOW),
    lambda session, customer: invoices_at_a_glance(session, customer, NOW),
)
CREDITS: tuple[Query, ...] = (
    lambda session, customer: list_wallets(session, customer, NOW),
    lambda session, customer: list_transactions(session, customer, "wallet_acme"),
)


def _found(text: str, page: int = 1) -> tuple[Query, ...]:
    search = parse_search(text, NOW.date())
    return (lambda session, customer: search_invoices(session, customer, search, UTC_ZONE, NOW, page),)


def _searched_anew(session: Session, customer: CustomerId) -> object:
    """Search for what nobody has searched for before."""
    search = parse_search(f"paid > {next(AMOUNTS)} 2025", NOW.date())
    return search_invoices(session, customer, search, UTC_ZONE, NOW)


def _opened(session: Session, customer: CustomerId) -> object:
    return get_invoice(session, customer, "inv_acme", NOW)


TABS: dict[str, tuple[Query, ...]] = {
    "overview": OVERVIEW,
    "credits": CREDITS,
    "invoices": _found(""),
    "invoices, page 40": _found("", 40),
    "invoices, searched": _found("paid > 20 2025"),
    "invoices, searched anew": (_searched_anew,),
    "invoices, one open": (*_found(""), _opened),
    "one invoice alone": (_opened,),
}
"""What a tab asks, each query in a transaction of its own, as in `ui/tabs`."""


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


def _interleaved(tab: tuple[Query, ...], small: Database, large: Database) -> list[float]:
    """Return the seconds of a tab's queries, of its statements on the bare driver, and among many others."""
    transactions = [_statements(query, small) for query in tab]
    with closing(sqlite3.connect(small.url.removeprefix("sqlite:///"), isolation_level=None)) as driver:
        ways: list[Callable[[], object]] = [
            partial(_ask, tab, small, _acme(small)),
            partial(_bare, driver, transactions, _values),
            partial(_bare, driver, transactions, _tuples),
            partial(_ask, tab, large, _acme(large)),
        ]
        times = [[_seconds(way) for way in ways] for _ in range(ROUNDS)]
    return [min(of_one) for of_one in zip(*times, strict=True)]


def _seconds(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start


def _ask(tab: tuple[Query, ...], database: Database, customer: CustomerId) -> None:
    for query in tab:
        with database.reading() as session:
            query(session, customer)


def _bare(driver: sqlite3.Connection, transactions: list[list[Sent]], read: Callable[..., object]) -> None:
    for statements in transactions:
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


def _statements(query: Query, database: Database) -> list[Sent]:
    found: list[Sent] = []
    customer = _acme(database)

    def note(_conn: Any, _cursor: Any, sql: str, parameters: Any, context: Any, _many: bool) -> None:  # noqa: FBT001
        readers = tuple(_reader(column.type) for column in context.compiled._result_columns)
        found.append(Sent(sql, parameters, readers))

    event.listen(database.engine, "before_cursor_execute", note)
    _ask((query,), database, customer)
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
    wallet = cast.add_wallet(session, customer, public_id=f"wallet_{external_id}")
    cast.post(session, wallet, *(cast.credit("10", cast.days_ago(600 - day)) for day in range(300)))
    cast.add_subscription(session, customer, plan)
    cast.add_subscription(session, customer, plan, start_at=cast.days_ago(90))
    for number in range(invoices):
        issued = cast.days_ago(invoices - number)
        lines = [cast.Line("Plan Base", Decimal(20)), cast.Line("Calls", Decimal("0.0123"), Decimal(911 + number))]
        bill = cast.add_bill(
            session, customer, f"{external_id}-{number}", lines, issued_at=issued, payments=[cast.Paid()]
        )
    bill.public_id = f"inv_{external_id}"
    session.flush()
    session.expunge_all()
