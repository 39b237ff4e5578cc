"""What a page is sent, and what is kept of it: for the connection that asked alone, and forgotten with it.

It leans on private parts of Reflex, as the gate does: tests/ui/test_gate_contract.py says which.
"""

from __future__ import annotations

from asyncio import Task, create_task, sleep
from typing import Any

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import BaseState, State, StateUpdate
from reflex_base.constants import RouteVar
from reflex_base.event.context import EventContext

LATE_SECONDS = 5.0
"""How long after a page was closed an event of its may still come, which makes its state anew."""


def keep_to_connections(app: rx.App, *doors: type[BaseState]) -> None:
    """Bind what a page is sent, and what is kept of it, to the connection that asked.

    `doors` are the states that know who looks, each with the `_connection` that opened it.

    Reflex sends an update to whoever holds the page's client token by then, and keeps the page's state
    for an hour after it is closed.
    """
    sockets: Any = app.event_namespace
    send, disconnected = sockets.emit_update, sockets.on_disconnect
    forgetting: set[Task[None]] = set()

    async def emit_update(update: StateUpdate, token: str) -> None:
        asked = EventContext.get().router_data.get(RouteVar.SESSION_ID)
        if asked and sockets.sid_to_token.get(asked) == token:
            await send(update, token)

    def on_disconnect(connection: str, *_reason: object) -> None:
        token = sockets.sid_to_token.get(connection)
        disconnected(connection)
        if token is not None:
            task = create_task(_forget(app, token, connection, doors))
            forgetting.add(task)  # the loop itself holds tasks weakly
            task.add_done_callback(forgetting.discard)

    sockets.emit_update, sockets.on_disconnect = emit_update, on_disconnect


async def _forget(app: rx.App, token: str, connection: str, doors: tuple[type[BaseState], ...]) -> None:
    """Clear what a page showed and where it was, unless another connection has booted it since."""
    manager, whose = app.state_manager, BaseStateToken(ident=token, cls=doors[0])
    async with manager.modify_state(whose) as state:
        opened: list[Any] = [await state.get_state(door) for door in doors]
        for door in opened:
            if door._connection == connection:
                door.reset()
        is_nobodys = not any(door._connection for door in opened)
        if is_nobodys:
            state.router_data = {}
            for name, field in State.get_fields().items():
                if name.startswith("rx_router_"):
                    setattr(state, name, field.default_value())
            state._clean()

    if is_nobodys and isinstance(manager, StateManagerMemory):
        _let_go(manager, whose)
        await sleep(LATE_SECONDS)
        sockets: Any = app.event_namespace
        if token not in sockets.token_to_sid:
            _let_go(manager, whose)


def _let_go(manager: StateManagerMemory, whose: BaseStateToken) -> None:
    """Drop a state that nobody waits for: it is empty, and would be kept for more than an hour."""
    lock: Any = manager._states_locks.get(whose.lock_key)
    if lock is None or not (lock.locked() or lock._waiters):
        manager._purge_token(whose)
