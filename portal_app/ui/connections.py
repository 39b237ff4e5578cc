"""The open sockets of this process: whose they are, how many a session may have, and how much one may send."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import reflex as rx

from portal_app.access.limits import Limiter, Networks, address_in, counted_as, trusted_proxies
from portal_app.settings import Settings
from portal_app.ui.frames import Frames, close

logger = logging.getLogger(__name__)

MOST_OF_A_SESSION = 5
MOST_STRANGERS_OF_AN_ADDRESS = 50
"""Sockets without a live session, counted only behind proxies that are trusted to say whose they are."""
SILENT_SECONDS = 10.0
"""How long a socket may be open without presenting anything."""
MOST_DROPPED = 200
"""After so many events too much in a row, a socket is closed."""


@dataclass(slots=True)
class _Socket:
    address: str
    has_presented: bool = False
    jti: str = ""
    dropped: int = 0


class Connections:
    """What is known of each open socket, by its connection; until it has one, by its websocket."""

    def __init__(self) -> None:
        """Know none."""
        self._sockets: dict[str, _Socket] = {}

    def open(self, connection: str, address: str) -> None:
        """Begin to know a socket."""
        self._sockets[connection] = _Socket(address)

    def knows(self, connection: str) -> bool:
        """Tell whether the socket is open: a page may name any event, that of being connected, too."""
        return connection in self._sockets

    def close(self, connection: str) -> None:
        """Forget a socket."""
        self._sockets.pop(connection, None)

    def strangers(self, address: str) -> int:
        """Return how many sockets of an address have no live session."""
        return sum(not socket.jti and socket.address == address for socket in self._sockets.values())

    def hear(self, connection: str) -> None:
        """Note that a socket is about to present something: its page's state may have to be waited for until then."""
        if socket := self._sockets.get(connection):
            socket.has_presented = True

    def present(self, connection: str) -> None:
        """Note that a socket has presented a token, whatever became of it; until it is admitted it is a stranger's."""
        if socket := self._sockets.get(connection):
            socket.has_presented, socket.jti = True, ""

    def has_presented(self, connection: str) -> bool:
        """Tell whether a socket has ever presented anything."""
        socket = self._sockets.get(connection)
        return socket is not None and socket.has_presented

    def admit(self, connection: str, jti: str) -> bool:
        """Count a socket to a session, unless the session has as many as it may."""
        socket = self._sockets.get(connection)
        if socket is None:
            return True  # not a socket of this process: nothing to count
        others = Counter(other.jti for name, other in self._sockets.items() if name != connection)
        if others[jti] >= MOST_OF_A_SESSION:
            return False
        socket.jti = jti
        return True

    def drop(self, connection: str) -> bool:
        """Note that an event was too much; tell whether the socket has to go."""
        socket = self._sockets.get(connection)
        if socket is None:
            return True
        socket.dropped += 1
        return socket.dropped > MOST_DROPPED


CONNECTIONS = Connections()
"""Those of this process."""


def limit_connections(app: rx.App, settings: Settings, presenting: str) -> None:
    """Turn away sockets and events that are too many. Wraps what Reflex calls for each socket, as the gate does.

    `presenting` is the name of the event by which a page presents its token.
    """
    sockets: Any = app.event_namespace
    connected, event, disconnected = sockets.on_connect, sockets.on_event, sockets.on_disconnect
    trusted, limiter = trusted_proxies(settings), Limiter()
    waiting: set[asyncio.Task[None]] = set()

    async def on_connect(connection: str, environ: dict[str, Any], auth: Any = None) -> Any:
        if CONNECTIONS.knows(connection):
            return None  # an event that calls itself so
        if not _is_let_in(trusted, connection, environ):
            await close(sockets.server.eio, sockets.server.manager.eio_sid_from_sid(connection, sockets.namespace))
            return False
        task = asyncio.create_task(_end_if_silent(sockets, connection))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        return await connected(connection, environ, auth)

    async def on_event(connection: str, data: Any) -> Any:
        if not CONNECTIONS.knows(connection):
            return None
        if _name_of_event(app, data) == presenting:
            CONNECTIONS.hear(connection)
        if not await limiter.wait_for(settings.limit_events, connection):
            return await event(connection, data)
        if CONNECTIONS.drop(connection):
            await _end(sockets, connection)
        return None

    def on_disconnect(connection: str, *reason: object) -> None:
        CONNECTIONS.close(connection)
        disconnected(connection, *reason)

    sockets.on_connect, sockets.on_event, sockets.on_disconnect = on_connect, on_event, on_disconnect
    Frames(app, partial(_is_let_in, trusted), CONNECTIONS.close, lambda: SILENT_SECONDS)


def _name_of_event(app: rx.App, data: Any) -> str:
    """Return which event a socket sent. Reflex would keep what waits for one that there is not for ever.

    Raises:
        LookupError: there is no such event.
    """
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str) or name not in app._registration_context.event_handlers:
        raise LookupError
    return name


def _is_let_in(trusted: Networks, connection: str, environ: dict[str, Any]) -> bool:
    """Begin to know a socket, unless its address has as many strangers as it may."""
    address = counted_as(address_in(environ.get("asgi.scope") or {}, trusted))
    if trusted and CONNECTIONS.strangers(address) >= MOST_STRANGERS_OF_AN_ADDRESS:
        return False
    CONNECTIONS.open(connection, address)
    return True


async def _end_if_silent(sockets: Any, connection: str) -> None:
    await asyncio.sleep(SILENT_SECONDS)
    if CONNECTIONS.knows(connection) and not CONNECTIONS.has_presented(connection):
        await _end(sockets, connection)


async def _end(sockets: Any, connection: str) -> None:
    transport = sockets.server.manager.eio_sid_from_sid(connection, sockets.namespace)
    await sockets.disconnect(connection)
    await close(sockets.server.eio, transport)
