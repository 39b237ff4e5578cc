"""Files as an operator writes them, and what a run over them came to."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import SQLModel, select

from portal_app.database import Database
from portal_app.imports.report import Outcome

CUSTOMERS = "external_id,name\nacme,Acme Corp\nglobex,Globex\n"
PLANS = "external_id,name\nbase,Plan Base\n"
METERS = "external_id,name,event_name,aggregation\ncalls,Calls,call,COUNT\n"
FEATURES = "external_id,name,type,meter\ncalls,Calls,metered,calls\n"
SUBSCRIPTIONS = (
    "external_id,customer,plan,subscription_status,currency,billing_period,start_at,current_period_start_at,"
    "current_period_end_at\n"
    "sub,acme,base,active,USD,MONTHLY,2026-01-01T00:00Z,2026-01-01T00:00Z,2026-02-01T00:00Z\n"
)
WALLETS = "external_id,customer,currency,conversion_rate\nw-acme,acme,USD,0.1\nw-globex,globex,USD,1\n"
INVOICES = "external_id,customer,invoice_status,currency,issued_at"
LINES = "external_id,invoice,display_name,amount"
PAYMENTS = "external_id,invoice,created_at,amount,method,payment_status"
LEDGER = "external_id,wallet,created_at,type,transaction_reason,credit_amount"


def csv(head: str, *rows: str) -> str:
    """Return a file of a header and rows."""
    return "\n".join([head, *rows, ""])


def credit(key: str, hour: int, amount: object, reason: str = "FREE_CREDIT_GRANT", wallet: str = "w-acme") -> str:
    """Return a ledger row of 5 January 2026 that adds credits."""
    return f"{key},{wallet},2026-01-05T{hour:02d}:00Z,credit,{reason},{amount}"


def debit(key: str, hour: int, amount: object, reason: str = "INVOICE_PAYMENT", wallet: str = "w-acme") -> str:
    """Return a ledger row of 5 January 2026 that takes credits."""
    return f"{key},{wallet},2026-01-05T{hour:02d}:00Z,debit,{reason},{amount}"


def write(folder: Path, **files: str) -> None:
    """Write files into a folder, each as CSV under its noun's name, or as the ending behind `__` says."""
    for name, text in files.items():
        stem, _, ending = name.partition("__")
        (folder / f"{stem}.{ending or 'csv'}").write_text(text, encoding="utf-8", newline="")


def told(outcome: Outcome) -> list[str]:
    """Return what a run objects to, as its lines on screen."""
    return [str(problem) for problem in outcome.problems]


def counts(outcome: Outcome) -> dict[str, tuple[int, int, int]]:
    """Return how many rows of each noun were added, changed, and left as they were."""
    return {name: (tally.added, tally.changed, tally.unchanged) for name, tally in outcome.tallies.items()}


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, to compare what a run has changed."""
    with database.reading() as session:
        return {
            table.name: [tuple(row) for row in session.connection().execute(select(table).order_by(*table.primary_key))]
            for table in SQLModel.metadata.sorted_tables
        }
