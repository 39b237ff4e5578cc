"""A tab's state as the page has it, without a browser: who looks, at which address, loaded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

import reflex as rx
from reflex.istate.data import RouterData

from portal_app import clock
from portal_app.access.principal import CustomerId, Principal
from portal_app.database import current_database
from portal_app.queries.customers import get_profile
from portal_app.ui.gate import GateStatus, Portal

TabState = TypeVar("TabState", bound=Portal)


def loaded_state(kind: type[TabState], customer: CustomerId, address: str = "/", locale: str = "en_US") -> TabState:
    """Return the state of a tab that `customer` looks at under `address`, with its data loaded."""
    root: Any = rx.State(_reflex_internal_init=True)  # pyright: ignore[reportCallIssue]
    with current_database().reading() as session:
        profile = get_profile(session, customer)
    portal = root.get_substate(Portal.get_full_name().split("."))
    portal._principal = Principal(customer, profile.public_id, "jti", clock.utc_now() + timedelta(hours=1))
    portal._confirmed_at = clock.utc_now()
    portal._locale, portal._zone, portal.status = locale, profile.timezone, GateStatus.OPEN.value
    return gone_to(root.get_substate(kind.get_full_name().split(".")), address)


def gone_to(state: TabState, address: str) -> TabState:
    """Return the same state at another address, loaded anew."""
    root: Any = state
    while root.parent_state is not None:
        root = root.parent_state
    root.router = RouterData.from_router_data({"asPath": address, "headers": {"origin": "http://localhost:3000"}})
    asyncio.run(state.load())
    return state


def turned(state: Any) -> Any:
    """Return a state that has been told that its address changed, and has not loaded yet."""

    async def turn() -> None:
        state.turn()

    asyncio.run(turn())
    return state
