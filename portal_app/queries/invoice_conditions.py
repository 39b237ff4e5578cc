"""Which invoices a customer may see, and which of them a search means, as SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, literal_column, not_, or_, text
from sqlmodel import col

from portal_app.billing.periods import local_midnight
from portal_app.billing.states import UNPAID_STATES, InvoiceState
from portal_app.billing.statuses import CUSTOMER_INVOICE_STATUSES, InvoiceStatus, PaymentStatus
from portal_app.models.invoice import Invoice
from portal_app.queries.invoice_search import AmountTerm, DateTerm, InvoiceSearch, NumberTerm, StatusTerm
from portal_app.queries.rows import NOW


def visible(customer_id: Any) -> tuple[ColumnElement[bool], ...]:
    """Return what every invoice a customer may see fulfils: it is theirs and was issued once, so none is skipped."""
    return (
        col(Invoice.customer_id) == customer_id,
        col(Invoice.invoice_status).in_(_SHOWN),
        not_(col(Invoice.voided_as_draft)),
    )


def matching(search: InvoiceSearch, zone: ZoneInfo, numbers: Collection[str] = ()) -> tuple[ColumnElement[bool], ...]:
    """Return what invoices that match a search at the moment `NOW` fulfil; its days are those of `zone`.

    Words of it that are `numbers` of invoices mean these, too: a period or an amount can be written like one.
    """
    kinds: dict[type, list[ColumnElement[bool]]] = {}
    narrowing: list[ColumnElement[bool]] = []
    for term in search.terms:
        match term:
            case StatusTerm():
                condition = _is_any(term.states)
            case AmountTerm():
                condition = _amount_condition(term)
            case DateTerm():
                condition = _date_condition(term, zone)
            case NumberTerm():
                condition = _number_condition(term)
        if term.text in numbers:
            condition = or_(condition, col(Invoice.number) == term.text)
        if isinstance(term, AmountTerm | DateTerm) and term.narrows:
            narrowing.append(condition)
        else:
            kinds.setdefault(type(term), []).append(condition)
    return (*narrowing, *(or_(*conditions) for conditions in kinds.values()))


def _amount_condition(term: AmountTerm) -> ColumnElement[bool]:
    total = col(Invoice.total)
    if term.low is not None and term.low == term.high:
        return total == term.low  # so that the rows come out of the index by date
    conditions: list[ColumnElement[bool]] = []
    if term.low is not None:
        conditions.append(total >= term.low if term.low_included else total > term.low)
    if term.high is not None:
        conditions.append(total <= term.high if term.high_included else total < term.high)
    return and_(*conditions)


def _date_condition(term: DateTerm, zone: ZoneInfo) -> ColumnElement[bool]:
    issued = col(Invoice.issued_at)
    conditions: list[ColumnElement[bool]] = []
    if term.first is not None:
        conditions.append(issued >= local_midnight(term.first, zone))
    if term.last is not None:
        conditions.append(issued < local_midnight(term.last + timedelta(days=1), zone))
    return and_(*conditions)


def _number_condition(term: NumberTerm) -> ColumnElement[bool]:
    contains = col(Invoice.number).icontains(term.fragment, autoescape=True)
    return contains if term.amount is None else or_(contains, col(Invoice.total) == term.amount)


@cache
def _is_any(states: frozenset[InvoiceState]) -> Any:
    words = ", ".join(f"'{state}'" for state in sorted(states))
    return text(f"({_STATE} IN ({words}))").bindparams(NOW)


def _state_in_sql() -> str:
    """`billing.states.invoice_state` as SQL, clause by clause; as text, since nothing in it ever changes."""
    payment = col(Invoice.payment_status)
    remaining, due = col(Invoice.amount_remaining), col(Invoice.amount_due)
    void = or_(col(Invoice.invoice_status) == InvoiceStatus.VOIDED, payment == PaymentStatus.VOIDED)
    now = literal_column(f":{NOW.key}")
    state = case(
        (void, InvoiceState.VOID.value),
        (payment == PaymentStatus.SUCCEEDED, InvoiceState.PAID.value),
        (payment == PaymentStatus.OVERPAID, InvoiceState.OVERPAID.value),
        (payment == PaymentStatus.REFUNDED, InvoiceState.REFUNDED.value),
        (payment == PaymentStatus.PARTIALLY_REFUNDED, InvoiceState.PARTIALLY_REFUNDED.value),
        (and_(due <= 0, remaining == 0), InvoiceState.NOTHING_DUE.value),
        (remaining == 0, InvoiceState.PAID.value),
        (payment == PaymentStatus.FAILED, InvoiceState.FAILED.value),
        (and_(col(Invoice.due_at).is_not(None), col(Invoice.due_at) < now), InvoiceState.OVERDUE.value),
        (payment == PaymentStatus.PROCESSING, InvoiceState.PROCESSING.value),
        (payment == PaymentStatus.INITIATED, InvoiceState.STARTED.value),
        (col(Invoice.amount_paid) > 0, InvoiceState.PARTIALLY_PAID.value),
        else_=InvoiceState.PENDING.value,
    )
    return str(state.compile(compile_kwargs={"literal_binds": True}))


_SHOWN = [literal_column(f"'{status}'") for status in CUSTOMER_INVOICE_STATUSES]
"""Written out: a list of parameters would be spelled anew each time."""
_STATE = _state_in_sql()
UNPAID, OVERDUE = _is_any(UNPAID_STATES), _is_any(frozenset({InvoiceState.OVERDUE}))
"""What an invoice is at the moment `NOW`, as its badge says it."""
