"""What the Overview says: wallets, subscriptions, the latest invoices."""

from __future__ import annotations

from typing import TypedDict

from portal_app import clock
from portal_app.billing.statuses import SubscriptionState
from portal_app.display import Display
from portal_app.labels import SUBSCRIPTION_STATES, every
from portal_app.queries.invoices import list_latest_invoices
from portal_app.queries.subscriptions import SubscriptionSummary, list_subscriptions
from portal_app.queries.wallets import list_wallets
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import BadgeRow, badge_row
from portal_app.ui.components.invoice_table import InvoiceRow, invoice_row
from portal_app.ui.components.wallet_card import WalletRow, wallet_row
from portal_app.ui.downloads import invoice_download
from portal_app.ui.gate import Portal, portal_event
from portal_app.ui.loading import or_reference


class Fact(TypedDict):
    """A labelled line of a card."""

    label: str
    value: str


class SubscriptionRow(TypedDict):
    """A subscription as its card shows it."""

    id: str
    plan: str
    description: str
    badge: BadgeRow
    price: str
    facts: list[Fact]


class OverviewState(Portal):
    """The Overview's finished texts."""

    wallets: list[WalletRow] = []
    wallets_failed: str = ""
    subscriptions: list[SubscriptionRow] = []
    past_subscriptions: list[SubscriptionRow] = []
    subscriptions_failed: str = ""
    invoices: list[InvoiceRow] = []
    invoices_failed: str = ""
    is_loaded: bool = False

    @portal_event()
    async def load(self) -> None:
        """Load every section; each fails alone."""
        now, display = clock.utc_now(), self._display()
        wallets, self.wallets_failed = await or_reference(self._ask(list_wallets, now))
        self.wallets = [wallet_row(wallet, display) for wallet in wallets or []]
        subscriptions, self.subscriptions_failed = await or_reference(self._ask(list_subscriptions, now))
        current = [s for s in subscriptions or [] if not s.is_past]
        past = [s for s in subscriptions or [] if s.is_past]
        self.subscriptions = [subscription_row(s, display) for s in current]
        self.past_subscriptions = [subscription_row(s, display) for s in past]
        invoices, self.invoices_failed = await or_reference(self._ask(list_latest_invoices, now))
        self.invoices = [invoice_row(invoice, display) for invoice in invoices or []]
        self.is_loaded = True

    @portal_event()
    async def download(self, public_id: str):  # noqa: ANN201 (Reflex's event)
        """Download one invoice as PDF."""
        return await invoice_download(self, public_id)


def subscription_row(subscription: SubscriptionSummary, display: Display) -> SubscriptionRow:
    """Word a subscription truthfully: what it costs, how long it runs, what happens next."""
    prices = [f"{display.rate(fee.amount, fee.currency)} / {every(fee.period, fee.count)}" for fee in subscription.fees]
    return SubscriptionRow(
        id=subscription.public_id,
        plan=subscription.plan_name,
        description=subscription.plan_description,
        badge=badge_row(SUBSCRIPTION_STATES[subscription.state]),
        price=" + ".join(prices),
        facts=_facts(subscription, display),
    )


def _facts(subscription: SubscriptionSummary, display: Display) -> list[Fact]:
    period = display.period(subscription.period_start_at, subscription.period_end_at)
    at, state = subscription.next_billing_at, subscription.state
    next_billing = _("none, it ends first") if at is None and subscription.ends_at else display.date(at)
    if subscription.is_past:
        return [
            Fact(label=_("Ran"), value=display.period(subscription.started_at, subscription.ends_at)),
        ]
    lines = [Fact(label=_("Current period"), value=period)]
    if state is SubscriptionState.TRIALING:
        lines.append(Fact(label=_("Trial ends"), value=display.date(subscription.trial_end_at)))
        lines.append(Fact(label=_("First billing"), value=next_billing))
    elif state is SubscriptionState.CANCELLING:
        lines.append(Fact(label=_("Ends"), value=display.date(subscription.ends_at)))
        lines.append(Fact(label=_("Next billing"), value=next_billing))
    elif state is SubscriptionState.PAUSED:
        resumes = display.date(subscription.resumes_at) if subscription.resumes_at else _("not scheduled")
        lines.append(Fact(label=_("Resumes"), value=resumes))
        lines.append(Fact(label=_("Next billing"), value=_("none while paused")))
    else:
        lines.append(Fact(label=_("Next billing"), value=next_billing))
    return lines
