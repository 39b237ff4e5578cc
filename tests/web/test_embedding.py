"""Who may frame the portal: the settings and what is stored, within seconds and without asking for every asset."""

import asyncio
import re
import time

import httpx2
import pytest

from portal_app import clock
from portal_app.commands.embedding import set_embed_origins
from portal_app.models.embedding import EmbedOrigin
from portal_app.settings import Settings
from portal_app.web import embedding
from portal_app.web.embedding import EmbedOrigins, frame_ancestors

A, B = "https://a.example", "https://b.example:8"
LOOPBACK = "http://localhost:* http://127.0.0.1:*"


@pytest.mark.threat("T27")
@pytest.mark.parametrize(
    ("env", "origins", "stored", "expected"),
    [
        ("production", (), (), "'none'"),
        ("production", (A,), (), A),
        ("production", (A, B), (), f"{A} {B}"),
        ("production", (A,), (B, A), f"{A} {B}"),
        ("production", (), ("http://localhost:5000", "https://x; script-src *", "*", A), A),
        ("development", (), (), LOOPBACK),
        ("development", (A,), ("http://app.localhost:5000",), f"{A} http://app.localhost:5000 {LOOPBACK}"),
    ],
)
def test_who_may_frame_the_portal_is_what_the_operator_says(env, origins, stored, expected):
    assert frame_ancestors(Settings(env=env, embed_origins=origins), stored) == expected


def served(http: httpx2.Client, path: str) -> str:
    policy = http.get(path).headers["Content-Security-Policy"]
    return re.search(r"frame-ancestors (.*)$", policy)[1]


@pytest.mark.threat("T27")
def test_a_stored_origin_counts_within_seconds_and_no_longer_when_it_is_taken_away(production, http):
    of_settings = served(http, "/")
    for origins, expected in (([B], f"{of_settings} {B}"), ([], of_settings)):
        with production.database.writing() as session:
            set_embed_origins(session, origins, "tests", clock.utc_now())
        deadline = time.monotonic() + 5 * embedding.FRESH_SECONDS
        while served(http, "/credits/") != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        assert {served(http, path) for path in ("/", "/usage", "/nowhere")} == {expected}


def test_pages_ask_once_in_a_while_and_assets_never(sqlite_database, monkeypatch):
    asked = []
    monkeypatch.setattr(embedding, "list_embed_origins", lambda session: asked.append(session) or (A,))
    origins = EmbedOrigins(Settings(env="production"))

    async def many() -> None:
        assert origins.known == "'none'"
        await asyncio.gather(*(origins.current() for _ in range(20)))

    asyncio.run(many())
    assert origins.known == A
    assert len(asked) == 1


def test_while_the_database_does_not_answer_what_was_known_stays(sqlite_database, monkeypatch):
    monkeypatch.setattr(embedding, "FRESH_SECONDS", -1.0)
    with sqlite_database.writing() as session:
        session.add(EmbedOrigin(origin=A, created_at=clock.utc_now(), updated_at=clock.utc_now()))
    origins = EmbedOrigins(Settings(env="production"))
    assert asyncio.run(origins.current()) == A
    with sqlite_database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE embed_origins")
    assert asyncio.run(origins.current()) == A
