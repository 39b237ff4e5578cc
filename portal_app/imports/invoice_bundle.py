"""One invoice with its lines and payments, brought or stored: what it comes to, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from portal_app.billing.statuses import InvoiceStatus, PaymentMethod, PaymentStatus
from portal_app.commands.external_rows import Target
from portal_app.imports.columns import Objection, Values
from portal_app.imports.invoice_parts import Part, sum_lines, sum_payments
from portal_app.imports.invoice_sums import complete
from portal_app.imports.nouns import INVOICES
from portal_app.imports.problems import quoted
from portal_app.imports.run import attributes, current, defaults, differing, frozen, moved
from portal_app.imports.scratch import StagedRow
from portal_app.models.invoice import Invoice, LineItem, Payment

PROGRESS = frozenset(
    {"invoice_status", "payment_status", "amount_paid", "amount_remaining", "refunded_amount", "paid_at", "voided_at"}
)
"""What goes on changing once an invoice is finalised; all else of it stays as it was issued."""
_FINAL = {InvoiceStatus.FINALIZED, InvoiceStatus.VOIDED}
_NEXT = {InvoiceStatus.FINALIZED: _FINAL, InvoiceStatus.VOIDED: {InvoiceStatus.VOIDED}}
_FOLLOWING = ("subtotal", "total", "amount_due", "amount_remaining")
"""Sums that are worked out anew where a file leaves their column out."""


@dataclass(slots=True)
class Bundle:
    """An invoice of this run, or one stored earlier that lines or payments of this run belong to; or neither."""

    key: str
    row: StagedRow | None
    stored: Invoice | None
    lines: list[Part[LineItem]]
    payments: list[Part[Payment]]
    is_whole: bool = True
    """Whether all its lines and payments have been read."""
    values: Values = field(default_factory=dict[str, object])
    is_final: bool = field(init=False)
    """Whether an earlier run issued it."""

    def __post_init__(self) -> None:
        """Note how the invoice was found, before anything of it changes."""
        self.is_final = self.stored is not None and self.stored.invoice_status in _FINAL

    @property
    def brought(self) -> list[StagedRow]:
        """Its lines and payments in this run."""
        return [part.row for part in (*self.lines, *self.payments) if part.row]

    @property
    def adds_up(self) -> bool:
        """Whether its lines and payments can be added up: all are known, and none is bad."""
        return self.is_whole and not any(row.bad for row in self.brought)

    @property
    def kept_lines(self) -> list[Part[LineItem]]:
        """The lines it will have: a draft's are those of the file, if that has any."""
        brought = [line for line in self.lines if line.row]
        return brought if brought and not self.is_final else self.lines

    @property
    def changes(self) -> bool:
        """Whether anything of an invoice that is stored will be written."""
        if self.stored is None:
            return False
        parts = (*self.lines, *self.payments)
        return (
            bool(differing(self.stored, self.values))
            or any(part.row and not (part.stored and not differing(part.stored, part.values)) for part in parts)
            or len(self.kept_lines) < len(self.lines)
        )

    def work_out(self, targets: dict[tuple[str, str], Target]) -> None:
        """Put together what the invoice comes to, its sums as far as they are given."""
        self.values = current(INVOICES, self.stored) if self.stored else defaults(INVOICES)
        given = attributes(INVOICES, self.row.values, targets) if self.row else {}
        self.values |= given
        if self.row and self.stored and self.adds_up:
            self._ask_anew(self.stored, given)
        INVOICES.derive(self.values)

    def _ask_anew(self, stored: Invoice, given: Values) -> None:
        """Empty the sums that the file leaves out, and what payments decide."""
        self.values |= {name: None for name in _FOLLOWING if name not in given}
        receipts, status = sum_payments(self.payments), given.get("payment_status")
        paid_since = status == PaymentStatus.SUCCEEDED and stored.amount_remaining
        if (receipts.count or paid_since) and "amount_paid" not in given:
            self.values["amount_paid"] = None
        if status == PaymentStatus.REFUNDED and "refunded_amount" not in given:
            self.values["refunded_amount"] = None
        paid = receipts.received if self.values["amount_paid"] is None else self.values["amount_paid"]
        if paid != stored.amount_paid and "payment_status" not in given:
            self.values["payment_status"] = None

    def objections(self, targets: dict[tuple[str, str], Target]) -> Iterator[Objection]:
        """Fill in the sums, and yield what is wrong with the invoice itself."""
        yield from INVOICES.check(self.values)
        if self.stored and self.row:
            yield from moved(INVOICES, self.stored, attributes(INVOICES, self.row.values, targets))
        yield from self._foreign_subscription(targets)
        yield from self._foreign_payment()
        if not self.adds_up:
            return
        sums = complete(self.values, sum_lines(self.kept_lines), sum_payments(self.payments))
        yield from sums
        if self.stored and not sums:
            yield from self._frozen(self.stored)

    def _foreign_subscription(self, targets: dict[tuple[str, str], Target]) -> Iterator[Objection]:
        named = self.row.values.get("subscription") if self.row else None
        if named and targets["subscription", named].customer_id != self.values["customer_id"]:
            yield "subscription", f"{quoted(named)} belongs to another customer"

    def _foreign_payment(self) -> Iterator[Objection]:
        """Find a payment of an invoice not issued yet that stays as it is, since this run does not bring it."""
        currency = self.values["currency"]
        for payment in self.payments if self.row and not self.is_final else ():
            if payment.row is None and payment.stored and payment.stored.currency != currency:
                whose = quoted(payment.stored.external_id or payment.stored.public_id)
                yield "currency", f"is {currency}; its payment {whose} is in {payment.stored.currency}"
                return

    def _frozen(self, stored: Invoice) -> Iterator[Objection]:
        if not self.is_final:
            return
        if self.values["invoice_status"] not in _NEXT[stored.invoice_status]:
            yield "invoice_status", f"is {stored.invoice_status} and cannot become {self.values['invoice_status']}"
        elif self._keeps_credits(stored):
            yield "invoice_status", "cannot become VOIDED: make it void here, so that the credits that paid it return"
        yield from frozen(INVOICES, stored, self.values, PROGRESS | INVOICES.fixed)

    def _keeps_credits(self, stored: Invoice) -> bool:
        """Tell whether it is made void while credits that were taken here, by no import, have not gone back."""
        voids = (
            stored.invoice_status is InvoiceStatus.FINALIZED and self.values["invoice_status"] == InvoiceStatus.VOIDED
        )
        if not voids or self.values["refunded_amount"] == self.values["amount_paid"]:
            return False
        ours = (payment.stored for payment in self.payments if payment.stored and payment.stored.external_id is None)
        return any(
            payment.method is PaymentMethod.CREDITS and payment.payment_status is PaymentStatus.SUCCEEDED
            for payment in ours
        )
