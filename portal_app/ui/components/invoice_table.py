"""Rows of invoices: a table on wide screens, cards on narrow ones, from one markup."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.labels import INVOICE_STATES
from portal_app.queries.invoices import InvoiceSummary
from portal_app.texts import gettext as _
from portal_app.ui.addresses import INVOICES, address
from portal_app.ui.components.badges import BadgeRow, badge_row, status_badge
from portal_app.ui.components.icons import copy_icon
from portal_app.ui.components.sections import link


class InvoiceRow(TypedDict):
    """An invoice as a row shows it; `open` is its address."""

    id: str
    date: str
    number: str
    badge: BadgeRow
    note: str
    amount: str
    exact_amount: str
    open: str
    download_label: str


def invoice_row(invoice: InvoiceSummary, display: Display, **parameters: str | int) -> InvoiceRow:
    """Word an invoice; `parameters` are those of the list it stands in, so that closing it leads back there."""
    number = invoice.number or _("No number")
    note = ""
    if invoice.to_pay.amount not in {0, invoice.total.amount}:
        note = _("{amount} to pay").format(amount=display.money(invoice.to_pay))
    return InvoiceRow(
        id=invoice.public_id,
        date=display.date(invoice.issued_at),
        number=number,
        badge=badge_row(INVOICE_STATES[invoice.state]),
        note=note,
        amount=display.money(invoice.total),
        exact_amount=display.exact_money(invoice.total),
        open=address(INVOICES, **parameters, invoice=invoice.public_id),
        download_label=_("Download {number} as PDF").format(number=number),
    )


def invoice_rows(rows: rx.Var[list[InvoiceRow]], heads: list[rx.Component], download: Any) -> rx.Component:
    """Draw the table; `heads` are its first four column heads, in the order date, number, status, amount."""

    def row(invoice: rx.Var[InvoiceRow]) -> rx.Component:
        return rx.el.tr(
            rx.el.td(invoice["date"], class_name="c-date"),
            rx.el.td(
                link(invoice["number"], to=invoice["open"], class_name="cover", custom_attrs={"data-opener": ""}),
                _copy_button(invoice["number"]),
                class_name="c-main",
            ),
            rx.el.td(status_badge(invoice["badge"]), class_name="c-status"),
            rx.el.td(
                rx.el.span(invoice["amount"], title=invoice["exact_amount"]),
                rx.cond(invoice["note"] != "", rx.el.small(invoice["note"])),
                class_name="num c-amount",
            ),
            rx.el.td(
                rx.el.button(
                    rx.el.span("\u2193", aria_hidden="true"),
                    type="button",
                    class_name="icon",
                    aria_label=invoice["download_label"],
                    title=invoice["download_label"],
                    on_click=download(invoice["id"]),
                ),
                class_name="num c-do",
            ),
            class_name="opens",
        )

    return rx.el.table(
        rx.el.thead(rx.el.tr(*heads, rx.el.th(_("Download"), scope="col", class_name="num"))),
        rx.el.tbody(rx.foreach(rows, row)),
        class_name="rows invoices",
    )


def plain_heads() -> list[rx.Component]:
    """Return column heads that do not sort."""
    return [
        rx.el.th(_("Date"), scope="col"),
        rx.el.th(_("Invoice #"), scope="col"),
        rx.el.th(_("Status"), scope="col"),
        rx.el.th(_("Amount"), scope="col", class_name="num"),
    ]


def _copy_button(number: rx.Var[str]) -> rx.Component:
    return rx.el.button(
        copy_icon(),
        type="button",
        class_name="copy",
        aria_label=_("Copy number") + " " + number.to(str),
        custom_attrs={"data-copy": number},
    )
