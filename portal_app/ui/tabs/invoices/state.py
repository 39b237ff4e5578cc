"""What Invoices says: the search and its chips, one page of rows, and the invoice that is open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import reflex as rx

from portal_app import clock
from portal_app.access.downloads import FileKind
from portal_app.errors import NotFound
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import MAX_CHARACTERS, InvoiceSearch, parse_search
from portal_app.queries.invoices import InvoiceOrder, count_invoices, search_invoices
from portal_app.ui.addresses import INVOICES, address, clean, page_number
from portal_app.ui.components.invoice_table import InvoiceRow, invoice_row
from portal_app.ui.components.pager import NO_PAGER, PagerRow, invoices_counted, pager_row
from portal_app.ui.components.sort_heads import NO_SORT, SortHead
from portal_app.ui.downloads import file_download, invoice_download
from portal_app.ui.gate import Portal, portal_event
from portal_app.ui.loading import or_reference
from portal_app.ui.tabs.invoices.chips import Chip, chips
from portal_app.ui.tabs.invoices.detail import NO_INVOICE, OpenInvoice, open_invoice


class InvoicesState(Portal):
    """The Invoices tab's finished texts."""

    query: str = ""
    query_version: int = 0
    chips: list[Chip] = []
    clear_to: str = INVOICES
    by_date: SortHead = NO_SORT
    by_number: SortHead = NO_SORT
    by_amount: SortHead = NO_SORT
    rows: list[InvoiceRow] = []
    pager: PagerRow = NO_PAGER
    has_any: bool = False
    failed: str = ""
    is_loaded: bool = False
    invoice: OpenInvoice = NO_INVOICE
    close_to: str = INVOICES
    _typed: str = ""

    @portal_event()
    async def load(self) -> None:
        """Load what the address names: the search, its page and order, and the open invoice."""
        display, now, parameters = self._display(), clock.utc_now(), self._parameters()
        query = parameters.get("q", "")[:MAX_CHARACTERS]
        order, ascending = _order(parameters)
        search = parse_search(
            display.readable(query),
            display.local(now).date(),
            display.decimal_mark,
            is_month_first=display.is_month_first,
        )
        kept = {"q": query, "sort": parameters.get("sort", ""), "dir": parameters.get("dir", "")}
        number = page_number(parameters.get("page", ""))
        page, self.failed = await or_reference(
            self._ask(search_invoices, search, display.zone, now, number, order, ascending=ascending)
        )
        if page:
            self.rows = [invoice_row(row, display, **kept, page=page.number) for row in page.items]
            self.pager = pager_row(page, display, invoices_counted(page.total, display), INVOICES, **kept)
            self.close_to = address(INVOICES, **kept, page=page.number)
            self.has_any = bool(page.total) or await self._has_invoices()
        self._show_search(query, search, kept)
        self.by_date, self.by_number, self.by_amount = (
            _sort_head(column, order, query, ascending=ascending) for column in InvoiceOrder
        )
        self.invoice = await self._opened(parameters.get("invoice", ""))
        self.is_loaded = True

    @portal_event()
    def search(self, text: str) -> Any:
        """Put what was typed into the address; the page loads from there, unless its reader has gone on to another."""
        if urlsplit(str(self.router.url)).path.rstrip("/") != INVOICES:
            return None
        self._typed = clean(text)[:MAX_CHARACTERS]
        parameters = self._parameters()
        kept = {"sort": parameters.get("sort", ""), "dir": parameters.get("dir", "")}
        return rx.redirect(address(INVOICES, q=self._typed.strip(), **kept), replace=True)

    @portal_event()
    async def download(self, public_id: str) -> Any:
        """Download one invoice as PDF."""
        return await invoice_download(self, public_id)

    @portal_event()
    def export(self) -> Any:
        """Download all invoices of this search as CSV."""
        return file_download(self, FileKind.INVOICES_CSV, self.query)

    def _show_search(self, query: str, search: InvoiceSearch, kept: dict[str, str]) -> None:
        self.query, self.chips = query, chips(search, kept)
        self.clear_to = address(INVOICES, sort=kept["sort"], dir=kept["dir"])
        if query != self._typed.strip():
            # The address changed without the field: draw the field anew. While someone types it stays as it is.
            self._typed = query
            self.query_version += 1

    async def _has_invoices(self) -> bool:
        """Tell whether there is anything to search; if nobody can say, there may be."""
        count, _reference = await or_reference(self._ask(count_invoices))
        return count != 0

    async def _opened(self, public_id: str) -> OpenInvoice:
        if not public_id:
            return NO_INVOICE
        try:
            found, reference = await or_reference(self._ask(get_invoice, public_id, clock.utc_now()))
        except NotFound:
            return OpenInvoice(**{**NO_INVOICE, "id": public_id, "problem": "not_found"})
        if found is None:
            return OpenInvoice(**{**NO_INVOICE, "id": public_id, "problem": reference})
        return open_invoice(found, self._display())


def _order(parameters: dict[str, str]) -> tuple[InvoiceOrder, bool]:
    words = {order.value: order for order in InvoiceOrder}
    return words.get(parameters.get("sort", ""), InvoiceOrder.DATE), parameters.get("dir") == "asc"


def _sort_head(column: InvoiceOrder, order: InvoiceOrder, query: str, *, ascending: bool) -> SortHead:
    """Lead to the other direction of the present order, or to the new column's largest first."""
    is_present = column is order
    turn = "asc" if is_present and not ascending else ""
    sort = "" if column is InvoiceOrder.DATE else column.value
    direction = ("ascending" if ascending else "descending") if is_present else "none"
    return SortHead(to=address(INVOICES, q=query, sort=sort, dir=turn), direction=direction)
