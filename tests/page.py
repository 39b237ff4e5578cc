"""A page without a browser: the portal's socket as its script speaks it, and as an attacker would.

Frames are Socket.IO 5 over Engine.IO 4: `40/_event,{…}` connects, `42/_event,["event",{…}]` is an event.
"""

from __future__ import annotations

import inspect
import json
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Self

from server import RunningPortal
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from portal_app.portal_app import app
from portal_app.ui.gate import BOOT, LOCALE_STORAGE, ON_LOAD, RENEW, TOKEN_STORAGE, Portal, is_guarded

__all__ = ["BOOT", "ON_LOAD", "Page", "handler_name", "handlers"]

MARKER = "_rx_state_"
PATIENCE_SECONDS = 20
"""How long a page waits for what must come; nothing here waits that long for what must not."""


def handler_name(state: str, handler: str) -> str:
    """Return the full name of a tab's event, such as `handler_name("overview", "load")`."""
    name = f"portal_app___ui___tabs___{state}___state____{state}_state"
    return f"{Portal.get_full_name()}.{name}.{handler}"


def handlers() -> list[tuple[str, list[str]]]:
    """Return every event that the gate may let run, with the names of its arguments; renewing is another matter."""
    found = app._registration_context.event_handlers
    return sorted(
        (name, list(inspect.signature(one.handler.fn).parameters)[1:])
        for name, one in found.items()
        if is_guarded(one.handler.fn) and name != RENEW and not one.handler.is_background
    )


def boot_event(token: object, path: str = "/", **more: object) -> dict[str, Any]:
    """Return the event by which a page presents its token; `more` are other values of its storage."""
    stored = {TOKEN_STORAGE: token, **more}
    variables = {f"{Portal.get_full_name()}.{name}{MARKER}": value for name, value in stored.items()}
    return {"name": BOOT, "payload": {"vars": variables, "hashes": None}, "router_data": route(path)}


def route(path: str) -> dict[str, Any]:
    """Return where a page says it is."""
    return {"pathname": path.partition("?")[0], "asPath": path, "query": {}}


class Page:
    """One socket. `frames` holds every frame it was ever sent, `state` what a browser would show of them."""

    def __init__(
        self,
        portal: RunningPortal,
        client_token: str = "",
        *,
        origin: str | None = None,
        first: object = None,
        cookie: str = "",
        forwarded: str = "",
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Connect under a client token, a new one if none is given; `first` rides in the CONNECT packet.

        `forwarded` is the address that a proxy in between would have seen; `patience` is how many seconds it waits for
        what must come.
        """
        self.client_token = client_token or str(uuid.uuid4())
        self.patience = patience
        self.frames: list[str] = []
        self.state: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        address = (
            f"{portal.origin.replace('http', 'ws', 1)}/_event/?EIO=4&transport=websocket&token={self.client_token}"
        )
        self._open = ExitStack()
        sent = {"X-Forwarded-For": forwarded, "Cookie": cookie}
        headers = {name: value for name, value in sent.items() if value} or None
        socket = connect(address, origin=Origin(origin or portal.origin), max_size=None, additional_headers=headers)
        self._socket = self._open.enter_context(socket)
        self._socket.recv(PATIENCE_SECONDS)
        self._socket.send("40/_event," + (json.dumps({"event": first}) if first is not None else ""))
        self.until(lambda: any(frame.startswith("40/_event") for frame in self.frames))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def boot(self, token: object, path: str = "/", **more: object) -> Self:
        """Present a token as the page's script does, and wait for the answer."""
        before = len(self.frames)
        self.send(boot_event(token, path, **more))
        return self.until(lambda: any('"status' in frame for frame in self.frames[before:]))

    def call(self, name: str, path: str = "/", /, **payload: object) -> None:
        """Send an event by its full name."""
        self.send({"name": name, "payload": payload, "router_data": route(path)})

    def send(self, event: object) -> None:
        """Send anything as an event."""
        self.send_frame(f'42/_event,["event",{json.dumps(event)}]')

    def send_frame(self, frame: str | bytes) -> None:
        """Send anything at all."""
        self._socket.send(frame)

    def until(self, condition: Callable[[], bool], seconds: float | None = None) -> Self:
        """Read frames until the condition holds.

        Raises:
            AssertionError: it never did.
        """
        deadline = time.monotonic() + (self.patience if seconds is None else seconds)
        while not condition():
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"never came; the last frames were {self.frames[-3:]}")
        return self

    def listen(self, seconds: float) -> Self:
        """Read whatever comes for a while."""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        return self

    def settle(self) -> Self:
        """Read until everything sent so far has been dealt with: events of one page are done in their order."""
        before = len(self.frames)
        self.send(boot_event("", "/settled"))
        return self.until(lambda: any('"missing"' in frame for frame in self.frames[before:]))

    def shows(self, name: str) -> Any:
        """Return a value of the gate's state, such as `status`."""
        return self.values(Portal.get_full_name()).get(name)

    def values(self, state: str) -> Mapping[str, Any]:
        """Return what the page knows of one state, by its full name."""
        return {name.removesuffix(MARKER): value for name, value in self.state.get(state, {}).items()}

    def tab(self, name: str) -> Mapping[str, Any]:
        """Return what the page knows of a tab."""
        return self.values(handler_name(name, "").rstrip("."))

    def wait_for(self, status: str, seconds: float | None = None) -> Self:
        """Read until the gate says so."""
        return self.until(lambda: self.shows("status") == status, seconds)

    def wait_for_data(self, tab: str) -> Self:
        """Read until a tab has loaded."""
        return self.until(lambda: self.tab(tab).get("is_loaded") is True)

    @property
    def text(self) -> str:
        """Everything this socket was ever sent."""
        return "\n".join(self.frames)

    def _read(self, seconds: float) -> bool:
        if seconds <= 0:
            return False
        try:
            frame = str(self._socket.recv(seconds))
        except (TimeoutError, ConnectionClosed):
            return False
        if frame == "2":
            self._socket.send("3")
            return True
        self.frames.append(frame)
        if frame.startswith('42/_event,["event",'):
            self._fold(json.loads(frame.partition(",")[2])[1])
        return True

    def _fold(self, update: dict[str, Any]) -> None:
        for state, values in (update.get("delta") or {}).items():
            self.state.setdefault(state, {}).update(values)
        self.events += update.get("events") or []


LOCALE = LOCALE_STORAGE
