"""What taking events costs: the command against the bare driver running the same statements, and what strictness adds.

`python -m bench usage_ingest 1000000` measures on top of so many events; without a number, of 100,000.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cast import NOW
from sqlalchemy import event

from bench._table import print_table
from bench._usage import Events, fill, make_world
from portal_app.commands.ingest_events import ingest_events
from portal_app.commands.usage_events import EventIn
from portal_app.commands.usage_tables import Rows
from portal_app.commands.usage_writer import UsageWriter
from portal_app.database import Database

SIZES = {100: 100, 1_000: 30, 10_000: 6}
"""Events of a request, and how many requests."""
CALLERS, SECONDS = 50, 5.0

Statement = tuple[str, str, Any]
"""How to run it (`one`, `many` rows, or each asking whether it is `new`), the statement, and its parameters."""


def run(base: int = 100_000) -> None:
    """Measure everything on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usage.db"
        database = Database(f"sqlite:///{path}")
        make_world(database)
        for done, spent, _ in fill(database, base):
            print(f"  {done:>12,} events, {spent:6.1f} µs of CPU for each", flush=True)
        stream = Events(seed=2)
        _print_command_against_driver(database, path, stream, base)
        _print_parts(database, path, stream, base)
        _print_single_events(database, stream, base)
        database.close()


def _print_command_against_driver(database: Database, path: Path, stream: Events, base: int) -> None:
    driver = _driver(path)
    rows: list[list[object]] = []
    for size, count in SIZES.items():
        times = [[0.0, 0.0], [0.0, 0.0]]
        for _ in range(count):  # in turn, so that a busy moment meets both
            _add(times[0], _timed(_take, database, stream.batch(size, base, base - size)))
            _add(times[1], _timed(_replay, driver, _recorded(database, stream.batch(size, base, base - size))))
        micros = [1e6 * seconds / size / count for pair in times for seconds in pair]
        rows.append([f"{size:,} events", *micros, micros[2] / micros[0], micros[3] / micros[1]])
    head = ["a request of", "command: CPU", "wall", "driver: CPU", "wall", "driver/command: CPU", "wall"]
    print_table("Taking events on SQLite, µs each; the bare driver runs the same statements", head, rows)
    driver.close()


def _print_parts(database: Database, path: Path, stream: Events, base: int) -> None:
    """Say what the register of ids costs, and what the order of the cells' key does."""
    driver = _driver(path)
    names = "customer_id, bucket, meter_id"
    schema = driver.execute("SELECT sql FROM sqlite_master WHERE name = 'usage_cell'").fetchone()[0]
    driver.execute(schema.replace("usage_cell", "by_time").replace("(customer_id, meter_id, bucket)", f"({names})"))
    driver.execute(f"INSERT INTO by_time SELECT * FROM usage_cell ORDER BY {names}")
    variants: dict[str, Callable[[Sequence[Statement]], Sequence[Statement]]] = {
        "as it is": list,
        "no register of ids": lambda statements: [one for one in statements if one[0] != "new"],
        "cells by time, then meter": lambda statements: [
            (kind, sql.replace("usage_cell", "by_time"), rows) for kind, sql, rows in statements
        ],
    }
    rows: list[list[object]] = []
    for name, variant in variants.items():
        row: list[object] = [name]
        for size, count in SIZES.items():
            times = [0.0, 0.0]
            for _ in range(count):
                recorded = _recorded(database, stream.batch(size, base, base - size))
                _add(times, _timed(_replay, driver, variant(recorded)))
            row += [1e6 * seconds / size / count for seconds in times]
        rows.append(row)
    head = ["bare driver", *(f"{size:,} events: {what}" for size in SIZES for what in ("CPU", "wall"))]
    print_table("What the parts cost on SQLite, µs for each event", head, rows)
    driver.execute("DROP TABLE by_time")
    driver.close()


def _print_single_events(database: Database, stream: Events, base: int) -> None:
    """Let many callers send single events, each as soon as its last one is answered."""
    count = min(base, 100_000)
    events = iter(stream.batch(count, base, base - count))
    writer = UsageWriter(database)
    taken = 0

    async def call(until: float) -> None:
        nonlocal taken
        for single in events:
            await writer.take([single], NOW)
            taken += 1
            if time.perf_counter() > until:
                return

    async def everyone() -> None:
        until = time.perf_counter() + SECONDS
        await asyncio.gather(*(call(until) for _ in range(CALLERS)))

    start = time.perf_counter()
    asyncio.run(everyone())
    seconds = time.perf_counter() - start
    writer.close()
    rows = [[CALLERS, taken / seconds]]
    print_table("Single events, committed before each is answered", ["callers", "events/s"], rows)


def _take(database: Database, events: Sequence[EventIn]) -> None:
    with database.writing() as session:
        ingest_events(session, events, NOW)


def _recorded(database: Database, events: Sequence[EventIn]) -> list[Statement]:
    """Return the statements of a request that was taken back."""
    statements: list[Statement] = []
    with database.writing() as session, _recording(session.connection(), statements):
        ingest_events(session, events, NOW)
        session.rollback()
    return statements


@contextmanager
def _recording(connection: Any, statements: list[Statement]) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001
        statements.append(("many" if many else "one", sql, parameters))

    def note_new(rows: Rows, connection_: Any, ordered: Sequence[Any]) -> set[Any]:
        statements.append(("new", rows._sqlite, ordered))
        return one_by_one(rows, connection_, ordered)

    one_by_one = Rows._write_new_one_by_one
    event.listen(connection, "before_cursor_execute", note)
    Rows._write_new_one_by_one = note_new
    try:
        yield
    finally:
        Rows._write_new_one_by_one = one_by_one
        event.remove(connection, "before_cursor_execute", note)


def _driver(path: Path) -> sqlite3.Connection:
    driver = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        driver.execute(f"PRAGMA {pragma}")
    return driver


def _replay(driver: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    cursor = driver.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    for kind, sql, parameters in statements:
        if kind == "many":
            cursor.executemany(sql, parameters)
        elif kind == "one":
            cursor.execute(sql, parameters).fetchall()
        else:
            for row in parameters:
                cursor.execute(sql, row)
                assert cursor.rowcount in {0, 1}
    cursor.execute("COMMIT")


def _timed(call: Callable[..., object], *arguments: object) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    call(*arguments)
    return time.process_time() - cpu, time.perf_counter() - wall


def _add(total: list[float], times: tuple[float, float]) -> None:
    for place, seconds in enumerate(times):
        total[place] += seconds
