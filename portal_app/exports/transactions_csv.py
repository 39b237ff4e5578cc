"""A wallet's ledger as CSV: signed exact amounts, local times with their offset."""

from collections.abc import Iterable, Iterator

from portal_app.display import Display
from portal_app.exports.csv_lines import csv_lines
from portal_app.labels import TRANSACTION_REASONS, TRANSACTION_STATUSES
from portal_app.queries.wallets import Transaction

HEAD = ("transaction", "status", "at", "expires_at", "priority", "currency", "amount", "credits", "credits_after",
        "invoice", "description", "id")  # fmt: skip


def transactions_csv(transactions: Iterable[Transaction], display: Display) -> Iterator[str]:
    """Yield the file line by line, in the order of `transactions`."""
    return csv_lines(
        HEAD,
        (
            (
                TRANSACTION_REASONS[row.reason],
                TRANSACTION_STATUSES[row.status].label,
                display.local(row.at).isoformat(timespec="seconds"),
                display.local(row.expires_at).isoformat(timespec="seconds") if row.expires_at else None,
                row.priority,
                row.value.currency.upper(),
                row.value.amount,
                row.credits,
                row.credits_after,
                row.invoice_number,
                row.description or row.grant_name,
                row.public_id,
            )
            for row in transactions
        ),
    )
