"""What Customers says: the search, one page of customers, and the ways to sort and filter it."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from portal_app import clock
from portal_app.billing.statuses import RecordStatus
from portal_app.display import Display
from portal_app.labels import RECORD_STATUSES
from portal_app.queries.customer_list import (
    CustomerOrder,
    CustomerPage,
    CustomerSearch,
    ListedCustomer,
    search_customers_of_operator,
)
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.addresses import address, clean, page_number
from portal_app.ui.components.badges import BadgeRow, badge_row
from portal_app.ui.components.pager import NO_PAGER, PagerRow
from portal_app.ui.components.sort_heads import NO_SORT, SortHead
from portal_app.ui.components.time_range import Choice
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.addresses import CUSTOMER, CUSTOMERS
from portal_app.ui.operator.customers.words import balance_words
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told

MAX_CHARACTERS = 80
ANY = "any"
STATUSES = {"": RecordStatus.PUBLISHED, "archived": RecordStatus.ARCHIVED, "deleted": RecordStatus.DELETED, ANY: None}
NONE = {"archived": _("No customer is archived."), "deleted": _("No customer is deleted.")}
WORDS = {"": _("Active"), "archived": _("Archived"), "deleted": _("Deleted"), ANY: _("All")}


class CustomerRow(TypedDict):
    """A customer as a row shows it; `open_to` is the address of its details, empty for one that is deleted."""

    external_id: str
    name: str
    email: str
    badge: BadgeRow
    balance: str
    plan: str
    visit: str
    visit_moment: str
    created: str
    open_to: str
    menu_label: str
    may_open: bool


class CustomersState(Desk):
    """The finished texts of the list of customers."""

    query: str = ""
    query_version: int = 0
    rows: list[CustomerRow] = []
    pager: PagerRow = NO_PAGER
    statuses: list[Choice] = []
    clear_to: str = CUSTOMERS
    why_none: str = ""
    by_name: SortHead = NO_SORT
    by_id: SortHead = NO_SORT
    by_created: SortHead = NO_SORT
    failed: str = ""
    is_loaded: bool = False
    _typed: str = ""

    @rx.event
    @told
    async def load(self) -> None:
        """Load the page of customers that the address names."""
        parameters, display = self._parameters(), self._display()
        query, kept = parameters.get("q", "")[:MAX_CHARACTERS], _kept(parameters)
        search = CustomerSearch(query, STATUSES[kept["status"]], *_order(kept))
        number = page_number(parameters.get("page", ""))
        page, self.failed = await or_reference(self._ask(search_customers_of_operator, search, clock.utc_now(), number))
        if page:
            self.rows = [_row(customer, display) for customer in page.items]
            self.pager = _pager(page, display, {"q": query, **kept})
        self.statuses = [
            Choice(label=label, name=label, to=address(CUSTOMERS, q=query, **{**kept, "status": word}),
                   current=word == kept["status"])
            for word, label in WORDS.items()
        ]  # fmt: skip
        self.why_none = NONE.get(kept["status"], _("They come through the API or an import."))
        self.clear_to = address(CUSTOMERS, **kept)
        self.by_name, self.by_id, self.by_created = (_head(order, query, kept) for order in CustomerOrder)
        if query != self._typed.strip():
            self._typed, self.query_version = query, self.query_version + 1
        self.query, self.is_loaded = query, True

    @rx.event
    def search(self, text: str) -> Any:
        """Put what was typed into the address; the page loads from there."""
        self._typed = clean(text)[:MAX_CHARACTERS]
        return rx.redirect(address(CUSTOMERS, q=self._typed.strip(), **_kept(self._parameters())), replace=True)


def _kept(parameters: dict[str, str]) -> dict[str, str]:
    """Return what stays in the address when the search changes; what nobody knows is left out."""
    status, sort = parameters.get("status", ""), parameters.get("sort", "")
    return {
        "status": status if status in STATUSES else "",
        "sort": sort if sort in set(CustomerOrder) - {CustomerOrder.NAME} else "",
        "dir": "desc" if parameters.get("dir") == "desc" else "",
    }


def _order(kept: dict[str, str]) -> tuple[CustomerOrder, bool]:
    return CustomerOrder(kept["sort"] or CustomerOrder.NAME), kept["dir"] != "desc"


def _head(order: CustomerOrder, query: str, kept: dict[str, str]) -> SortHead:
    present, ascending = _order(kept)
    is_present = order is present
    turn = "desc" if (is_present and ascending) or (not is_present and order is CustomerOrder.CREATED) else ""
    sort = "" if order is CustomerOrder.NAME else order.value
    direction = ("ascending" if ascending else "descending") if is_present else "none"
    return SortHead(to=address(CUSTOMERS, q=query, status=kept["status"], sort=sort, dir=turn), direction=direction)


def _row(customer: ListedCustomer, display: Display) -> CustomerRow:
    return CustomerRow(
        external_id=customer.external_id,
        name=customer.name,
        email=customer.email,
        badge=badge_row(RECORD_STATUSES[customer.status]),
        balance=balance_words(customer, display),
        plan=", ".join(customer.plans),
        visit=display.date(customer.last_visit_at) if customer.last_visit_at else "",
        visit_moment=display.moment(customer.last_visit_at) if customer.last_visit_at else "",
        created=display.date(customer.created_at),
        open_to="" if customer.status is RecordStatus.DELETED else address(CUSTOMER, id=customer.public_id),
        menu_label=_("Actions for {name}").format(name=customer.name),
        may_open=customer.status is RecordStatus.PUBLISHED,
    )


def _pager(page: CustomerPage, display: Display, kept: dict[str, str]) -> PagerRow:
    count = display.count(page.total)
    counted = ngettext("{count} customer", "{count} customers", page.total).format(count=count)
    total = counted if page.is_total_known else _("more than {counted}").format(counted=counted)
    first = (page.number - 1) * page.size + 1
    shown = f"{display.count(first)}\u2013{display.count(first + len(page.items) - 1)}" if page.items else "0"
    return PagerRow(
        summary=_("{shown} of {total}").format(shown=shown, total=total),
        newer=address(CUSTOMERS, **kept, page=page.number - 1) if page.number > 1 else "",
        older=address(CUSTOMERS, **kept, page=page.number + 1) if page.has_more else "",
    )
