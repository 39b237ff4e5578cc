"""How much is done for one customer at the same time: what it asks for beyond that waits, and others do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from portal_app.errors import TooManyRequests

AT_ONCE = 3
"""Answers of one customer: one thread fewer than read the database."""
WAITING = 60
"""Requests of one customer: what a front end might ask for in a hurry. Sockets are few already, and wait."""
RETRY_AFTER_SECONDS = 1
CONFIRMED_SECONDS = 30.0
"""How long after the register was asked for a session its data may be asked for: a turn may come later than that."""


@dataclass(slots=True)
class _Queue:
    turn: asyncio.Semaphore
    count: int = 0


class Turns:
    """Lets so many of each at once; the others wait, in their order."""

    def __init__(self, at_once: int) -> None:
        """Keep how many."""
        self._at_once = at_once
        self._queues: dict[Hashable, _Queue] = {}

    @asynccontextmanager
    async def of(self, whose: Hashable, *, waiting: int | None = None) -> AsyncGenerator[None]:
        """Wait for a turn, and have it until the end of the block.

        Raises:
            TooManyRequests: `waiting` wait already.
        """
        place = asyncio.get_running_loop(), whose
        queue = self._queues.setdefault(place, _Queue(asyncio.Semaphore(self._at_once)))
        if waiting is not None and queue.count >= self._at_once + waiting:
            raise TooManyRequests(retry_after=RETRY_AFTER_SECONDS)
        queue.count += 1
        try:
            async with queue.turn:
                yield
        finally:
            queue.count -= 1
            if not queue.count:
                del self._queues[place]


TURNS = Turns(AT_ONCE)
"""Those of this process."""
TURNS_OF_FILES = Turns(1)
"""Those of this process for what is read into a file: it may take long, and a customer's pages do not wait for it."""
