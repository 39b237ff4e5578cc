"""Many at once on a running portal: open pages, odd messages by the thousand, and events while it is told to stop."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import cast
import httpx2
import pytest
from canaries import fill, secrets_of, seen
from page import ON_LOAD, Page, handler_name, handlers
from server import RunningPortal, running_portal
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from portal_app import clock
from portal_app.models.usage import EVENTS
from portal_app.ui.gate import BOOT

pytestmark = pytest.mark.xdist_group("crowds")

OPEN_AT_ONCE = 100
ODD_MESSAGES = 2000
SENDERS = 8
STOPS_WITHIN_SECONDS = 10
ODD = (
    None, "", 0, -1, True, 10**40, 1e308, [], {}, [[[]]], {"a": {"b": 1}}, "\0", "\ud800", "Ω" * 300, "a" * 9000, "%s",
    "{}", "null", "__proto__", ["x"] * 100, {"vars": None}, "/invoices?invoice=%00", "../..", "${7*7}", "' OR 1=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    with running_portal(tmp_path_factory.mktemp("crowded"), fill=fill) as portal:
        yield portal


def odd_message(chance: random.Random) -> str:
    """Return an event with one thing wrong, or a frame that is none."""
    name, arguments = chance.choice([*handlers(), (BOOT, ["vars", "hashes"]), (ON_LOAD, [])])
    payload = {argument: chance.choice(ODD) for argument in arguments}
    event = {"name": name, "payload": payload, "router_data": {"pathname": "/", "asPath": "/invoices", "query": {}}}
    if chance.random() < 0.5:
        event[chance.choice((*event, "token", "extra"))] = chance.choice(ODD)
    text = json.dumps(event)
    if chance.random() < 0.2:
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(("", '"', "{", "]", "\0", "9" * 50)) + text[at + 1 :]
    return f'42/_event,["event",{text}]'


@pytest.mark.threat("T15")
def test_two_thousand_odd_messages_end_no_process_and_touch_no_other_page(crowded, tally):
    chance, sent, leaks = random.Random(15), 0, 0
    acmes = secrets_of(crowded, "acme")
    with Page(crowded) as bystander:
        bystander.boot(crowded.token("acme")).wait_for_data("overview")
        while sent < ODD_MESSAGES:
            with Page(crowded) as page:
                page.boot(crowded.token("globex")).wait_for_data("overview")
                for _ in range(100):
                    with suppress(ConnectionClosed):
                        page.send_frame(odd_message(chance))
                    sent += 1
                with suppress(AssertionError, ConnectionClosed):
                    page.settle()
                leaks += bool(seen(acmes, page.text))
        before = len(bystander.frames)
        bystander.call(handler_name("invoices", "load"), "/invoices")
        bystander.wait_for_data("invoices")
        assert bystander.shows("status") == "open"
        assert not seen(secrets_of(crowded, "globex"), "\n".join(bystander.frames[before:]))
    assert crowded.process.poll() is None
    assert leaks == 0
    tally("C2 odd messages through the socket", sent, leaks)


def test_a_hundred_pages_are_open_at_once_and_each_shows_its_own_customer(crowded):
    secrets = {name: secrets_of(crowded, name) for name in ("acme", "globex")}
    with ExitStack() as stack:
        pages = []
        for number in range(OPEN_AT_ONCE):
            whose = ("acme", "globex")[number % 2]
            page = stack.enter_context(Page(crowded)).boot(crowded.token(whose))
            pages.append((page, whose))
        for page, _ in pages:
            page.call(handler_name("invoices", "load"), "/invoices")
        for page, whose in pages:
            page.wait_for_data("invoices")
            other = "globex" if whose == "acme" else "acme"
            assert seen(secrets[whose], page.text)
            assert not seen(secrets[other], page.text)


@pytest.mark.long
def test_a_thousand_pages_work_for_ten_minutes(crowded):
    """E1: no event fails, and the slowest of twenty takes no more than thrice what one that loads nothing takes."""
    waits: dict[str, list[float]] = {"loading": [], "nothing": []}
    with ExitStack() as stack:
        pages = [stack.enter_context(Page(crowded)).boot(crowded.token("acme")) for _ in range(1000)]
        deadline, chance = time.monotonic() + 600, random.Random(1)
        while time.monotonic() < deadline:
            page = chance.choice(pages)
            for kind, name in (
                ("loading", handler_name("invoices", "load")),
                ("nothing", handler_name("overview", "turn")),
            ):
                before, start = len(page.frames), time.perf_counter()
                page.call(name, "/invoices")
                page.until(lambda page=page, before=before: len(page.frames) > before)
                waits[kind].append(time.perf_counter() - start)
        assert all(page.shows("status") == "open" for page in pages)
    loading, nothing = (sorted(of_kind)[int(len(of_kind) * 0.95)] for of_kind in waits.values())
    assert loading <= 3 * nothing


@pytest.mark.long
def test_fifty_thousand_pages_that_come_and_go_leave_no_memory_taken(crowded):
    """E2."""
    token, resident = crowded.token("acme"), []
    for number in range(50_000):
        with Page(crowded) as page:
            page.boot(token)
        if number % 10_000 == 9_999:
            resident.append(resident_kilobytes(crowded))
    assert resident[-1] <= 1.05 * resident[1], resident


def resident_kilobytes(portal: RunningPortal) -> int:
    status = Path(f"/proc/{portal.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def test_told_to_stop_while_events_come_in_it_keeps_all_it_took_and_goes(tmp_path, tally):
    with running_portal(tmp_path, fill=fill) as portal:
        headers = {"x-api-key": cast.api_key(portal.database, now=clock.utc_now())}

        def send(sender: int) -> list[str]:
            taken = []
            with suppress(httpx2.HTTPError), httpx2.Client(base_url=portal.origin, headers=headers) as client:
                for number in range(100_000):
                    event_id = f"{sender}-{number}"
                    event = {"event_name": "call", "external_customer_id": "acme", "event_id": event_id}
                    if client.post("/v1/events", json=event).status_code == 202:
                        taken.append(event_id)
            return taken

        with ThreadPoolExecutor(SENDERS) as senders:
            results = [senders.submit(send, sender) for sender in range(SENDERS)]
            time.sleep(1.5)
            portal.process.send_signal(signal.SIGTERM)
            assert portal.process.wait(STOPS_WITHIN_SECONDS) in {0, -signal.SIGTERM}
            taken = {event_id for result in results for event_id in result.result()}
        with portal.database.engine.connect() as connection:
            kept = set(connection.execute(select(EVENTS.c.event_id)).scalars())
    assert len(taken) > SENDERS
    assert taken <= kept
    tally("D7 events taken while it was told to stop", len(taken), len(taken - kept))
