"""Invoices, as a customer sees them: found, and listed newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, case, func, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.money import Money
from portal_app.billing.states import UNPAID_STATES, InvoiceState, invoice_state
from portal_app.database import Session
from portal_app.models.invoice import Invoice
from portal_app.queries.invoice_conditions import OVERDUE, UNPAID, matching, visible
from portal_app.queries.invoice_search import InvoiceSearch, may_be_number
from portal_app.queries.paging import PAGE_SIZE, Page, offset_of
from portal_app.queries.rows import MINE, columns_of, each_row_of, row_of, rows_of

SEARCHES_KEPT = 256
"""How many searches' statements are kept made; to build one costs as much as to run it."""


class InvoiceOrder(StrEnum):
    """What a list of invoices is sorted by, ties by date in the same direction; a missing number comes last."""

    DATE = "date"
    NUMBER = "number"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """One invoice in a list. Amounts are unrounded; `number` may be missing on imported ones."""

    public_id: str
    number: str | None
    state: InvoiceState
    total: Money
    remaining: Money
    issued_at: datetime
    due_at: datetime | None

    @property
    def to_pay(self) -> Money:
        """What of `remaining` anybody waits for: nothing once the invoice is void, or money of it went back."""
        return self.remaining if self.state in UNPAID_STATES else Money(Decimal(0), self.remaining.currency)


@dataclass(frozen=True, slots=True)
class Owed:
    """What remains to be paid in one currency, and how many of the invoices it is on are overdue."""

    remaining: Money
    overdue: int


def search_invoices(
    session: Session,
    customer_id: CustomerId,
    search: InvoiceSearch,
    zone: ZoneInfo,
    now: datetime,
    number: int = 1,
    order: InvoiceOrder = InvoiceOrder.DATE,
    *,
    ascending: bool = False,
) -> Page[InvoiceSummary]:
    """Return one page of the invoices that match, drafts and skipped ones never among them.

    Days in the search are the customer's, in `zone`.
    """
    numbers = _numbers_in(session, customer_id, search)
    count, page = _searched(search, zone, numbers, order, ascending=ascending)
    total = row_of(session, customer_id, count, now=now)[0]
    number, offset = offset_of(number, total)
    found = rows_of(session, customer_id, page, now=now, offset=offset, limit=PAGE_SIZE)
    return Page(tuple(summary_of(row, now) for row in found), number, total)


def each_invoice(
    session: Session, customer_id: CustomerId, search: InvoiceSearch, zone: ZoneInfo, now: datetime
) -> Iterator[InvoiceSummary]:
    """Yield all invoices that match, newest first, in constant memory."""
    conditions = matching(search, zone, _numbers_in(session, customer_id, search))
    statement = _summaries(InvoiceOrder.DATE, ascending=False).where(*conditions)
    rows = each_row_of(session, customer_id, statement.offset(None).limit(None), now=now)
    return (summary_of(row, now) for row in rows)


def invoices_at_a_glance(
    session: Session, customer_id: CustomerId, now: datetime
) -> tuple[list[InvoiceSummary], list[Owed]]:
    """Return the customer's newest invoices, and what there is still to pay on all of them, as of one moment."""
    return list_latest_invoices(session, customer_id, now), list_owed(session, customer_id, now)


def list_latest_invoices(
    session: Session, customer_id: CustomerId, now: datetime, limit: int = 3
) -> list[InvoiceSummary]:
    """Return the customer's newest invoices, newest first."""
    newest = _summaries(InvoiceOrder.DATE, ascending=False)
    return [summary_of(row, now) for row in rows_of(session, customer_id, newest, offset=0, limit=limit)]


def list_owed(session: Session, customer_id: CustomerId, now: datetime) -> list[Owed]:
    """Return what the customer still has to pay, in order of the currencies; nothing where nothing remains."""
    rows = rows_of(session, customer_id, _OWED, now=now)
    return [Owed(Money(row.remaining, row.currency), row.overdue) for row in rows]


def count_invoices(session: Session, customer_id: CustomerId) -> int:
    """Return how many invoices the customer can see in all."""
    return row_of(session, customer_id, _COUNT)[0]


def _numbers_in(session: Session, customer_id: CustomerId, search: InvoiceSearch) -> frozenset[str]:
    """Return which words of a search that read as a period or an amount are whole numbers of invoices.

    It is asked beforehand, since a condition on either would be answered from no index.
    """
    words = [term.text for term in search.terms if may_be_number(term)]
    return frozenset(row.number for row in rows_of(session, customer_id, _NUMBERED, words=words)) if words else _NONE


@lru_cache(SEARCHES_KEPT)
def _searched(
    search: InvoiceSearch, zone: ZoneInfo, numbers: frozenset[str], order: InvoiceOrder, *, ascending: bool
) -> tuple[Any, Any]:
    """The selects of how many match, and of a page of them: asked again for each page and each invoice opened."""
    conditions = matching(search, zone, numbers)
    return _COUNT.where(*conditions), _summaries(order, ascending=ascending).where(*conditions)


@cache
def _summaries(order: InvoiceOrder, *, ascending: bool) -> Any:
    """The select of a page of what a customer may see."""
    columns = columns_of(Invoice, _SUMMARISED)
    page = select(*columns).where(*visible(MINE)).order_by(*_ordering(order, ascending=ascending))
    return page.offset(bindparam("offset")).limit(bindparam("limit"))


def _ordering(order: InvoiceOrder, *, ascending: bool) -> tuple[Any, ...]:
    newest_first = (col(Invoice.issued_at), col(Invoice.id))
    columns = {
        InvoiceOrder.DATE: newest_first,
        InvoiceOrder.NUMBER: (col(Invoice.number), *newest_first),
        InvoiceOrder.AMOUNT: (col(Invoice.total), *newest_first),
    }[order]
    directed = [column.asc() if ascending else column.desc() for column in columns]
    if order is InvoiceOrder.NUMBER:
        directed[0] = directed[0].nulls_last()
    return tuple(directed)


def summary_of(row: Any, now: datetime) -> InvoiceSummary:
    """Return a row, of these columns at least, as a list shows it."""
    return InvoiceSummary(
        public_id=row.public_id,
        number=row.number,
        state=invoice_state(
            invoice_status=row.invoice_status,
            payment_status=row.payment_status,
            amount_due=row.amount_due,
            amount_paid=row.amount_paid,
            amount_remaining=row.amount_remaining,
            due_at=row.due_at,
            now=now,
        ),
        total=Money(row.total, row.currency),
        remaining=Money(row.amount_remaining, row.currency),
        issued_at=row.issued_at,
        due_at=row.due_at,
    )


_SUMMARISED = (
    "public_id",
    "number",
    "invoice_status",
    "payment_status",
    "currency",
    "total",
    "amount_due",
    "amount_paid",
    "amount_remaining",
    "issued_at",
    "due_at",
)
_OWED = (
    select(
        col(Invoice.currency),
        func.sum(col(Invoice.amount_remaining)).label("remaining"),
        func.sum(case((OVERDUE, 1), else_=0)).label("overdue"),
    )
    .where(*visible(MINE), col(Invoice.amount_remaining) > 0, UNPAID)
    .group_by(col(Invoice.currency))
    .order_by(col(Invoice.currency))
)
_NUMBERED = select(col(Invoice.number)).where(
    col(Invoice.customer_id) == MINE, col(Invoice.number).in_(bindparam("words", expanding=True))
)
_NONE: frozenset[str] = frozenset()
_COUNT = select(func.count()).select_from(Invoice).where(*visible(MINE))
