"""What the Overview says: wallets, subscriptions, usage, the latest invoices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from portal_app import clock
from portal_app.billing.states import InvoiceState
from portal_app.display import Display
from portal_app.labels import INVOICE_STATES
from portal_app.queries.invoices import invoices_at_a_glance
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.wallets import list_wallets
from portal_app.texts import ngettext
from portal_app.ui.addresses import OVERVIEW, USAGE
from portal_app.ui.components.badges import NO_BADGE, BadgeRow, badge_row
from portal_app.ui.components.invoice_table import InvoiceRow, invoice_row
from portal_app.ui.components.subscription_card import SubscriptionRow, subscription_row
from portal_app.ui.components.time_range import Choice, range_choices, view_choices
from portal_app.ui.components.usage_card import NO_CARD, UsageCard, usage_card
from portal_app.ui.components.usage_words import freshness
from portal_app.ui.components.wallet_card import WalletRow, wallet_row
from portal_app.ui.downloads import invoice_download
from portal_app.ui.gate import Portal, portal_event
from portal_app.ui.loading import or_reference
from portal_app.ui.usage_address import EVERY_RANGE, UsageAddress, usage_address
from portal_app.ui.usage_asked import Asked, ask_usage


class OverviewState(Portal):
    """The Overview's finished texts."""

    wallets: list[WalletRow] = []
    wallets_failed: str = ""
    subscriptions: list[SubscriptionRow] = []
    past_subscriptions: list[SubscriptionRow] = []
    subscriptions_failed: str = ""
    invoices: list[InvoiceRow] = []
    owed: str = ""
    overdue: BadgeRow = NO_BADGE
    invoices_failed: str = ""
    is_loaded: bool = False
    ranges: list[Choice] = []
    views: list[Choice] = []
    freshness: str = ""
    usage: UsageCard = NO_CARD
    usage_to: str = USAGE
    usage_failed: str = ""
    is_usage_loaded: bool = False
    is_usage_dimmed: bool = False
    _asked: tuple[Asked, ...] = ()

    @portal_event()
    async def load(self) -> None:
        """Load every section; each fails alone."""
        now, display = clock.utc_now(), self._display()
        if self._shows("overview.wallet_balance"):
            await self._load_wallets(now, display)
        if self._shows("overview.subscriptions"):
            await self._load_subscriptions(now, display)
        if self._shows("overview.invoices"):
            await self._load_invoices(now, display)
        self.is_loaded = True

    async def _load_wallets(self, now: datetime, display: Display) -> None:
        wallets, self.wallets_failed = await or_reference(self._ask(list_wallets, now))
        self.wallets = [wallet_row(wallet, display) for wallet in wallets or []]

    async def _load_subscriptions(self, now: datetime, display: Display) -> None:
        subscriptions, self.subscriptions_failed = await or_reference(self._ask(list_subscriptions, now))
        current = [s for s in subscriptions or [] if not s.is_past]
        past = [s for s in subscriptions or [] if s.is_past]
        self.subscriptions = [subscription_row(s, display) for s in current]
        self.past_subscriptions = [subscription_row(s, display) for s in past]

    async def _load_invoices(self, now: datetime, display: Display) -> None:
        found, self.invoices_failed = await or_reference(self._ask(invoices_at_a_glance, now))
        invoices, owed = found or ([], [])
        self.invoices = [invoice_row(invoice, display) for invoice in invoices]
        self.owed = " + ".join(display.money(one.remaining) for one in owed)
        self.overdue = _overdue(sum(one.overdue for one in owed))

    @portal_event()
    def turn(self) -> None:
        """Show at once which usage the address asks for; what is on screen stays, dimmed, until that is here."""
        at = self._at()
        self.ranges, self.views = range_choices(at), view_choices(at)
        self.usage_to = replace(at, path=USAGE, ranges=self._ranges.get("usage", EVERY_RANGE)).to()
        self.is_usage_dimmed = self.is_usage_loaded

    @portal_event()
    async def load_usage(self) -> None:
        """Load the usage of the range that the address names."""
        if not self._shows("overview.usage_graph"):
            return
        at, now, display = self._at(), clock.utc_now(), self._display()
        asked, self.usage_failed = await or_reference(ask_usage(self, self._asked, at.preset, now))
        if asked:
            self._asked, found = asked, asked[0].found
            self.freshness = freshness(found.report.freshness, display, now)
            self.usage = usage_card(found, at, display)
        self.is_usage_loaded, self.is_usage_dimmed = True, False

    @portal_event()
    async def download(self, public_id: str):  # noqa: ANN201 (Reflex's event)
        """Download one invoice as PDF."""
        return await invoice_download(self, public_id)

    def _at(self) -> UsageAddress:
        return usage_address(OVERVIEW, self._parameters(), self._ranges.get("overview", EVERY_RANGE))


def _overdue(invoices: int) -> BadgeRow:
    if not invoices:
        return NO_BADGE
    label = ngettext("{count} overdue", "{count} overdue", invoices).format(count=invoices)
    return BadgeRow(**{**badge_row(INVOICE_STATES[InvoiceState.OVERDUE]), "label": label})
