"""Many at once on a running portal: open pages, odd messages by the thousand, and events while it is told to stop."""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import combinations
from pathlib import Path
from statistics import mean, median

import cast
import httpx2
import pytest
from canaries import fill, secrets_of, seen
from page import ON_LOAD, Page, boot_event, handler_name, handlers
from server import RunningPortal, running_portal
from sqlalchemy import select

from portal_app import clock
from portal_app.models.usage import EVENTS
from portal_app.ui.gate import BOOT

pytestmark = pytest.mark.xdist_group("crowds")

OPEN_AT_ONCE = 100
SENDERS = 8
STOPS_WITHIN_SECONDS = 10
PAGES, WORKING_SECONDS, PAUSE_SECONDS = 1000, 600.0, 4.0
VISITS, VISITORS, ROUNDS, PING_SECONDS = 50_000, 4, 10, 25
WORK = {
    "loading": (handler_name("invoices", "load"), "invoices_state"),
    "nothing": (handler_name("overview", "turn"), "overview_state"),
}
ODD = (
    None, "", 0, -1, True, 10**40, 1e308, [], {}, [[[]]], {"a": {"b": 1}}, "\0", "\ud800", "Ω" * 300, "a" * 9000, "%s",
    "{}", "null", "__proto__", ["x"] * 100, {"vars": None}, "/invoices?invoice=%00", "../..", "${7*7}", "' OR 1=1",
)  # fmt: skip
NO_MESSAGES = (
    "", "\0", "1", "2", "2probe", "4", "5", "6", "9", "40/other,", "41/_event,", "42", "42/_event,", "43/_event,0[]",
    "42/_event,[]", "42/_event,7", '42/_event,["event"', '42/_event,["connect",{}]', '42/_event,["disconnect"]',
    "44/_event,{}", '451-/_event,["event",{"_placeholder":true,"num":0}]', "4" * 60_000, b"", b"\0" * 9000, b"42",
)  # fmt: skip
"""What Socket.IO or Engine.IO itself has to turn away; some of these end the socket."""


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


def send_odd_messages(portal: RunningPortal, count: int, seed: int, tally: Callable[[str, int, int], None]) -> None:
    """Send so many, a hundred from a page, each of which the server has dealt with, and look at another page.

    One that presents something odd ends what the page may do: it presents its token again, so that what follows is
    judged and not just turned away.
    """
    chance, sent, leaks = random.Random(seed), 0, 0
    acmes = secrets_of(portal, "acme")
    with Page(portal) as bystander:
        bystander.boot(portal.token("acme")).wait_for_data("overview")
        bystander.until(lambda: bystander.tab("overview").get("is_usage_loaded") is True)
        before = len(bystander.frames)
        while sent < count:
            token = portal.token("globex")
            with Page(portal) as page:
                page.boot(token).wait_for_data("overview")
                for _ in range(100):
                    message = odd_message(chance)
                    page.send_frame(message)
                    if BOOT in message:
                        page.send(boot_event(token))
                page.settle()
                page.send_frame(chance.choice(NO_MESSAGES))
                leaks += bool(seen(acmes, page.text))
            sent += 101
            bystander.listen(0.001)
        assert len(bystander.frames) == before
        bystander.call(handler_name("invoices", "load"), "/invoices")
        bystander.wait_for_data("invoices")
        assert bystander.shows("status") == "open"
        assert not seen(secrets_of(portal, "globex"), "\n".join(bystander.frames[before:]))
    assert portal.process.poll() is None
    assert leaks == 0
    tally("C2 odd messages through the socket", sent, leaks)


@pytest.mark.threat("T15")
def test_two_thousand_odd_messages_end_no_process_and_touch_no_other_page(crowded, tally):
    send_odd_messages(crowded, 2_000, 15, tally)


@pytest.mark.long
@pytest.mark.threat("T15")
def test_a_million_odd_messages_end_no_process_and_touch_no_other_page(crowded, tally):
    send_odd_messages(crowded, 1_000_000, 16, tally)


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
def test_a_thousand_pages_work_for_ten_minutes(tmp_path, tally, capsys):
    """E1: no event fails, and the slowest of twenty takes no more than thrice what one that loads nothing takes.

    Each page is somebody's own, who does something every few seconds without waiting for anybody else.
    """
    waits: dict[str, list[float]] = {kind: [] for kind in WORK}
    with running_portal(tmp_path, fill=fill) as portal, ExitStack() as stack:
        secrets = {name: secrets_of(portal, name) for name in ("acme", "globex")}
        pages = [
            stack.enter_context(Page(portal)).boot(portal.token(("acme", "globex")[number % 2]))
            for number in range(PAGES)
        ]
        until = time.monotonic() + WORKING_SECONDS
        with ThreadPoolExecutor(PAGES) as people:
            work = [
                people.submit(work_until, until, page, secrets[("globex", "acme")[number % 2]], waits)
                for number, page in enumerate(pages)
            ]
        failed = [error for one in work if (error := one.exception())]
        still_open = sum(page.shows("status") == "open" for page in pages)
        log = portal.printed()
    loading, nothing = (sorted(of_kind)[int(len(of_kind) * 0.95)] * 1000 for of_kind in waits.values())
    with capsys.disabled():
        print(f"\nE1 p95: loading {loading:.1f} ms, nothing {nothing:.1f} ms")  # noqa: T201 (a ratio to see)
    tally("E1 events of pages that work at once", sum(map(len, waits.values())), len(failed))
    if failed:
        raise BaseExceptionGroup("pages that failed", failed)
    assert still_open == PAGES
    assert "Traceback" not in log
    assert loading <= 3 * nothing


def work_until(until: float, page: Page, foreign: set[str], waits: dict[str, list[float]]) -> None:
    """Do what somebody does who looks at a page, and take down how many seconds each answer took."""
    chance = random.Random(page.client_token)
    page.wait_for_data("overview").until(lambda: page.tab("overview").get("is_usage_loaded") is True)
    while time.monotonic() < until:
        for kind, (name, state) in WORK.items():
            page.listen(chance.uniform(0, 2 * PAUSE_SECONDS))
            before, start = len(page.frames), time.perf_counter()
            page.call(name, "/invoices")
            page.until(lambda before=before, state=state: any(state in frame for frame in page.frames[before:]))
            waits[kind].append(time.perf_counter() - start)
        assert not page.tab("invoices")["failed"]
        assert not seen(foreign, page.text), page.text
        page.frames.clear()


@pytest.mark.long
def test_fifty_thousand_pages_that_come_and_go_leave_no_memory_taken(tmp_path, tally, capsys):
    """E2: once it is warm, what the server holds at rest grows by no more than a hundredth in ten minutes.

    At rest, since Engine.IO holds a closed socket until its next ping is due: while pages come, what is held follows
    how fast they come. Warm is the second half. Memory is taken in steps of a megabyte and more, so the growth is the
    median of what it is between each two rounds: a leak is there in all of them.
    """
    held: list[tuple[float, int]] = []
    failed: list[BaseException] = []
    with running_portal(tmp_path, fill=fill) as portal:
        for _ in range(ROUNDS):
            with ThreadPoolExecutor(VISITORS) as visitors:
                each = VISITS // ROUNDS // VISITORS
                visits = [visitors.submit(come_and_go, portal, each) for _ in range(VISITORS)]
            failed += [error for one in visits if (error := one.exception())]
            time.sleep(PING_SECONDS + 5)
            held.append((time.monotonic(), resident_kilobytes(portal)))
        log = portal.printed()
    if failed:
        raise BaseExceptionGroup("pages that failed", failed)
    assert "Traceback" not in log
    warm = held[ROUNDS // 2 :]
    slope = median((after - before) / (later - at) for (at, before), (later, after) in combinations(warm, 2))
    growth = 600 * slope / mean(kilobytes for _, kilobytes in warm)
    with capsys.disabled():
        print(f"\nE2 {growth:+.2%} in ten minutes; KiB after each round: {[kilobytes for _, kilobytes in held]}")  # noqa: T201 (a slope to see)
    tally("E2 pages that came and went", VISITS, len(failed))
    assert growth <= 0.01


def come_and_go(portal: RunningPortal, times: int) -> None:
    """Open a page and leave it: every other time while it still loads."""
    tokens: list[str] = []
    for number in range(times):
        if number % 1000 == 0:
            tokens.append(portal.token())
        with Page(portal) as page:
            page.boot(tokens[-1])
            assert page.shows("status") == "open"
            if number % 2:
                page.wait_for_data("overview")


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
