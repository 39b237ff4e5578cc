"""A wallet: what is left in it, what that is worth, what expires next."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app.display import MAX_CREDIT_DECIMALS, Display, credits_word
from portal_app.labels import WALLET_STATES, WALLET_TYPES
from portal_app.queries.wallets import WalletSummary
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import NO_BADGE, BadgeRow, badge_row, status_badge
from portal_app.ui.components.sections import card, card_head, fact, facts


class WalletRow(TypedDict):
    """A wallet as its card shows it."""

    id: str
    title: str
    currency: str
    badge: BadgeRow
    credits: str
    unit: str
    value: str
    exact_value: str
    rate: str
    next_expiry: str
    note: str


NO_WALLET = WalletRow(
    id="", title="", currency="", badge=NO_BADGE, credits="", unit="", value="", exact_value="", rate="",
    next_expiry="", note="",
)  # fmt: skip


def wallet_row(wallet: WalletSummary, display: Display) -> WalletRow:
    """Word a wallet for its card."""
    expiring = ""
    if wallet.next_expiry_at is not None:
        expiring = _("{credits} on {date}").format(
            credits=display.credits(wallet.next_expiring_credits), date=display.date(wallet.next_expiry_at)
        )
    return WalletRow(
        id=wallet.public_id,
        title=wallet.name or WALLET_TYPES[wallet.wallet_type],
        currency=wallet.currency.upper(),
        badge=badge_row(WALLET_STATES[wallet.status]),
        credits=display.number(wallet.credits, MAX_CREDIT_DECIMALS),
        unit=credits_word(wallet.credits),
        value=display.money(wallet.value),
        exact_value=display.exact_money(wallet.value),
        rate=_("1 credit = {amount}").format(amount=display.rate(wallet.conversion_rate, wallet.currency)),
        next_expiry=expiring,
        note=wallet.description,
    )


def wallet_card(wallet: rx.Var[WalletRow]) -> rx.Component:
    """Draw a wallet."""
    return card(
        card_head(
            wallet["title"],
            status_badge(wallet["badge"]),
            rx.el.span(class_name="spacer"),
            rx.el.span(wallet["currency"], class_name="label"),
        ),
        rx.el.p(wallet["credits"], " ", rx.el.small(wallet["unit"]), class_name="kpi"),
        rx.el.p(rx.el.span(wallet["value"], title=wallet["exact_value"]), " ", _("value"), class_name="muted"),
        facts(
            fact(_("Next to expire"), wallet["next_expiry"], wallet["next_expiry"] != ""),
            fact(_("Rate"), wallet["rate"]),
            fact(_("Note"), wallet["note"], wallet["note"] != ""),
        ),
    )
