"""What may come through a page's socket: one greeting, then the words that a page's script says, as text.

python-socketio takes much more: events in parts, which it keeps until the last part has come; events that are called
like its own, `connect` and `disconnect`, with whatever their sender makes up of where it is; one greeting after the
other, each a connection with limits of its own; and it waits for ever for the first. Whoever sends such, or nothing, is
no page of ours, and its socket is closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

logger = logging.getLogger(__name__)

WORDS = ("event", "client_error")
"""What Reflex's script says, by its names."""
MOST_UNREADABLE = 200
"""After so many frames that cannot be read, a socket is closed: they are no events, so no other limit sees them."""


@dataclass(slots=True)
class _Websocket:
    has_greeted: bool = False
    unreadable: int = 0


class Frames:
    """Takes what Engine.IO would hand to Socket.IO, and hands on what a page sends.

    `admit` is told of each websocket and its environment, and may turn it away; `forget`, that one has greeted or gone.
    """

    def __init__(
        self,
        app: rx.App,
        admit: Callable[[str, dict[str, Any]], bool],
        forget: Callable[[str], None],
        patience: Callable[[], float],
    ) -> None:
        """Stand between the two; `patience` says for how many seconds a websocket may be silent."""
        sockets: Any = app.event_namespace
        self._engine, self._admit, self._forget, self._patience = sockets.server.eio, admit, forget, patience
        self._greeting = f"0{sockets.namespace}"
        self._words = tuple(f'2{sockets.namespace},["{word}"' for word in WORDS)
        self._known: dict[str, _Websocket] = {}
        self._waiting: set[asyncio.Task[None]] = set()
        handlers = self._engine.handlers
        self._connected, self._said, self._gone = (handlers[name] for name in ("connect", "message", "disconnect"))
        handlers.update(connect=self.connect, message=self.message, disconnect=self.disconnect)

    async def connect(self, transport: str, environ: dict[str, Any]) -> Any:
        """Begin to know a websocket."""
        if not self._admit(transport, environ):
            return False
        self._known[transport] = _Websocket()
        task = asyncio.create_task(self._end_if_silent(transport))
        self._waiting.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._waiting.discard)
        return await self._connected(transport, environ)

    async def message(self, transport: str, frame: object) -> None:
        """Hand on what a page sends; close the websocket of whoever sends anything else."""
        websocket = self._known.get(transport)
        if websocket is None:
            return  # it is being closed
        if self._is_greeting(frame) and not websocket.has_greeted:
            websocket.has_greeted = True
            self._forget(transport)
        elif not (websocket.has_greeted and isinstance(frame, str) and frame.startswith(self._words)):
            await self._end(transport)
            return
        try:
            await self._said(transport, frame)
        except Exception as error:  # noqa: BLE001 (whatever is made up: one line of each socket, and nothing of what it was)
            if not websocket.unreadable:
                logger.warning("what a page sent could not be read: %s", type(error).__name__)
            websocket.unreadable += 1
            if websocket.unreadable > MOST_UNREADABLE:
                await self._end(transport)

    async def disconnect(self, transport: str, *reason: object) -> None:
        """Forget a websocket."""
        self._known.pop(transport, None)
        self._forget(transport)
        await self._gone(transport, *reason)

    def _is_greeting(self, frame: object) -> bool:
        return isinstance(frame, str) and (frame == self._greeting or frame.startswith(f"{self._greeting},"))

    async def _end(self, transport: str) -> None:
        self._known.pop(transport, None)
        await close(self._engine, transport)

    async def _end_if_silent(self, transport: str) -> None:
        await asyncio.sleep(self._patience())
        websocket = self._known.get(transport)
        if websocket is not None and not websocket.has_greeted:
            await self._end(transport)


async def close(engine: Any, transport: str) -> None:
    """Close a websocket itself: leaving the namespace alone would let its frames go on coming.

    Nothing public does so at once. Engine.IO's writer closes the websocket when it is given None to send.
    """
    if socket := engine.sockets.get(transport):
        await socket.queue.put(None)
