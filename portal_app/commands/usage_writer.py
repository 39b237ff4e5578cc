"""The way in for coroutines: events of many requests share a transaction, and none is answered before it commits.

SQLite has one writer at a time, so its requests wait in one queue: while one transaction is on its way to the disk,
the next one gathers. PostgreSQL takes several transactions at once. The queue is bounded: what does not fit is
refused whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Condition, Thread

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal_app.commands.ingest_events import Taken, ingest_requests
from portal_app.commands.usage_events import EventIn
from portal_app.database import Database, current_database
from portal_app.errors import TooManyRequests, Unavailable

log = logging.getLogger(__name__)

MAX_WAITING = 20_000
"""How many events may wait; more are refused."""
MAX_GROUP = 5_000
"""How many events share a transaction."""
RETRY_AFTER_SECONDS = 1
TIMEOUT_SECONDS = 30
THREADS = {"sqlite": 1, "postgresql": 2}

_GONE = (OperationalError, InterfaceError, PoolTimeout)


@dataclass(frozen=True, slots=True)
class _Request:
    events: Sequence[EventIn]
    now: datetime
    answer: asyncio.Future[Taken]


_Outcome = tuple[_Request, Taken | Exception]


class UsageWriter:
    """Takes events for one database, in threads of its own."""

    def __init__(self, database: Database, max_waiting: int = MAX_WAITING) -> None:
        """Start the threads; `close` ends them."""
        self._database, self._max_waiting = database, max_waiting
        self._waiting: deque[_Request] = deque()
        self._events = 0
        self._changed = Condition()
        self._closing = False
        threads = THREADS[database.engine.dialect.name]
        self._threads = [Thread(target=self._run, name=f"usage-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    async def take(self, events: Sequence[EventIn], now: datetime) -> Taken:
        """Take the events of one request, all or none, and return once they are committed.

        Raises:
            Invalid: an event is older than what is kept.
            TooManyRequests: too many events are waiting; `retry_after` says for how many seconds to wait.
            Unavailable: the database did not answer in time; the events may still be taken, so send them again.
        """
        answer: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._enqueue(_Request(events, now, answer))
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await answer
        except TimeoutError as error:
            raise Unavailable from error

    def close(self) -> None:
        """Take what is waiting, and end."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, request: _Request) -> None:
        with self._changed:
            if self._closing or self._events + len(request.events) > self._max_waiting:
                raise TooManyRequests(retry_after=RETRY_AFTER_SECONDS)
            self._waiting.append(request)
            self._events += len(request.events)
            self._changed.notify()

    def _run(self) -> None:
        while group := self._next_group():
            self._write(group)

    def _next_group(self) -> list[_Request]:
        """Return the requests that have waited longest, as many as share a transaction; none when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            group: list[_Request] = []
            events = 0
            while self._waiting and (not group or events + len(self._waiting[0].events) <= MAX_GROUP):
                group.append(self._waiting.popleft())
                events += len(group[-1].events)
            self._events -= events
        return group

    def _write(self, group: Sequence[_Request]) -> None:
        try:
            with self._database.writing() as session:
                now = max(request.now for request in group)
                outcomes = ingest_requests(session, [request.events for request in group], now)
        except _GONE:
            log.warning("the database did not take %d requests with events", len(group), exc_info=True)
            outcomes = [Unavailable() for _ in group]
        except Exception as error:  # whatever it is, the others are taken and the thread goes on
            log.exception("%d requests with events could not be taken together", len(group))
            if len(group) > 1:
                for request in group:
                    self._write([request])
                return
            outcomes = [error]
        _answer(zip(group, outcomes, strict=True))


def _answer(outcomes: Iterable[_Outcome]) -> None:
    """Wake each loop once for all of its callers: for each of them, it would be a system call and a turn of threads."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_loop[outcome[0].answer.get_loop()].append(outcome)
    for loop, mine in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and whoever waited in it
            loop.call_soon_threadsafe(_settle, mine)


def _settle(outcomes: Iterable[_Outcome]) -> None:
    for request, outcome in outcomes:
        if request.answer.done():  # its caller has gone
            continue
        if isinstance(outcome, Exception):
            request.answer.set_exception(outcome)
        else:
            request.answer.set_result(outcome)


_current: UsageWriter | None = None


def current_writer() -> UsageWriter:
    """Return the writer of this process, started the first time."""
    global _current  # noqa: PLW0603 (one per process, like the database)
    if _current is None:
        _current = UsageWriter(current_database())
    return _current


def close_current_writer() -> None:
    """Take what is waiting, and end; a process calls this before it ends."""
    global _current  # noqa: PLW0603
    if _current is not None:
        _current.close()
        _current = None
