"""Which address shows which tab. A new tab is one line here."""

from collections.abc import Callable
from functools import wraps

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.addresses import CREDITS, INVOICES, OVERVIEW, USAGE
from portal_app.ui.gate import Portal
from portal_app.ui.shell import shell
from portal_app.ui.tabs.credits.state import CreditsState
from portal_app.ui.tabs.credits.view import credits  # noqa: A004 (the tab's name)
from portal_app.ui.tabs.invoices.state import InvoicesState
from portal_app.ui.tabs.invoices.view import invoices
from portal_app.ui.tabs.overview.state import OverviewState
from portal_app.ui.tabs.overview.view import overview
from portal_app.ui.tabs.usage.state import UsageState
from portal_app.ui.tabs.usage.view import usage


def add_pages(app: rx.App) -> None:
    """Register the portal's pages; each loads its data once the gate has let its event through."""
    title = _("Your billing")
    for path, tab, on_load in (
        (OVERVIEW, overview, [OverviewState.turn, OverviewState.load, OverviewState.load_usage]),
        (CREDITS, credits, [CreditsState.load]),
        (INVOICES, invoices, [InvoicesState.load]),
        (USAGE, usage, [UsageState.turn, UsageState.load]),
    ):
        app.add_page(_page(path, tab), path, title=title, on_load=[*on_load, Portal.watch])


def _page(path: str, tab: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
    """Return a tab inside its shell. It counts as the tab's own function: Reflex makes a chunk for each module."""
    return wraps(tab)(lambda: shell(path, tab()))
