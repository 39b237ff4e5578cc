"""Where the parts of a customer's details stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.icons import copy_icon
from portal_app.ui.components.invoice_table import InvoiceRow, plain_heads
from portal_app.ui.components.pager import pager
from portal_app.ui.components.sections import answered, card, card_head, empty, fact, facts, link, text_or_missing
from portal_app.ui.components.subscription_card import subscription_card
from portal_app.ui.components.time_range import Choice
from portal_app.ui.components.wallet_card import wallet_card
from portal_app.ui.operator.addresses import CUSTOMERS
from portal_app.ui.operator.audit_rows import audit_table
from portal_app.ui.operator.customer.rows import LinkRow, UsedRow
from portal_app.ui.operator.customer.state import CustomerState, Part
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.sharing import SharingState, open_form, shared_link


def customer() -> rx.Component:
    """Draw who it is, the choice of parts, and the part that is chosen."""
    state = CustomerState
    missing = card(
        empty(
            _("No such customer"),
            _("It does not exist, or was deleted."),
            link(_("All customers"), to=CUSTOMERS, class_name="ghost"),
        )
    )
    part = rx.match(
        state.part,
        (Part.SESSIONS.value, _sessions()),
        (Part.DATA.value, _data()),
        (Part.ACTIVITY.value, _activity()),
        (Part.PREVIEW.value, _preview()),
        _information(),
    )
    shown = rx.fragment(
        rx.el.div(
            link("\u2190 ", _("Customers"), to=CUSTOMERS, class_name="muted"),
            class_name="row",
        ),
        rx.el.div(
            rx.el.h1(state.profile["name"]),
            rx.el.span(state.profile["external_id"], class_name="label"),
            rx.cond(state.badge["label"] != "", status_badge(state.badge)),
            class_name="row title",
        ),
        rx.el.nav(rx.foreach(state.parts, _choice), class_name="seg parts", aria_label=_("Parts")),
        rx.cond(state.notice != "", rx.el.p(state.notice, class_name="said", role="status")),
        part,
    )
    return rx.fragment(
        answered(~state.is_loaded, state.failed, rx.cond(state.is_missing, missing, shown), "420px", state.load),
        shared_link(),
    )


def _choice(choice: rx.Var[Choice]) -> rx.Component:
    return link(
        choice["label"],
        to=choice["to"],
        custom_attrs={"aria-current": rx.cond(choice["current"], "true", "false")},
    )


def _information() -> rx.Component:
    profile = CustomerState.profile
    share = rx.el.button(
        copy_icon(),
        type="button",
        class_name="icon",
        aria_label=_("Copy portal link"),
        title=_("Copy portal link"),
        on_click=SharingState.share(profile["external_id"], profile["name"]),
    )
    return card(
        card_head(
            _("Customer details"),
            rx.el.span(class_name="spacer"),
            rx.cond(
                Desk.may_mint & CustomerState.may_open, rx.fragment(share, open_form(profile["external_id"], "ghost"))
            ),
        ),
        facts(
            fact(_("Name"), profile["name"]),
            fact(_("Your id"), profile["external_id"]),
            fact(_("Id"), CustomerState.public_id),
            fact(_("E-mail"), text_or_missing(profile["email"])),
            fact(
                _("Address"),
                rx.foreach(profile["address"], lambda line: rx.el.span(line, class_name="line")),
                profile["address"].length() > 0,
            ),
            fact(_("Tax id"), profile["tax_id"], profile["tax_id"] != ""),
            fact(_("Time zone"), profile["zone"]),
            fact(_("Customer since"), CustomerState.created),
        ),
    )


def _sessions() -> rx.Component:
    names = (_("Minted"), _("By"), _("From"), _("Opened"), _("Expires"), _("State"))
    heads = [rx.el.th(name, scope="col") for name in names]
    last = rx.el.th(rx.el.span(_("Actions"), class_name="sr-only"), scope="col")
    table = rx.el.table(
        rx.el.thead(rx.el.tr(*heads, last)),
        rx.el.tbody(rx.foreach(CustomerState.links, _link)),
        class_name="rows links",
    )
    revoke_all = rx.el.button(
        _("Revoke all"), type="button", class_name="ghost danger", on_click=CustomerState.revoke_all
    )
    return card(
        card_head(
            _("Links to this customer's portal"),
            rx.el.span(class_name="spacer"),
            rx.cond(Desk.may_mint & (CustomerState.links.length() > 0), revoke_all),
        ),
        rx.cond(
            CustomerState.links,
            rx.fragment(table, pager(CustomerState.pager)),
            empty(_("No link yet"), _("Links that are minted for this customer will show here.")),
        ),
    )


def _link(row: rx.Var[LinkRow]) -> rx.Component:
    revoke = rx.el.button(
        _("Revoke"),
        type="button",
        class_name="ghost danger",
        aria_label=row["revoke_label"],
        on_click=CustomerState.revoke(row["jti"]),
    )
    return rx.el.tr(
        rx.el.td(row["minted"], class_name="c-main"),
        rx.el.td(row["minted_by"], class_name="c-by"),
        rx.el.td(text_or_missing(row["address"]), class_name="c-from"),
        rx.el.td(row["opened"], class_name="c-opened"),
        rx.el.td(rx.el.span(_("expires"), " ", class_name="only-s"), row["expires"], class_name="c-expires"),
        rx.el.td(status_badge(row["badge"]), class_name="c-status"),
        rx.el.td(rx.cond(Desk.may_mint & row["may_revoke"], revoke), class_name="num c-do"),
    )


def _data() -> rx.Component:
    state = CustomerState
    usage = rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th(_("Feature"), scope="col"),
                *(rx.el.th(name, scope="col", class_name="num") for name in (_("Usage"), _("Events"), _("Cost"))),
            )
        ),
        rx.el.tbody(rx.foreach(state.usage, _used)),
        class_name="rows used",
    )
    return rx.fragment(
        rx.cond(
            state.wallets,
            rx.el.div(rx.foreach(state.wallets, wallet_card), class_name="grid"),
            card(card_head(_("Wallets")), empty(_("No wallet yet"), _("This customer has no credits."))),
        ),
        rx.cond(state.subscriptions, rx.el.div(rx.foreach(state.subscriptions, subscription_card), class_name="grid")),
        card(
            card_head(_("Usage in the last 30 days")),
            rx.cond(state.usage, usage, empty(_("No usage"), _("Nothing was used in the last 30 days."))),
        ),
        card(
            card_head(_("Invoices")),
            rx.cond(
                state.invoices,
                rx.fragment(
                    rx.el.table(
                        rx.el.thead(rx.el.tr(*plain_heads())),
                        rx.el.tbody(rx.foreach(state.invoices, _invoice)),
                        class_name="rows invoices",
                    ),
                    pager(state.pager),
                ),
                empty(_("No invoices yet"), _("The first invoice will show here.")),
            ),
        ),
        rx.el.p(_("As this customer sees it: the same queries, the customer's time zone."), class_name="label after"),
    )


def _used(row: rx.Var[UsedRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row["feature"], class_name="c-main"),
        rx.el.td(row["quantity"], class_name="num c-usage"),
        rx.el.td(row["events"], class_name="num c-events", custom_attrs={"data-head": _("events")}),
        rx.el.td(text_or_missing(row["cost"]), class_name="num c-amount"),
    )


def _invoice(row: rx.Var[InvoiceRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row["date"], class_name="c-date"),
        rx.el.td(row["number"], class_name="c-main"),
        rx.el.td(status_badge(row["badge"]), class_name="c-status"),
        rx.el.td(
            rx.el.span(row["amount"], title=row["exact_amount"]),
            rx.cond(row["note"] != "", rx.el.small(row["note"])),
            class_name="num c-amount",
        ),
    )


def _activity() -> rx.Component:
    return card(
        card_head(_("What was done about this customer")),
        rx.cond(
            CustomerState.activity,
            rx.fragment(audit_table(CustomerState.activity), pager(CustomerState.pager)),
            empty(_("Nothing yet"), _("Every link, visit, download and change will show here.")),
        ),
    )


def _preview() -> rx.Component:
    frame = rx.el.iframe(src=CustomerState.preview_url, title=_("Preview of the customer's portal"), class_name="frame")
    start = rx.cond(
        Desk.may_mint,
        rx.el.button(_("Show preview"), type="button", class_name="primary", on_click=CustomerState.preview),
        rx.el.p(_("Your role does not show previews."), class_name="muted"),
    )
    open_one = rx.fragment(
        rx.el.p(_("It is marked as a preview in the log and does not count as a visit."), class_name="muted"),
        rx.cond(CustomerState.preview_url != "", frame, start),
    )
    closed = rx.el.p(_("Nobody opens it: the customer is archived."), class_name="muted")
    return card(card_head(_("The portal as this customer sees it")), rx.cond(CustomerState.may_open, open_one, closed))
