"""Where the Overview's parts stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.addresses import CREDITS, INVOICES, address
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.invoice_table import invoice_rows, plain_heads
from portal_app.ui.components.sections import answered, card, card_head, empty, link
from portal_app.ui.components.shown import if_shown
from portal_app.ui.components.subscription_card import subscription_card
from portal_app.ui.components.usage_card import usage_freshness, usage_graph
from portal_app.ui.components.wallet_card import wallet_card
from portal_app.ui.tabs.overview.state import OverviewState


def overview() -> rx.Component:
    """Draw the Overview: wallets beside subscriptions, then usage and the latest invoices."""
    return rx.fragment(
        rx.el.h1(_("Overview"), class_name="sr-only"),
        if_shown("overview.usage_graph", usage_freshness(OverviewState.freshness, OverviewState.load_usage)),
        rx.el.div(
            if_shown("overview.wallet_balance", _wallets()),
            if_shown("overview.subscriptions", _subscriptions()),
            class_name="grid",
        ),
        if_shown("overview.subscriptions", _past_subscriptions()),
        if_shown("overview.usage_graph", _usage()),
        if_shown("overview.invoices", _latest_invoices()),
    )


def _wallets() -> rx.Component:
    none = card(
        card_head(_("Credits")),
        empty(_("No wallet yet"), _("Prepaid credits will show here once there are some.")),
    )
    content = rx.cond(
        OverviewState.wallets,
        rx.el.div(
            rx.foreach(
                OverviewState.wallets, lambda wallet: rx.el.div(wallet_card(wallet), link_to_ledger(wallet["id"]))
            ),
            class_name="stack",
        ),
        none,
    )
    return answered(~OverviewState.is_loaded, OverviewState.wallets_failed, content, "190px", OverviewState.load)


def link_to_ledger(wallet_id: rx.Var[str]) -> rx.Component:
    """Draw the way from a wallet to its transactions."""
    return if_shown("credits", link(_("Transactions"), to=f"{CREDITS}?wallet=" + wallet_id.to(str), class_name="more"))


def _subscriptions() -> rx.Component:
    none = card(
        card_head(_("Subscriptions")),
        empty(_("No current subscription"), _("There is no running plan on this account.")),
    )
    content = rx.cond(
        OverviewState.subscriptions,
        rx.el.div(rx.foreach(OverviewState.subscriptions, subscription_card), class_name="stack"),
        none,
    )
    return answered(~OverviewState.is_loaded, OverviewState.subscriptions_failed, content, "190px", OverviewState.load)


def _past_subscriptions() -> rx.Component:
    return rx.cond(
        OverviewState.past_subscriptions,
        rx.el.details(
            rx.el.summary(_("Past subscriptions")),
            rx.el.div(rx.foreach(OverviewState.past_subscriptions, subscription_card), class_name="grid"),
            class_name="past",
        ),
    )


def _usage() -> rx.Component:
    return usage_graph(
        OverviewState.usage,
        OverviewState.ranges,
        OverviewState.views,
        if_shown("usage", link(_("All usage"), to=OverviewState.usage_to)),
        loading=~OverviewState.is_usage_loaded,
        dimmed=OverviewState.is_usage_dimmed,
        failed=OverviewState.usage_failed,
        retry=OverviewState.load_usage,
    )


def _owed() -> rx.Component:
    """Say what is to be paid in all, on invoices that may be older than those below."""
    return rx.el.p(
        rx.el.span(_("To pay"), class_name="label"),
        rx.el.strong(OverviewState.owed),
        rx.cond(OverviewState.overdue["label"] != "", status_badge(OverviewState.overdue)),
        if_shown("invoices", link(_("Unpaid invoices"), to=address(INVOICES, q="unpaid"))),
        class_name="row owed",
    )


def _latest_invoices() -> rx.Component:
    content = rx.cond(
        OverviewState.invoices,
        invoice_rows(OverviewState.invoices, plain_heads(), OverviewState.download),
        empty(_("No invoices yet"), _("Your first invoice will show here.")),
    )
    return card(
        card_head(
            _("Latest invoices"),
            rx.el.span(class_name="spacer"),
            rx.cond(OverviewState.invoices, link(_("All invoices"), to=INVOICES)),
        ),
        rx.cond(OverviewState.owed, _owed()),
        answered(~OverviewState.is_loaded, OverviewState.invoices_failed, content, "168px", OverviewState.load),
    )
