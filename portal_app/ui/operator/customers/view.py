"""Where the parts of Customers stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.pager import pager
from portal_app.ui.components.search_field import search_field
from portal_app.ui.components.sections import answered, card, empty, link, text_or_missing
from portal_app.ui.components.sort_heads import sorting_head
from portal_app.ui.components.time_range import Choice
from portal_app.ui.operator.customers.state import MAX_CHARACTERS, CustomerRow, CustomersState
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.sharing import SharingState, open_form, shared_link


def customers() -> rx.Component:
    """Draw the search, the list and what can be done with each customer."""
    found = rx.cond(
        CustomersState.rows,
        rx.fragment(_table(), pager(CustomersState.pager, _("\u2190 Previous"), _("Next \u2192"))),
        rx.cond(
            CustomersState.query != "",
            empty(
                _("No customer matches"),
                _("Try the beginning of a name, of your own id, or of an e-mail address."),
                link(_("Clear search"), to=CustomersState.clear_to, class_name="ghost"),
            ),
            empty(_("No customers here"), CustomersState.why_none),
        ),
    )
    return rx.fragment(
        rx.el.h1(_("Customers"), class_name="sr-only"),
        card(
            _search(),
            answered(~CustomersState.is_loaded, CustomersState.failed, found, "480px", CustomersState.load),
        ),
        shared_link(),
    )


def _search() -> rx.Component:
    field = search_field(
        CustomersState,
        _("Search name, id or e-mail"),
        _("Search customers by name, id or e-mail address"),
        MAX_CHARACTERS,
    )
    return rx.el.div(
        field,
        rx.el.nav(rx.foreach(CustomersState.statuses, _status), class_name="seg", aria_label=_("Status")),
        class_name="row",
    )


def _status(choice: rx.Var[Choice]) -> rx.Component:
    return link(
        choice["label"],
        to=choice["to"],
        custom_attrs={"aria-current": rx.cond(choice["current"], "true", "false")},
    )


def _table() -> rx.Component:
    heads = [
        sorting_head(_("Customer"), CustomersState.by_name),
        sorting_head(_("Your id"), CustomersState.by_id),
        rx.el.th(_("Plan"), scope="col"),
        rx.el.th(_("Last visit"), scope="col"),
        sorting_head(_("Since"), CustomersState.by_created),
        rx.el.th(_("Balance"), scope="col", class_name="num"),
        rx.el.th(rx.el.span(_("Actions"), class_name="sr-only"), scope="col", class_name="num"),
    ]
    return rx.el.table(
        rx.el.thead(rx.el.tr(*heads)),
        rx.el.tbody(rx.foreach(CustomersState.rows, _row)),
        class_name="rows people",
    )


def _row(row: rx.Var[CustomerRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(
            rx.cond(row["open_to"] != "", link(row["name"], to=row["open_to"], class_name="cover"), row["name"]),
            rx.cond(row["badge"]["label"] != "", status_badge(row["badge"])),
            rx.cond(row["email"] != "", rx.el.small(row["email"])),
            class_name="c-main",
        ),
        rx.el.td(row["external_id"], class_name="c-id"),
        rx.el.td(text_or_missing(row["plan"]), class_name=rx.cond(row["plan"] != "", "c-plan", "c-plan none")),
        rx.el.td(
            rx.el.span(_("last visit"), " ", class_name="only-s"),
            rx.cond(row["visit"] != "", rx.el.span(row["visit"], title=row["visit_moment"]), _("never")),
            class_name="c-visit",
        ),
        rx.el.td(row["created"], class_name="c-since"),
        rx.el.td(text_or_missing(row["balance"]), class_name="num c-amount"),
        rx.el.td(rx.cond(row["open_to"] != "", _menu(row)), class_name="num c-do"),
        class_name=rx.cond(row["open_to"] != "", "opens", ""),
    )


def _menu(row: rx.Var[CustomerRow]) -> rx.Component:
    share = rx.el.button(
        _("Copy portal link"), type="button", on_click=SharingState.share(row["external_id"], row["name"])
    )
    return rx.el.details(
        rx.el.summary(rx.el.span("\u22ee", aria_hidden="true"), class_name="icon", aria_label=row["menu_label"]),
        rx.el.div(
            rx.cond(Desk.may_mint & row["may_open"], rx.fragment(open_form(row["external_id"]), share)),
            link(_("View details"), to=row["open_to"]),
            class_name="menu-list",
        ),
        class_name="menu",
        custom_attrs={"data-menu": ""},
    )
