"""One answer for all who ask the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Shared(Generic[K, V]):
    """Asks `find` for a key once for everybody who waits for it.

    Nothing is kept: an answer goes only to those who asked before the look-up began, so none is older than its
    question. Whoever asks while one is on its way gets the next one.
    """

    def __init__(self, find: Callable[[K], Awaitable[V]]) -> None:
        """Keep how a key is looked up."""
        self._find = find
        self._running: dict[tuple[asyncio.AbstractEventLoop, K], asyncio.Task[V]] = {}
        self._next: dict[tuple[asyncio.AbstractEventLoop, K], asyncio.Task[V]] = {}

    async def find(self, key: K) -> V:
        """Return what `find` does, or raise what it raises."""
        place = asyncio.get_running_loop(), key
        asked = self._next.get(place)
        if asked is None:
            asked = self._next[place] = asyncio.create_task(self._after(place, self._running.get(place)))
        return await asyncio.shield(asked)

    async def _after(self, place: tuple[asyncio.AbstractEventLoop, K], running: asyncio.Task[V] | None) -> V:
        if running is not None:
            await asyncio.wait([running])
        self._running[place] = self._next.pop(place)
        try:
            return await self._find(place[1])
        finally:
            del self._running[place]
