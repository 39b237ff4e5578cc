"""Which open pages have lost their session: one question every two seconds for all pages of a process."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakSet

from portal_app import clock
from portal_app.database import current_database
from portal_app.queries.access import live_sessions_of_anyone

logger = logging.getLogger(__name__)

POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a session that somebody waits for."""

    _ended: asyncio.Event

    async def within(self, seconds: float) -> None:
        """Return once the session has ended, or `seconds` are over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()


class Endings:
    """Tells those who wait for the end of a session. While the register does not answer, nobody is told anything."""

    def __init__(self) -> None:
        """Wait for nothing yet."""
        self._waiting: defaultdict[str, WeakSet[asyncio.Event]] = defaultdict(WeakSet)
        self._asking: asyncio.Task[None] | None = None

    def expect(self, jti: str) -> Ending:
        """Return what waits for the end of a session, from now on until it is let go of."""
        ended = asyncio.Event()
        self._waiting[jti].add(ended)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return Ending(ended)

    def wake(self, jti: str) -> None:
        """Let those who wait for the end of a session look again."""
        for ended in self._waiting.get(jti, ()):
            ended.set()

    def _asked_for(self) -> tuple[str, ...]:
        """Return the sessions that somebody still waits for."""
        for jti in [jti for jti, waiting in self._waiting.items() if not waiting]:
            del self._waiting[jti]
        return tuple(self._waiting)

    async def _ask(self) -> None:
        while self._waiting:
            await asyncio.sleep(POLL_SECONDS)
            if not (asked := self._asked_for()):
                return
            try:
                live = await current_database().read(live_sessions_of_anyone, asked, clock.utc_now())
            except Exception:  # whatever it is, the next turn may go better
                logger.exception("the sessions of open pages could not be asked for")
                continue
            for jti in set(asked) - live:
                self.wake(jti)


ENDINGS = Endings()
"""Those of this process."""
