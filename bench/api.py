"""What the customer's two heaviest requests cost: against a bare route of the same process with an answer as long."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from datetime import timedelta

import cast
from fastapi import FastAPI, Response
from httpx import ASGITransport, AsyncClient

from bench._table import print_table
from portal_app import clock
from portal_app.api.app import create_api
from portal_app.database import Database, use_database
from portal_app.demo.world import load_demo
from portal_app.migrations import migrate

ROUNDS = 200
EVENTS = 40_000
PORTAL = "/v1/customer/portal"


def run() -> None:
    """Ask both in turn, on SQLite with the demo world: the one with most invoices, the one with most usage."""
    with tempfile.TemporaryDirectory() as folder:
        database = use_database(Database(f"sqlite:///{folder}/portal.db"))
        migrate(database.engine)
        now = clock.utc_now()
        with database.writing() as session:
            load_demo(session, now.date(), now, EVENTS)
        month = {"start_time": (now - timedelta(days=30)).isoformat(), "window_size": "DAY"}
        asked = {
            "invoices?limit=20": ("archive", "invoices", {"limit": 20}),
            "analytics/revenue, 30 d by day": ("acme", "analytics/revenue", month),
        }
        rows = [[name, *asyncio.run(_measured(database, *request))] for name, request in asked.items()]
        database.close()
    head = ("request (SQLite)", "bytes", "gzip", "p50 ms", "p95 ms", "bare p50", "bare p95", "p50 of bare")
    print_table("the customer's API, of interleaved rounds in one process", head, rows)


async def _measured(database: Database, customer: str, path: str, body: dict[str, object]) -> list[object]:
    api = create_api()
    headers = {"X-Session-Token": cast.mint(database, customer, clock.utc_now()).token}
    async with AsyncClient(transport=ASGITransport(api), base_url="http://bench", headers=headers) as client:
        answer = await client.post(f"{PORTAL}/{path}", json=body)
        _add_bare_route(api, answer.content)
        ours, bare = [], []
        for _ in range(ROUNDS):
            ours.append(await _seconds(client, f"{PORTAL}/{path}", body))
            bare.append(await _seconds(client, "/bare", body))
    mine, least = (_percentiles(times) for times in (ours, bare))
    sent = int(answer.headers.get("content-length", len(answer.content)))
    return [len(answer.content), sent, *mine, *least, mine[0] / least[0]]


def _add_bare_route(api: FastAPI, content: bytes) -> None:
    async def bare() -> Response:
        return Response(content, media_type="application/json")

    api.add_api_route("/bare", bare, methods=["POST"])


async def _seconds(client: AsyncClient, path: str, body: dict[str, object]) -> float:
    start = time.perf_counter()
    answer = await client.post(path, json=body)
    seconds = time.perf_counter() - start
    assert answer.status_code == 200, answer.text
    return seconds


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return p50 and p95, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=20)
    return statistics.median(seconds) * 1e3, cuts[18] * 1e3
