"""How many events one serving process takes over HTTP, in requests of a thousand and of one, from callers beside it.

The callers share the machine with the server: they are one thread that does as little as it can, and the server's own
CPU time for each event is told, too. `python -m bench usage_http`.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from urllib.parse import urlsplit

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
MOST = {1_000: 300, 1: 40_000}
"""Requests that are made beforehand, by their size: what is measured is the server."""


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
    bodies = _bodies(Events(seed=size), size, count(), MOST[size])
    requests = [_request(portal, key, path, body) for body in bodies]
    cpu, start = _cpu_seconds(portal.process.pid), time.perf_counter()
    sent = _send(portal, iter(requests), callers)
    seconds, cpu = time.perf_counter() - start, _cpu_seconds(portal.process.pid) - cpu
    return [f"{size:,} events", callers, sent, sent * size / seconds, cpu / sent / size * 1e6]


def _bodies(stream: Events, size: int, numbers: Iterator[int], requests: int) -> list[bytes]:
    """Make the bodies of requests."""
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


def _request(portal: RunningPortal, key: str, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {urlsplit(portal.origin).netloc}\r\nx-api-key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _send(portal: RunningPortal, requests: Iterator[bytes], callers: int) -> int:
    """Let each caller send a request as soon as its last one is answered, for `SECONDS`; return how many were."""
    until, answered = time.perf_counter() + SECONDS, 0
    address = ("127.0.0.1", urlsplit(portal.origin).port)
    with DefaultSelector() as selector:
        for request in islice(requests, callers):
            connection = socket.create_connection(address)
            selector.register(connection, EVENT_READ, bytearray())
            connection.sendall(request)
        while selector.get_map():
            for ready, _ in selector.select():
                connection, answer = ready.fileobj, ready.data
                answer += connection.recv(65_536)
                if not _is_whole(answer):
                    continue
                answered += 1
                answer.clear()
                request = next(requests, None) if time.perf_counter() < until else None
                if request is None:
                    selector.unregister(connection)
                    connection.close()
                else:
                    connection.sendall(request)
    return answered


def _is_whole(answer: bytearray) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    status, _, fields = head.partition(b"\r\n")
    assert status.startswith(b"HTTP/1.1 202"), bytes(answer)
    length = next(line for line in fields.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(body) >= int(length.partition(b":")[2])


def _cpu_seconds(process: int) -> float:
    """Return the CPU time that a process of this machine has had."""
    spent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / 100
