"""Which address shows which tab. A new tab is one line here."""

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
    first = [OverviewState.turn, OverviewState.load, OverviewState.load_usage, Portal.watch]
    app.add_page(lambda: shell(OVERVIEW, overview()), OVERVIEW, title=title, on_load=first)
    app.add_page(lambda: shell(CREDITS, credits()), CREDITS, title=title, on_load=[CreditsState.load, Portal.watch])
    app.add_page(lambda: shell(INVOICES, invoices()), INVOICES, title=title, on_load=[InvoicesState.load, Portal.watch])
    used = [UsageState.turn, UsageState.load, Portal.watch]
    app.add_page(lambda: shell(USAGE, usage()), USAGE, title=title, on_load=used)
