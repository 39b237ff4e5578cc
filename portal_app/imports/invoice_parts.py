"""The lines and payments of one invoice: what is wrong with them, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Generic, TypeVar

from portal_app.billing.money import MONEY_SCALE, minor_digits, quantize
from portal_app.billing.statuses import RECEIVED_PAYMENT_STATUSES
from portal_app.imports.columns import Noun, Objection, Values
from portal_app.imports.invoice_sums import ZERO, Lines, Receipts
from portal_app.imports.kinds import fitting
from portal_app.imports.nouns import LINE_ITEMS
from portal_app.imports.problems import BadCell
from portal_app.imports.run import attributes, current, defaults, frozen
from portal_app.imports.scratch import StagedRow
from portal_app.models.invoice import Invoice, LineItem, Payment

Stored = TypeVar("Stored", LineItem, Payment)
ENOUGH_DIGITS = 60


@dataclass(slots=True)
class Part(Generic[Stored]):
    """A line or payment: brought by this run, stored earlier, or both. `values` is what it comes to."""

    row: StagedRow | None
    stored: Stored | None
    values: Values


def parts_of(
    noun: Noun, rows: Sequence[StagedRow], known: dict[str, Stored], others: Iterable[Stored]
) -> list[Part[Stored]]:
    """Return the parts of one invoice: those this run brings, in the file's order, then those only stored."""
    parts = [Part(row, known.get(row.key), _values(noun, row, known.get(row.key))) for row in rows]
    brought = {row.key for row in rows}
    return parts + [Part(None, one, _values(noun, None, one)) for one in others if one.external_id not in brought]


def line_objections(line: Part[LineItem], invoice: Invoice | None, currency: str, *, is_final: bool) -> list[Objection]:
    """Fill in a line's amount, and return what is wrong with the line."""
    objections = [*_line_amount(line.values, currency), *_foreign(line, invoice), *LINE_ITEMS.check(line.values)]
    return [*objections, *_frozen(line)] if is_final else objections


def payment_objections(payment: Part[Payment], invoice: Invoice | None, currency: str) -> list[Objection]:
    """Fill in a payment's currency, and return what is wrong with the payment."""
    told = payment.values["currency"] = payment.values["currency"] or currency
    objections = list(_foreign(payment, invoice))
    return objections if told == currency else [*objections, ("currency", f"is {told}; the invoice is in {currency}")]


def number_lines(lines: Sequence[Part[LineItem]]) -> Iterator[tuple[Part[LineItem], Objection]]:
    """Give each line without one a position after all others, and yield lines whose position is taken."""
    taken: set[int] = set()
    for line in lines:
        position = line.values["position"]
        if position in taken:
            yield line, ("position", f"{position} is the position of another line of the invoice")
        elif position is not None:
            taken.add(position)
    following = max(taken, default=0)
    for line in lines:
        if line.values["position"] is None:
            following += 1
            line.values["position"] = following


def sum_lines(lines: Sequence[Part[LineItem]]) -> Lines:
    """Return what lines add up to."""

    def total(name: str) -> Decimal:
        return sum((line.values[name] for line in lines), ZERO)

    return Lines(len(lines), total("amount"), total("discount"), total("credits_applied"))


def sum_payments(payments: Sequence[Part[Payment]]) -> Receipts:
    """Return what arrived."""
    arrived = [pay.values["amount"] for pay in payments if pay.values["payment_status"] in RECEIVED_PAYMENT_STATUSES]
    return Receipts(len(payments), sum(arrived, ZERO))


def _values(noun: Noun, row: StagedRow | None, stored: LineItem | Payment | None) -> Values:
    values = current(noun, stored) if stored else defaults(noun)
    given = attributes(noun, row.values, {}) if row else {}
    values |= {name: value for name, value in given.items() if not (value is None and name == "position" and stored)}
    del values["invoice_id"]
    return values


def _line_amount(values: Values, currency: str) -> Iterator[Objection]:
    if values["amount"] is not None:
        return
    if values["unit_price"] is None:
        values["amount"] = ZERO
        yield "amount", "is required where there is no unit_price"
        return
    with localcontext() as context:
        context.prec = ENOUGH_DIGITS
        values["amount"] = quantize(values["quantity"] * values["unit_price"], minor_digits(currency))
    try:
        fitting(values["amount"], MONEY_SCALE)
    except BadCell as fault:
        yield "amount", str(fault)


def _foreign(part: Part[LineItem] | Part[Payment], invoice: Invoice | None) -> Iterator[Objection]:
    if part.stored and (invoice is None or part.stored.invoice_id != invoice.id):
        yield "invoice", "is not the invoice that an earlier import gave this row, which cannot change"


def _frozen(line: Part[LineItem]) -> Iterator[Objection]:
    if line.stored is None:
        yield "invoice", "is finalised: no line can be added to it"
    else:
        yield from frozen(LINE_ITEMS, line.stored, line.values)
