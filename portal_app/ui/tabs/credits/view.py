"""Where the parts of Credits stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.pager import pager
from portal_app.ui.components.sections import answered, card, card_head, empty, link, text_or_missing
from portal_app.ui.components.shown import if_shown
from portal_app.ui.components.wallet_card import wallet_card
from portal_app.ui.tabs.credits.state import CreditsState, TransactionRow, WalletChoice


def credits() -> rx.Component:  # noqa: A001 (the tab's name)
    """Draw Credits: the choice of wallets, the wallet, its ledger."""
    none = card(
        card_head(_("Credits")),
        empty(_("No wallet yet"), _("Prepaid credits and what happened to them will show here once there are some.")),
    )
    wallet = rx.cond(
        CreditsState.wallet["id"] != "",
        rx.fragment(
            if_shown("credits.wallet_balance", wallet_card(CreditsState.wallet)),
            if_shown("credits.wallet_transactions", _ledger()),
        ),
        none,
    )
    return rx.fragment(
        rx.el.h1(_("Credits"), class_name="sr-only"),
        rx.cond(
            CreditsState.choices,
            rx.el.nav(rx.foreach(CreditsState.choices, _choice), class_name="seg wallets", aria_label=_("Wallets")),
        ),
        answered(~CreditsState.is_loaded, CreditsState.failed, wallet, "420px", CreditsState.load),
    )


def _choice(choice: rx.Var[WalletChoice]) -> rx.Component:
    return link(
        choice["label"],
        to=choice["to"],
        custom_attrs={"aria-current": rx.cond(choice["current"], "true", "false")},
    )


def _ledger() -> rx.Component:
    heads = [
        rx.el.th(_("Transactions"), scope="col"),
        rx.el.th(_("Payment Date"), scope="col"),
        rx.el.th(_("Expiry Date"), scope="col"),
        rx.el.th(_("Priority"), scope="col"),
        rx.el.th(_("Amount"), scope="col", class_name="num"),
    ]
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*heads)),
        rx.el.tbody(rx.foreach(CreditsState.transactions, _row)),
        class_name="rows ledger",
    )
    export = rx.el.button(_("Export CSV"), type="button", class_name="ghost", on_click=CreditsState.export)
    return card(
        card_head(
            _("Transaction History"), rx.el.span(class_name="spacer"), rx.cond(CreditsState.transactions, export)
        ),
        rx.cond(
            CreditsState.transactions,
            rx.fragment(table, pager(CreditsState.pager)),
            empty(_("No transactions yet"), _("Credits added to this wallet and spent from it will show here.")),
        ),
    )


def _row(row: rx.Var[TransactionRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.el.strong(row["reason"]),
            rx.cond(row["badge"]["label"] != "", status_badge(row["badge"])),
            rx.cond(row["invoice"] != "", rx.el.small(_invoice(row))),
            rx.cond(row["detail"] != "", rx.el.small(row["detail"])),
            class_name="c-main",
        ),
        rx.el.td(rx.el.span(row["date"], title=row["moment"]), class_name="c-date"),
        rx.el.td(
            rx.el.span(_("expires"), " ", class_name="only-s"), text_or_missing(row["expiry"]),
            class_name=rx.cond(row["expiry"] != "", "c-expiry", "c-expiry none"),
        ),
        rx.el.td(
            rx.el.span(_("priority"), " ", class_name="only-s"), text_or_missing(row["priority"]),
            class_name=rx.cond(row["priority"] != "", "c-priority", "c-priority none"),
        ),
        rx.el.td(
            rx.el.span(row["amount"], title=row["exact_amount"]),
            rx.el.small(row["credits"]),
            class_name="num c-amount " + row["sign"].to(str),
        ),
    )  # fmt: skip


def _invoice(row: rx.Var[TransactionRow]) -> rx.Component:
    return if_shown("invoices", link(row["invoice"], to=row["invoice_to"]), rx.el.span(row["invoice"]))
