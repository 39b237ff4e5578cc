"""The Usage tab as tests look at it."""

from __future__ import annotations

from typing import Any

from cast import add_customer
from pages import gone_to, loaded_state

from portal_app.ui.tabs.usage.state import UsageState


def filled(database, fill, **profile: Any):
    """Add a customer, let `fill` add what it uses, and return its key."""
    with database.writing() as session:
        customer = add_customer(session, "acme", **profile)
        fill(session)
    return customer


def usage(customer, address: str = "/usage", **more: Any) -> UsageState:
    """Return the tab, loaded."""
    return loaded_state(UsageState, customer, address, **more)


def row_of(state: UsageState, name: str):
    """Return the breakdown's row of this name."""
    return next(row for row in state.breakdown["rows"] if row["name"] == name)


def explained(state: UsageState, name: str):
    """Open a row, and return its explanation."""
    return gone_to(state, row_of(state, name)["to"]).why
