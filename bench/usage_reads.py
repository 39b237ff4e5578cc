"""How long a range of usage takes to read, as events grow tenfold: against scanning and adding up the same cells.

*Queries* are all statements of a tab, run by the bare driver; *series* is the one of them that reads the cells, every
window of every meter, through the portal; *report* is everything behind a graph: queries, prices, periods, costs,
explanations. *By time* is what reads the cells in a table whose key is (customer, quarter hour, meter).

`python -m bench usage_reads 1000000 10000000` measures those sizes; without numbers, 100,000 and 1,000,000. Databases
are kept in the folder that `BENCH_FOLDER` names, and used again; without it, they are thrown away.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cast import NOW
from sqlalchemy import event, text

from bench._table import print_table
from bench._usage import fill, make_world
from portal_app.access.principal import CustomerId
from portal_app.billing.instants import QUARTER_HOUR
from portal_app.billing.periods import Preset, preset_range
from portal_app.database import Database, Session
from portal_app.queries import usage
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.usage import UsageQuestion, usage_of_preset
from portal_app.queries.usage_cells import _on_the_grid, usage_cells

ROUNDS = 60
PARTS = ("floor", "queries", "series", "by time", "report")
WHO = {"biggest": "c0", "typical": "c50", "small": "c900"}
SCAN = (
    "SELECT sum(events), sum(high), sum(low) FROM usage_cell WHERE customer_id = ? AND bucket >= ? AND bucket < ? "
    "AND meter_id IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)"
)
BY_TIME = """
    WITH run (first, last, gap) AS MATERIALIZED (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))
    SELECT json_group_array(json_array(meter_id, gap, events, high, low, value)) FROM (
      SELECT meter_id, gap, sum(events) AS events, sum(high) AS high, sum(low) AS low, max(value) AS value
      FROM run CROSS JOIN by_time ON bucket >= first AND bucket < last
      WHERE customer_id = ? GROUP BY gap, meter_id)"""
"""The best that the other order of the key can do: a window is one range, of all meters, and is grouped by meter."""


def run(*sizes: int) -> None:
    """Fill a database of each size, ask all of them in turn, and print p50."""
    sizes = sizes or (100_000, 1_000_000)
    with tempfile.TemporaryDirectory() as thrown_away:
        folder = Path(os.environ.get("BENCH_FOLDER", thrown_away))
        databases = {size: _database(folder / f"{size}.db", size) for size in sizes}
        rows = [_row(databases, who, external_id, preset) for who, external_id in WHO.items() for preset in Preset]
        heads = ("cells", *PARTS)
        print_table(
            "Usage reads on SQLite, p50 µs of CPU; ratios to scanning and summing the same cells and to the first size",
            [
                "customer, range",
                *(f"{head} {size:,}" for size in sizes for head in heads),
                *(f"{part}/floor" for part in PARTS[1:]),
                "growth of series",
                "growth of report",
            ],
            rows,
        )
        for database in databases.values():
            database.close()


def _database(path: Path, size: int) -> Database:
    if not path.exists():
        begun = path.with_suffix(".begun")
        database = Database(f"sqlite:///{begun}")
        make_world(database)
        for done, spent, _ in fill(database, size):
            print(f"  {done:>12,} events, {spent:6.1f} µs of CPU for each", flush=True)
        with database.engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        database.close()
        begun.rename(path)
    print(f"  {size:>12,} events are {path.stat().st_size / size:,.1f} bytes each")
    return Database(f"sqlite:///{path}")


def _row(databases: dict[int, Database], who: str, external_id: str, preset: Preset) -> list[object]:
    cells: list[object] = []
    medians: dict[int, list[float]] = {}
    for size, database in databases.items():
        count, medians[size] = _measured(database, external_id, preset)
        cells += [count, *(round(median) for median in medians[size])]
    first, last = medians[min(medians)], medians[max(medians)]
    growth = [last[PARTS.index(part)] / first[PARTS.index(part)] for part in ("series", "report")]
    return [f"{who}, {preset}", *cells, *(part / last[0] for part in last[1:]), *growth]


def _measured(database: Database, external_id: str, preset: Preset) -> tuple[int, list[float]]:
    """Return how many cells there are, and p50 of each part in µs of CPU."""
    with database.reading() as session:
        customer = get_published_customer_of_operator(session, external_id)[0]
        asked, cuts = _asked(session, customer, preset)
        rules = [rule for _, rule in asked.used]
        driver = sqlite3.connect(database.url.removeprefix("sqlite:///"))
        scope = (customer, cuts[0] // QUARTER_HOUR, -(-cuts[-1] // QUARTER_HOUR))
        _copy_by_time(driver, customer)
        runs = json.dumps(_on_the_grid(cuts)[0])
        with _recording(session, statements := []):
            usage_of_preset(session, customer, preset, NOW)
        calls: list[Callable[[], Any]] = [
            lambda: driver.execute(SCAN, scope).fetchall(),
            lambda: [driver.execute(*statement).fetchall() for statement in statements],
            lambda: usage_cells(session, customer, rules, cuts),
            lambda: json.loads(driver.execute(BY_TIME, (runs, customer)).fetchone()[0]),
            lambda: usage_of_preset(session, customer, preset, NOW),
        ]
        times: list[list[float]] = [[] for _ in calls]
        for _ in range(ROUNDS):  # interleaved, so that a busy moment meets all of them
            for call, of_call in zip(calls, times, strict=True):
                start = time.process_time()
                call()
                of_call.append(time.process_time() - start)
        (count,) = driver.execute(SCAN.replace("sum(events), sum(high), sum(low)", "count(*)"), scope).fetchone()
        driver.close()
    return count, [statistics.median(of_call) * 1e6 for of_call in times]


@contextmanager
def _recording(session: Session, statements: list[tuple[str, Any]]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        statements.append((sql, parameters))

    event.listen(session.connection(), "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(session.connection(), "before_cursor_execute", note)


def _copy_by_time(driver: sqlite3.Connection, customer: CustomerId) -> None:
    (schema,) = driver.execute("SELECT sql FROM sqlite_master WHERE name = 'usage_cell'").fetchone()
    other = schema.replace("(customer_id, meter_id, bucket)", "(customer_id, bucket, meter_id)")
    assert other != schema
    driver.execute(other.replace("CREATE TABLE usage_cell", "CREATE TEMP TABLE by_time"))
    driver.execute("INSERT INTO by_time SELECT * FROM usage_cell WHERE customer_id = ?", (customer,))
    driver.commit()


def _asked(session: Session, customer: CustomerId, preset: Preset) -> tuple[Any, list[int]]:
    """Return what the preset's report asks the tables for."""
    zone = usage._zone(session, customer)
    question = UsageQuestion(preset_range(preset, NOW, zone), preset.size)
    asked = usage._asked(session, customer, question, zone, NOW)
    return asked, asked.cuts().micros
