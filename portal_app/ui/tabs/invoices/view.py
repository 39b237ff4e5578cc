"""Where the parts of Invoices stand."""

import reflex as rx

from portal_app.queries.invoice_search import MAX_CHARACTERS
from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.invoice_table import invoice_rows
from portal_app.ui.components.pager import pager
from portal_app.ui.components.search_field import search_field
from portal_app.ui.components.sections import answered, card, empty, fact, facts, failure, link
from portal_app.ui.components.sort_heads import sorting_head
from portal_app.ui.tabs.invoices.chips import Chip
from portal_app.ui.tabs.invoices.detail import LineRow, PaymentRow, SumRow
from portal_app.ui.tabs.invoices.state import InvoicesState


def invoices() -> rx.Component:
    """Draw Invoices: the search, its chips, the rows, and the open invoice over them."""
    found = rx.cond(
        InvoicesState.rows,
        rx.fragment(invoice_rows(InvoicesState.rows, _heads(), InvoicesState.download), pager(InvoicesState.pager)),
        rx.cond(
            InvoicesState.has_any,
            empty(
                _("No invoice matches"),
                _("Try a number, a month, an amount such as > 100, or a status such as overdue."),
                link(_("Clear filters"), to=InvoicesState.clear_to, class_name="ghost"),
            ),
            empty(_("No invoices yet"), _("Your first invoice will show here.")),
        ),
    )
    return rx.fragment(
        rx.el.h1(_("Invoices"), class_name="sr-only"),
        card(
            rx.cond(
                InvoicesState.is_loaded & (InvoicesState.failed == "") & ~InvoicesState.has_any,
                rx.fragment(),
                _search(),
            ),
            answered(~InvoicesState.is_loaded, InvoicesState.failed, found, "480px", InvoicesState.load),
        ),
        rx.cond(InvoicesState.invoice["id"] != "", _drawer()),
    )


def _search() -> rx.Component:
    field = search_field(
        InvoicesState,
        _("Search number, date, amount or status"),
        _("Search invoices by number, date, amount or status"),
        MAX_CHARACTERS,
    )
    export = rx.el.button(_("Export CSV"), type="button", class_name="ghost", on_click=InvoicesState.export)
    return rx.fragment(
        rx.el.div(
            field,
            rx.cond(InvoicesState.rows, export),
            class_name="row",
        ),
        rx.cond(
            InvoicesState.chips,
            rx.el.div(
                rx.foreach(InvoicesState.chips, _chip),
                link(_("Clear filters"), to=InvoicesState.clear_to, class_name="clear"),
                class_name="row chips",
            ),
        ),
    )


def _chip(chip: rx.Var[Chip]) -> rx.Component:
    return link(
        chip["label"],
        rx.el.span("\u2715", aria_hidden="true"),
        to=chip["remove_to"],
        class_name="chip",
        aria_label=chip["remove_label"],
    )


def _heads() -> list[rx.Component]:
    return [
        sorting_head(_("Date"), InvoicesState.by_date),
        sorting_head(_("Invoice #"), InvoicesState.by_number),
        rx.el.th(_("Status"), scope="col"),
        sorting_head(_("Amount"), InvoicesState.by_amount, "num"),
    ]


def _drawer() -> rx.Component:
    invoice = InvoicesState.invoice
    close = link(
        rx.el.span("\u2715", aria_hidden="true"),
        to=InvoicesState.close_to,
        class_name="icon",
        aria_label=_("Close"),
        custom_attrs={"data-close": ""},
    )
    body = rx.match(
        invoice["problem"],
        ("", _opened()),
        ("not_found", empty(_("No such invoice"), _("It does not exist, or is not one of yours."))),
        failure(invoice["problem"], InvoicesState.load),
    )
    return rx.el.dialog(
        rx.el.div(rx.el.h2(rx.cond(invoice["number"] != "", invoice["number"], _("Invoice")), id="invoice-title"),
                  rx.cond(invoice["problem"] == "", status_badge(invoice["badge"])),
                  rx.el.span(class_name="spacer"), close, class_name="row drawer-head"),
        body,
        class_name="drawer",
        custom_attrs={"data-drawer": "", "data-invoice": invoice["id"], "aria-labelledby": "invoice-title"},
    )  # fmt: skip


def _opened() -> rx.Component:
    invoice = InvoicesState.invoice
    download = rx.el.button(
        _("Download PDF"), type="button", class_name="primary", on_click=InvoicesState.download(invoice["id"])
    )
    return rx.el.div(
        rx.el.p(invoice["amount"], class_name="kpi"),
        facts(
            fact(_("Issued"), invoice["issued"]),
            fact(_("Due"), invoice["due"], invoice["due"] != ""),
            fact(_("Period"), invoice["period"], invoice["period"] != ""),
            fact(_("Type"), invoice["type"]),
            fact(_("Reason"), invoice["reason"]),
            fact(_("Note"), invoice["description"], invoice["description"] != ""),
        ),
        rx.el.table(
            rx.el.caption(_("Lines"), class_name="sr-only"),
            rx.el.thead(
                rx.el.tr(
                    rx.el.th(_("Description"), scope="col"),
                    rx.el.th(_("Quantity"), scope="col", class_name="num"),
                    rx.el.th(_("Unit price"), scope="col", class_name="num"),
                    rx.el.th(_("Amount"), scope="col", class_name="num"),
                )
            ),
            rx.el.tbody(rx.foreach(invoice["lines"], _line)),
            class_name="rows lines",
        ),
        rx.el.dl(rx.foreach(invoice["sums"], _sum), class_name="facts sums"),
        rx.el.div(download, class_name="row"),
        rx.el.h3(_("Payments")),
        rx.cond(
            invoice["payments"],
            rx.el.ul(rx.foreach(invoice["payments"], _payment), class_name="payments"),
            rx.el.p(_("No payment has been recorded."), class_name="muted"),
        ),
    )


def _line(line: rx.Var[LineRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(line["description"], rx.cond(line["period"] != "", rx.el.small(line["period"])), class_name="c-main"),
        rx.el.td(line["quantity"], class_name="num c-quantity"),
        rx.el.td(
            rx.cond(line["unit_price"] != "", rx.el.span("\u00d7 ", class_name="only-s")),
            line["unit_price"],
            class_name="num c-price",
        ),
        rx.el.td(line["amount"], class_name="num c-amount"),
    )


def _sum(row: rx.Var[SumRow]) -> rx.Component:
    return rx.el.div(rx.el.dt(row["label"]), rx.el.dd(row["amount"]), class_name="fact " + row["kind"].to(str))


def _payment(payment: rx.Var[PaymentRow]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(payment["method"]),
            status_badge(payment["badge"]),
            rx.el.span(class_name="spacer"),
            rx.el.span(payment["amount"]),
            class_name="row",
        ),
        rx.el.small(
            payment["date"], rx.cond(payment["reference"] != "", " \u00b7 " + payment["reference"].to(str), "")
        ),
    )
