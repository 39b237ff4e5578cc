"""Private parts of Reflex that the gate and its neighbours lean on. When it is raised, what is red is read first."""

import asyncio
import inspect
import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import reflex as rx
import reflex_base
from canaries import seen
from engineio.async_socket import AsyncSocket
from page import Page, boot_event
from reflex.app import EventNamespace
from reflex.event import Event
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import OnLoadInternalState, State, StateUpdate
from reflex.utils.token_manager import LocalTokenManager, RedisTokenManager
from reflex_base.constants import RouteVar
from reflex_base.event.context import EventContext
from reflex_base.event.processor.base_state_processor import BaseStateEventProcessor
from socketio import AsyncServer

from portal_app.build import ROOT
from portal_app.portal_app import app
from portal_app.ui import kept_apart
from portal_app.ui.connections import limit_connections
from portal_app.ui.frames import WORDS, Frames
from portal_app.ui.gate import BOOT, LOCALE_STORAGE, ON_LOAD, TOKEN_STORAGE, Gate, Portal, is_guarded
from portal_app.ui.kept_apart import _forget, _let_go, keep_to_connections
from portal_app.ui.tabs.invoices.state import InvoicesState


def test_reflex_is_pinned_to_the_version_that_this_was_read_in():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"reflex=={version('reflex')}" in project["dependencies"]
    assert version("reflex") == "0.10.1"


def test_the_boot_event_and_the_page_load_event_are_called_so_and_take_these():
    events = app._registration_context.event_handlers
    assert events[BOOT].handler is State.event_handlers["hydrate_and_load"]
    assert list(inspect.signature(events[BOOT].handler.fn).parameters) == ["self", "vars", "hashes"]
    assert events[ON_LOAD].handler is OnLoadInternalState.event_handlers["on_load_internal"]
    assert list(inspect.signature(events[ON_LOAD].handler.fn).parameters) == ["self"]


def test_the_page_load_event_does_nothing_but_name_the_events_of_the_page():
    page = State(_reflex_internal_init=True)
    with app.set_contexts():
        named = OnLoadInternalState.event_handlers["on_load_internal"].fn(page)
    *first, last = [event.name for event in Event.from_event_type(named)]
    assert last.endswith("on_load_internal_state.set_is_hydrated")
    assert f"{Portal.get_full_name()}.watch" in first
    assert all(is_guarded(app._registration_context.event_handlers[name].handler.fn) for name in first)


@pytest.mark.parametrize("name", [TOKEN_STORAGE, LOCALE_STORAGE])
def test_the_compiled_page_sends_its_storage_under_these_names(served, name):
    compiled = "".join(file.read_text() for file in (ROOT / ".web-tests/build/client/assets").glob("context-*.js"))
    assert f"{Portal.get_full_name()}.{name}_rx_state_" in compiled


def test_every_state_with_data_is_a_substate_of_the_gates():
    states = {registered.states[0] for registered in app._registration_context.event_handlers.values()}
    ours = {state for state in states if state.__module__.startswith("portal_app")}
    assert Portal in ours
    assert {state for state in ours if state is not Portal} == Portal.get_substates()
    assert not any(state.get_substates() for state in ours - {Portal})


def test_reset_clears_a_state_and_its_substates_and_not_the_address():
    root = State(_reflex_internal_init=True)
    portal = root.get_substate(Portal._get_substate_path())
    invoices = root.get_substate(InvoicesState._get_substate_path())
    portal._connection, invoices.query, invoices._typed = "c", "acme", "acme"
    root.router_data = {RouteVar.SESSION_ID: "c"}
    portal.reset()
    assert (portal._connection, invoices.query, invoices._typed) == ("", "", "")
    assert root.router_data == {RouteVar.SESSION_ID: "c"}
    assert {name for name in State.get_fields() if "router" in name} - {"router_data"} == {
        f"rx_router_{part}" for part in ("session", "headers", "page", "url", "route_id")
    }
    assert set(root.get_delta()) >= {Portal.get_full_name(), InvoicesState.get_full_name()}


def test_the_event_context_carries_the_connection_on_to_what_an_event_chains():
    context = EventContext(token="t", state_manager=None, enqueue_impl=None, router_data={RouteVar.SESSION_ID: "c"})
    assert context.fork().router_data == context.fork(token="u").router_data == {RouteVar.SESSION_ID: "c"}


def test_every_update_is_sent_through_the_method_that_the_gate_has_replaced():
    assert list(inspect.signature(EventNamespace.emit_update).parameters) == ["self", "update", "token"]
    assert app.event_namespace.emit_update.__module__ == keep_to_connections.__module__
    for name in ("on_connect", "on_event", "on_disconnect"):
        assert getattr(app.event_namespace, name).__module__ == limit_connections.__module__
    source = inspect.getsource(BaseStateEventProcessor.configure)
    assert source.count("await event_namespace.emit_update(") == 2


def test_sockets_are_known_by_connection_and_client_token():
    assert list(inspect.signature(EventNamespace.on_disconnect).parameters) == ["self", "sid"]
    assert list(inspect.signature(EventNamespace.on_connect).parameters) == ["self", "sid", "environ", "auth"]
    assert list(inspect.signature(EventNamespace.on_event).parameters) == ["self", "sid", "data"]
    assert isinstance(app.event_namespace.sid_to_token, dict)
    for manager in (LocalTokenManager, RedisTokenManager):
        assert {"link_token_to_sid", "disconnect_token"} <= set(dir(manager))


def test_every_websocket_and_frame_is_met_by_the_handlers_that_stand_before_those_of_socketio():
    handlers = app.event_namespace.server.eio.handlers
    assert {handlers[name].__module__ for name in ("connect", "message", "disconnect")} == {Frames.__module__}
    assert list(inspect.signature(AsyncServer._handle_eio_connect).parameters) == ["self", "eio_sid", "environ"]
    assert list(inspect.signature(AsyncServer._handle_eio_message).parameters) == ["self", "eio_sid", "data"]
    assert list(inspect.signature(AsyncServer._handle_eio_disconnect).parameters) == ["self", "eio_sid", "reason"]


def test_a_page_says_these_words_through_its_socket_and_no_other():
    script = (Path(reflex_base.__file__).parent / ".templates/web/utils/state.js").read_text()
    assert set(re.findall(r"\.emit\(\s*([\w\"]+)", script)) == {'"event"', "CLIENT_ERROR_EVENT"}
    assert (*re.findall(r'CLIENT_ERROR_EVENT = "(\w+)"', script), "event") == tuple(sorted(WORDS))


def test_a_websocket_ends_when_its_writer_is_given_nothing_to_send():
    source = inspect.getsource(AsyncSocket._websocket_handler)
    assert "if not packets:" in source
    assert source.index("if not packets:") < source.index("await ws.close()")


def test_a_middleware_is_asked_before_every_handler_and_may_answer_in_its_place():
    source = inspect.getsource(BaseStateEventProcessor._execute_event)
    assert (
        source.index("self.middleware._preprocess") < source.index("self._rehydrate(") < source.index("process_event(")
    )
    assert [type(middleware) for middleware in app._middlewares] == [Gate]
    assert StateUpdate().delta == {}
    assert not StateUpdate().events


async def _modified(manager: StateManagerMemory) -> Portal:
    async with manager.modify_state(BaseStateToken(ident="t", cls=Portal)) as state:
        return await state.get_state(Portal)


def test_a_state_can_be_taken_by_client_token_alone():
    portal = asyncio.run(_modified(StateManagerMemory()))
    assert portal._connection == ""


@pytest.mark.threat("T9")
def test_what_a_page_says_of_its_own_connection_is_overwritten(portal, acmes):
    """The gate compares `router.session.session_id`: a page must not be able to choose it."""
    with Page(portal) as owner, Page(portal) as thief:
        owner.boot(portal.token("acme"), "/invoices").wait_for_data("invoices")
        session = owner.values("reflex___state____state")["rx_router_session"]
        claimed = {"sessionId": session["session_id"], "token": session["client_token"], "ip": "10.0.0.1"}
        event = boot_event("")
        thief.send(event | {"router_data": event["router_data"] | claimed})
        thief.send({"name": ON_LOAD, "router_data": event["router_data"] | claimed})
        thief.settle()
        assert thief.values("reflex___state____state")["rx_router_session"]["session_id"] != session["session_id"]
        assert not seen(acmes, thief.text)


@pytest.mark.threat("T9")
@pytest.mark.parametrize("left", [False, True])
def test_a_page_cannot_link_itself_to_another_by_naming_the_sockets_own_events(portal, acmes, left):
    """python-socketio hands any event called `connect` to the handler of real connections."""
    with Page(portal) as owner, Page(portal) as thief:
        owner.boot(portal.token("acme"), "/invoices?q=acme").wait_for_data("invoices")
        if left:
            owner.close()
        environment = {"QUERY_STRING": f"token={owner.client_token}"}
        for event in (None, {"name": ON_LOAD, "router_data": {}}, boot_event("") | {"router_data": {}}):
            thief.send_frame("42/_event," + json.dumps(["connect", environment, {"event": event} if event else None]))
            thief.call(ON_LOAD, "/invoices")
            thief.send_frame('42/_event,["disconnect"]')
        thief.listen(0.5)
        assert not seen(acmes, thief.text)


def test_a_state_in_memory_is_dropped_unless_somebody_waits_for_it():
    async def kept() -> list[int]:
        manager, whose = StateManagerMemory(), BaseStateToken(ident="a page", cls=Portal)
        sizes = []
        async with manager.modify_state(whose):
            waiting = asyncio.create_task(manager.modify_state(whose).__aenter__())
            await asyncio.sleep(0)
            _let_go(manager, whose)
            sizes.append(len(manager.states))
        _let_go(manager, whose)  # whose turn it is has not begun
        sizes.append(len(manager.states))
        await waiting
        manager._states_locks[whose.lock_key].release()
        _let_go(manager, whose)
        sizes += [len(manager.states), len(manager._states_locks), len(manager._token_expires_at)]
        await manager.close()
        return sizes

    with app.set_contexts():
        assert asyncio.run(kept()) == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(("opened_by", "kept"), [("", 0), ("its", 0), ("another", 1)])
def test_the_state_of_a_closed_socket_is_dropped_whether_it_ever_booted_or_not(monkeypatch, opened_by, kept):
    async def left() -> int:
        manager, whose = StateManagerMemory(), BaseStateToken(ident="a page", cls=Portal)
        async with manager.modify_state(whose) as state:
            (await state.get_state(Portal))._connection = opened_by
        served = SimpleNamespace(state_manager=manager, event_namespace=SimpleNamespace(token_to_sid={}))
        await _forget(cast("rx.App", served), "a page", "its", (Portal,))
        await manager.close()
        return len(manager.states)

    monkeypatch.setattr(kept_apart, "LATE_SECONDS", 0.0)
    with app.set_contexts():
        assert asyncio.run(left()) == kept
