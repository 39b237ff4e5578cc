"""How long `import` takes a file of events, from the first line to the last commit, and how much memory that needs.

`python -m bench usage_import 1000000`; without a number, 100,000 events. It is the command line, in its own process.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench._table import print_table
from bench._usage import BATCH, Events, make_world
from portal_app.billing.instants import instant
from portal_app.commands.usage_events import EventIn
from portal_app.database import Database

COLUMNS = ("event_id", "event_name", "external_customer_id", "timestamp", "properties")


def run(total: int = 100_000) -> None:
    """Import so many events into SQLite, once from each kind of file."""
    rows = [_measured(total, kind) for kind in ("jsonl", "csv")]
    head = ["events", "of a file", "MB", "seconds", "events/s", "CPU µs/event", "peak MiB"]
    print_table("Importing events into SQLite", head, rows)


def _measured(total: int, kind: str) -> list[object]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/usage.db")
        make_world(database)
        database.close()
        path = Path(folder) / "files" / f"events.{kind}"
        path.parent.mkdir()
        _write(path, total)
        environment = os.environ | {"PORTAL_DATABASE_URL": database.url}
        command = [sys.executable, "-m", "portal_app", "import", str(path.parent)]
        start = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        seconds = time.perf_counter() - start
        cpu = used.ru_utime + used.ru_stime
        return [
            total, kind, path.stat().st_size // 10**6, seconds, round(total / seconds), cpu / total * 1e6,
            used.ru_maxrss // 1024,
        ]  # fmt: skip


def _write(path: Path, total: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if path.suffix == ".csv":
            writer.writerow(COLUMNS)
        for event in _events(total):
            values = (event.event_id, event.name, event.customer, instant(event.at).isoformat())
            if path.suffix == ".csv":
                writer.writerow((*values, event.text))
            else:
                file.write(json.dumps(dict(zip(COLUMNS, (*values, event.properties), strict=True))) + "\n")


def _events(total: int) -> Iterator[EventIn]:
    stream = Events()
    for done in range(0, total, BATCH):
        yield from stream.batch(min(BATCH, total - done), total, done)
