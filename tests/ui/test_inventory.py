"""Every event that a socket can call, and what becomes of it. One that is not listed here turns this red."""

from enum import StrEnum

import pytest

from portal_app.portal_app import app
from portal_app.ui.gate import BOOT, ON_LOAD, RENEW, is_guarded


class Policy(StrEnum):
    """What the gate does with an event."""

    PRESENTS = "presents a token, which decides"
    RENEWS = "presents a token on the connection that presented one before"
    NAMES = "names the events of the page, each of which comes to the gate"
    SESSION = "runs in a live session, on the connection that opened it"
    WATCHES = "runs in the background, and asks the register again at every turn"
    REFUSED = "never runs"


POLICIES = {
    "State.hydrate_and_load": Policy.PRESENTS,
    "OnLoadInternalState.on_load_internal": Policy.NAMES,
    "Portal.watch": Policy.WATCHES,
    "Portal.confirm": Policy.SESSION,
    "Portal.renew": Policy.RENEWS,
    "OverviewState.load": Policy.SESSION,
    "OverviewState.turn": Policy.SESSION,
    "OverviewState.load_usage": Policy.SESSION,
    "OverviewState.download": Policy.SESSION,
    "CreditsState.load": Policy.SESSION,
    "CreditsState.export": Policy.SESSION,
    "InvoicesState.load": Policy.SESSION,
    "InvoicesState.search": Policy.SESSION,
    "InvoicesState.download": Policy.SESSION,
    "InvoicesState.export": Policy.SESSION,
    "UsageState.turn": Policy.SESSION,
    "UsageState.load": Policy.SESSION,
    "UsageState.export_breakdown": Policy.SESSION,
    "UsageState.export_series": Policy.SESSION,
    "State.hydrate": Policy.REFUSED,
    "State.set_is_hydrated": Policy.REFUSED,
    "OnLoadInternalState.set_is_hydrated": Policy.REFUSED,
    "UpdateVarsInternalState.update_vars_internal": Policy.REFUSED,
    "FrontendEventExceptionState.handle_frontend_exception": Policy.REFUSED,
    "EventHandlerSetVar.setvar": Policy.REFUSED,
}


def registered() -> dict[str, object]:
    """Return every handler by its name in the code."""
    events = app._registration_context.event_handlers
    return {event.handler.fn.__qualname__: (name, event.handler) for name, event in events.items()}


def actual_policy(name: str, handler) -> Policy:
    """Say what the gate does, as the code stands."""
    if name in {BOOT, ON_LOAD}:
        return Policy.PRESENTS if name == BOOT else Policy.NAMES
    if not is_guarded(handler.fn):
        return Policy.REFUSED
    if name == RENEW:
        return Policy.RENEWS
    return Policy.WATCHES if handler.is_background else Policy.SESSION


@pytest.mark.threat("T14", "T17")
def test_every_event_has_a_policy_and_the_gate_keeps_it():
    assert {name: actual_policy(*found) for name, found in registered().items()} == POLICIES


def test_no_event_sets_a_variable():
    assert not [name for name in registered() if name.rpartition(".")[2].startswith("set_") and name not in POLICIES]
