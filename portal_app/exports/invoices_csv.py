"""A customer's invoices as CSV: exact amounts, local times with their offset, statuses as on screen."""

from collections.abc import Iterable, Iterator

from portal_app.display import Display
from portal_app.exports.csv_lines import csv_lines
from portal_app.labels import INVOICE_STATES
from portal_app.queries.invoices import InvoiceSummary

HEAD = ("number", "status", "issued_at", "due_at", "currency", "total", "remaining", "id")


def invoices_csv(invoices: Iterable[InvoiceSummary], display: Display) -> Iterator[str]:
    """Yield the file line by line, in the order of `invoices`."""
    return csv_lines(
        HEAD,
        (
            (
                invoice.number,
                INVOICE_STATES[invoice.state].label,
                display.local(invoice.issued_at).isoformat(timespec="seconds"),
                display.local(invoice.due_at).isoformat(timespec="seconds") if invoice.due_at else None,
                invoice.total.currency.upper(),
                invoice.total.amount,
                invoice.to_pay.amount,
                invoice.public_id,
            )
            for invoice in invoices
        ),
    )
