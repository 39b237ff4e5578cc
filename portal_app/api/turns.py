"""How much is done for one customer at the same time: what it asks for beyond that waits, and others do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from portal_app.errors import TooManyRequests

AT_ONCE, WAITING = 3, 60
"""Requests of one customer: one thread fewer than read the database, and what a front end might ask for in a hurry."""
RETRY_AFTER_SECONDS = 1


@dataclass(slots=True)
class _Queue:
    turn: asyncio.Semaphore
    count: int = 0


class Turns:
    """Lets so many of each at once; as many more as may wait do, in their order."""

    def __init__(self, at_once: int, waiting: int) -> None:
        """Keep how many."""
        self._at_once, self._most = at_once, at_once + waiting
        self._queues: dict[Hashable, _Queue] = {}

    @asynccontextmanager
    async def of(self, whose: Hashable) -> AsyncGenerator[None]:
        """Wait for a turn, and have it until the end of the block.

        Raises:
            TooManyRequests: so many wait already.
        """
        place = asyncio.get_running_loop(), whose
        queue = self._queues.setdefault(place, _Queue(asyncio.Semaphore(self._at_once)))
        if queue.count >= self._most:
            raise TooManyRequests(retry_after=RETRY_AFTER_SECONDS)
        queue.count += 1
        try:
            async with queue.turn:
                yield
        finally:
            queue.count -= 1
            if not queue.count:
                del self._queues[place]


TURNS = Turns(AT_ONCE, WAITING)
"""Those of this process."""
