"""How many events one serving process takes over HTTP, in requests of a thousand and of one, from callers beside it.

The callers share the machine with the server, so the server's own CPU time for each event is told, too.
"""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import cast
import conftest  # noqa: F401 (the settings of the tests)
import orjson
from server import RunningPortal, running_portal

from bench._table import print_table
from bench._usage import Events, make_world
from portal_app import clock
from portal_app.billing.instants import instant
from portal_app.database import Database

BULK, BULK_CALLERS, SINGLE_CALLERS, SECONDS = 1_000, 4, 50, 10.0


def run() -> None:
    """Serve a database of a thousand customers, and send."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/usage.db")
        make_world(database)
        environment = {"PORTAL_LIMIT_EVENTS": "1000000/second"}
        with running_portal(Path(folder) / "portal", database_url=database.url, environment=environment) as portal:
            key = cast.api_key(portal.database, now=clock.utc_now())
            rows = [
                _measured(portal, key, "/v1/events/bulk", BULK, BULK_CALLERS),
                _measured(portal, key, "/v1/events", 1, SINGLE_CALLERS),
            ]
        database.close()
    head = ["a request of", "connections", "requests", "events/s", "server CPU µs/event"]
    print_table("Events over HTTP, one serving process on SQLite, each answered after its commit", head, rows)


def _measured(portal: RunningPortal, key: str, path: str, size: int, callers: int) -> list[object]:
    stream, numbers = Events(seed=size), count()
    bodies = [iter(_bodies(stream, size, numbers, max(60, 60_000 // size // callers))) for _ in range(callers)]
    cpu, start = _cpu_seconds(portal.process.pid), time.perf_counter()
    with ThreadPoolExecutor(callers) as threads:
        sent = sum(threads.map(lambda some: _send(portal, key, path, some, start + SECONDS), bodies))
    seconds, cpu = time.perf_counter() - start, _cpu_seconds(portal.process.pid) - cpu
    return [f"{size:,} events", callers, sent, sent * size / seconds, cpu / sent / size * 1e6]


def _bodies(stream: Events, size: int, numbers: Iterator[int], requests: int) -> list[bytes]:
    """Make requests beforehand: what is measured is the server."""
    bodies: list[bytes] = []
    for _ in range(requests):
        events = [
            {
                "event_id": f"{event.event_id}-{next(numbers)}",
                "event_name": event.name,
                "external_customer_id": event.customer,
                "timestamp": instant(event.at).isoformat(),
                "properties": event.properties,
            }
            for event in stream.batch(size, 60_000, next(numbers) % 60_000)
        ]
        bodies.append(orjson.dumps({"events": events} if size > 1 else events[0]))
    return bodies


def _send(portal: RunningPortal, key: str, path: str, bodies: Iterator[bytes], until: float) -> int:
    connection = http.client.HTTPConnection(portal.origin.removeprefix("http://"))
    headers = {"x-api-key": key, "Content-Type": "application/json"}
    sent = 0
    for body in bodies:
        if time.perf_counter() > until:
            break
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
        sent += 1
    connection.close()
    return sent


def _cpu_seconds(process: int) -> float:
    """Return the CPU time that a process of this machine has had."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / 100
