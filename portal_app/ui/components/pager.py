"""Where a page stands in its list, and the way to its neighbours; both are addresses."""

from typing import TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.queries.paging import Page
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.addresses import address
from portal_app.ui.components.sections import link


class PagerRow(TypedDict):
    """A pager as a state holds it. An empty address means that there is no such page."""

    summary: str
    newer: str
    older: str


NO_PAGER = PagerRow(summary="", newer="", older="")


def pager_row(page: Page[object], display: Display, noun: str, path: str, **parameters: str) -> PagerRow:
    """Return the pager of one page; `noun` is the total with its noun, as `invoices_counted` says it."""
    first = (page.number - 1) * page.size + 1
    last = first + len(page.items) - 1
    shown = f"{display.count(first)}\u2013{display.count(last)}" if page.count > 1 else display.count(len(page.items))
    total = _("{shown} of {total}").format(shown=shown, total=noun)
    return PagerRow(
        summary=total,
        newer=address(path, **parameters, page=page.number - 1) if page.number > 1 else "",
        older=address(path, **parameters, page=page.number + 1) if page.number < page.count else "",
    )


def invoices_counted(total: int, display: Display) -> str:
    """Return `1,200 invoices` in the reader's digits."""
    return ngettext("{count} invoice", "{count} invoices", total).format(count=display.count(total))


def transactions_counted(total: int, display: Display) -> str:
    """Return `5 transactions` in the reader's digits."""
    return ngettext("{count} transaction", "{count} transactions", total).format(count=display.count(total))


def pager(row: rx.Var[PagerRow], newer: str = _("\u2190 Newer"), older: str = _("Older \u2192")) -> rx.Component:
    """Draw the pager; its text is announced when it changes."""
    return rx.el.div(
        rx.el.p(row["summary"], role="status"),
        rx.cond(
            (row["newer"] != "") | (row["older"] != ""),
            rx.el.nav(
                _step(row["newer"], newer),
                _step(row["older"], older),
                class_name="row",
                aria_label=_("Pages"),
            ),
        ),
        class_name="pager",
    )


def _step(to: rx.Var[str], label: str) -> rx.Component:
    return rx.cond(
        to != "", link(label, to=to, class_name="ghost"), rx.el.span(label, class_name="ghost off", aria_hidden="true")
    )
