"""What one customer asks for at the same time waits in its turn, files as well; what others ask for does not."""

import asyncio
import codecs
import gc
import io
import threading
import time
import tracemalloc
from contextlib import AsyncExitStack
from datetime import timedelta
from tempfile import SpooledTemporaryFile

import cast
import httpx2
import pytest
import time_machine
from links import file_link, live_principal

from portal_app import clock
from portal_app.access.downloads import FileKind
from portal_app.access.turns import CONFIRMED_SECONDS, Turns
from portal_app.api import bodies, downloads
from portal_app.api.portal import info
from portal_app.commands.use_session import revoke_session
from portal_app.errors import LinkRejected, Unavailable
from portal_app.exports.whole_files import CHUNK, MOST_IN_MEMORY

AT_ONCE, WAITING = 2, 5


@pytest.fixture
def database(sqlite_database):
    """Nothing here depends on the engine."""
    return sqlite_database


@pytest.fixture(autouse=True)
def few_turns(monkeypatch):
    for module in (bodies, downloads):
        monkeypatch.setattr(module, "TURNS", Turns(AT_ONCE))
        monkeypatch.setattr(module, "WAITING", WAITING)


def slowed(monkeypatch, module, name):
    """Make a query take its time; return a list with the most that ever ran at once."""
    query, running, most, lock = getattr(module, name), [0], [0], threading.Lock()

    def slow(*arguments):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
        return query(*arguments)

    monkeypatch.setattr(module, name, slow)
    return most


def asked_at_once(api, *tokens):
    return got_at_once(api, *[("/v1/customer/portal/info", {"X-Session-Token": token}) for token in tokens])


def got_at_once(api, *wanted):
    async def ask():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://api") as client:
            return await asyncio.gather(*[client.get(path, headers=headers) for path, headers in wanted])

    return asyncio.run(ask())


@pytest.mark.threat("T40")
@pytest.mark.usefixtures("acme_id", "globex_id")
def test_a_customer_is_answered_in_turn_and_only_so_many_may_wait(api, database, monkeypatch):
    most = slowed(monkeypatch, info, "get_profile")
    acme, globex = (cast.mint(database, name, now=clock.utc_now()).token for name in ("acme", "globex"))
    answers = asked_at_once(api, *[acme] * 30, globex)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses[:30]) == {200, 429}
    assert statuses[30] == 200
    assert most[0] <= AT_ONCE + 1  # the other customer's, too
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["code"] == "too_many_requests"
    assert {answer.status_code for answer in asked_at_once(api, *[acme] * (AT_ONCE + WAITING))} == {200}


@pytest.mark.threat("T40")
@pytest.mark.parametrize(
    ("kind", "query", "at_once", "status"),
    [(FileKind.INVOICE_PDF, "get_invoice", AT_ONCE, 404), (FileKind.INVOICES_CSV, "each_invoice", 1, 200)],
)
@pytest.mark.usefixtures("acme_id", "globex_id")
def test_files_of_a_customer_are_made_in_turn_and_only_so_many_may_wait(
    api, database, monkeypatch, kind, query, at_once, status
):
    most = slowed(monkeypatch, downloads, query)
    principals = [live_principal(database, name, clock.utc_now()) for name in ("acme", "globex")]
    acme, globex = ((file_link(whose, kind, "", clock.utc_now()), {}) for whose in principals)
    statuses = [answer.status_code for answer in got_at_once(api, *[acme] * 30, globex)]
    assert set(statuses[:30]) == {status, 429}
    assert statuses[30] == status
    assert most[0] <= at_once + 1  # the other customer's, too


@pytest.mark.threat("T40")
@pytest.mark.usefixtures("acme_id")
def test_whoever_takes_a_file_slowly_keeps_no_connection_and_no_turn(database):
    whose = live_principal(database, "acme", clock.utc_now())
    token = file_link(whose, FileKind.INVOICES_CSV, "", clock.utc_now()).rpartition("/")[2]

    async def take():
        answers = [await downloads._answer(token) for _ in range(20)]
        held = database.engine.pool.checkedout()
        return held, [b"".join([part async for part in answer.body_iterator]) for answer in answers]

    held, files = asyncio.run(take())
    assert held == 0
    assert {file[:3] for file in files} == {codecs.BOM_UTF8}


def test_a_long_file_is_not_held_in_memory(monkeypatch):
    monkeypatch.setattr(downloads, "_csv_lines", lambda *_: ("x" * 1000 for _ in range(20_000)))
    tracemalloc.start()
    with downloads._csv_file(None, None, None, None) as file:
        _, most = tracemalloc.get_traced_memory()
        assert file.seek(0, io.SEEK_END) == 20_000_000
    tracemalloc.stop()
    assert most < 4 * MOST_IN_MEMORY


@pytest.mark.threat("T7")
@pytest.mark.parametrize(("waited", "status"), [(0, 200), (CONFIRMED_SECONDS + 1, 503)])
@pytest.mark.usefixtures("acme_id")
def test_whoever_waited_too_long_for_a_turn_gets_no_data(api, database, waited, status):
    whose = live_principal(database, "acme", cast.NOW)
    token = cast.mint(database, "acme", now=cast.NOW).token

    async def ask(travelled):
        async with AsyncExitStack() as others:
            for _ in range(AT_ONCE):
                await others.enter_async_context(bodies.TURNS.of(whose.customer_id))
            transport = httpx2.ASGITransport(app=api)
            async with httpx2.AsyncClient(transport=transport, base_url="http://api") as client:
                asked = asyncio.create_task(client.get("/v1/customer/portal/info", headers={"X-Session-Token": token}))
                await asyncio.sleep(0.3)
                travelled.shift(timedelta(seconds=waited))
                await others.aclose()
                return (await asked).status_code

    with time_machine.travel(cast.NOW, tick=False) as travelled:
        assert asyncio.run(ask(travelled)) == status


@pytest.mark.threat("T7", "T40")
@pytest.mark.parametrize("kind", [FileKind.INVOICES_CSV, FileKind.INVOICE_PDF])
@pytest.mark.usefixtures("acme_id")
def test_a_file_whose_turn_comes_after_its_session_was_revoked_is_refused(database, kind):
    whose = live_principal(database, "acme", clock.utc_now())
    token = file_link(whose, kind, "", clock.utc_now()).rpartition("/")[2]
    turns = downloads.TURNS if kind is FileKind.INVOICE_PDF else downloads.TURNS_OF_FILES

    async def take():
        async with AsyncExitStack() as others:
            for _ in range(turns._at_once):
                await others.enter_async_context(turns.of(whose.customer_id))
            waiting = asyncio.create_task(downloads._answer(token))
            await asyncio.sleep(0.3)
            await database.write(revoke_session, whose.jti, "tests", "tests", clock.utc_now())
        await waiting

    with pytest.raises(LinkRejected):
        asyncio.run(take())


@pytest.mark.threat("T40")
@pytest.mark.usefixtures("acme_id")
def test_a_file_whose_taker_has_gone_is_neither_read_nor_waited_for(api, database, monkeypatch):
    begun, has_begun, may_end = [], threading.Event(), threading.Event()
    whose = live_principal(database, "acme", clock.utc_now())
    path = file_link(whose, FileKind.INVOICES_CSV, "", clock.utc_now())
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}

    def endless(*_asked):
        begun.append(path)
        has_begun.set()
        may_end.wait(10)
        raise Unavailable

    async def ask_and_go(seconds):
        said = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive():
            if said_now := next(said, None):
                return said_now
            await asyncio.sleep(seconds)
            return {"type": "http.disconnect"}

        async def send(_message):
            pass

        await api(scope | {"state": {}}, receive, send)

    async def ask():
        reading = asyncio.create_task(ask_and_go(1.0))
        await asyncio.to_thread(has_begun.wait, 10)
        waiting = [ask_and_go(0.3) for _ in range(WAITING)]
        await asyncio.wait_for(asyncio.gather(reading, *waiting), 5)
        may_end.set()

    monkeypatch.setattr(downloads, "each_invoice", endless)
    asyncio.run(ask())
    assert len(begun) == 1


@pytest.mark.usefixtures("acme_id")
def test_a_file_whose_taker_goes_while_it_is_sent_is_closed_at_once(api, database, monkeypatch):
    file = SpooledTemporaryFile()  # noqa: SIM115 (that it is closed is what is asked)
    file.write(b"x" * 3 * CHUNK)
    file.seek(0)
    monkeypatch.setattr(downloads, "_csv_file", lambda *_asked: file)
    path = file_link(live_principal(database, "acme", clock.utc_now()), FileKind.INVOICES_CSV, "", clock.utc_now())
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "state": {}}

    async def ask_and_go_when_it_comes():
        said, comes = iter([{"type": "http.request", "body": b"", "more_body": False}]), asyncio.Event()

        async def receive():
            if said_now := next(said, None):
                return said_now
            await comes.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.body":
                comes.set()
                await asyncio.sleep(10)

        await asyncio.wait_for(api(scope, receive, send), 5)

    gc.disable()
    try:
        asyncio.run(ask_and_go_when_it_comes())
        assert file.closed
    finally:
        gc.enable()
