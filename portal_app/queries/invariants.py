"""The invariants of stored money, as one checker: `verify` prints what it finds, the tests expect nothing.

Most checks are one statement that leaves the search to the database and computes on its integers (10⁻⁶ units),
so that both engines are exact. Beside a new table: what must hold of it, here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Table, or_, text
from sqlmodel import SQLModel, col, select

from portal_app.billing.money import is_worth
from portal_app.database import Session
from portal_app.models.columns import MoneyColumn
from portal_app.models.wallet import WalletTransaction
from portal_app.queries.usage_invariants import all_usage_violations
from portal_app.queries.violation import Violation

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that finds the rows of `table` for which `sentence` is true, and the facts that it names."""

    rule: str
    table: str
    sentence: str
    statement: str
    amounts: str = ""
    """Which of the statement's columns are in 10⁻⁶ units."""


def all_violations(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with any row of any customer, rule by rule, in constant memory."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))  # nobody waits for a page
    for check in CHECKS:
        yield from _found(session, check)
    yield from _worth(session)
    yield from _owners(session)
    yield from all_usage_violations(session)


_LEDGER = """
    SELECT {columns} FROM (
        SELECT public_id, sequence, created_at, type, credit_amount, credit_balance_before AS before,
            credit_balance_after AS after,
            CASE WHEN transaction_status <> 'completed' THEN 0 WHEN type = 'credit' THEN credit_amount
                ELSE -credit_amount END AS moved,
            LAG(sequence, 1, 0) OVER ledger AS last_sequence,
            LAG(credit_balance_after) OVER ledger AS last_after,
            LAG(created_at) OVER ledger AS last_at
        FROM wallet_transaction WINDOW ledger AS (PARTITION BY wallet_id ORDER BY sequence)
    ) AS step WHERE {wrong}
"""
_RECEIVED = "('SUCCEEDED', 'OVERPAID', 'REFUNDED', 'PARTIALLY_REFUNDED')"

CHECKS = (
    Check(
        "I1",
        "wallet_transaction",
        "its sequence is {sequence}, but the one before it is {last_sequence}",
        _LEDGER.format(columns="public_id, sequence, last_sequence", wrong="sequence <> last_sequence + 1"),
    ),
    Check(
        "I1",
        "wallet_transaction",
        "credit_balance_before is {before}, but the row before it leaves {last_after}",
        _LEDGER.format(
            columns="public_id, before, COALESCE(last_after, 0) AS last_after",
            wrong="before <> COALESCE(last_after, 0)",
        ),
        amounts="before last_after",
    ),
    Check(
        "I1",
        "wallet_transaction",
        "credit_balance_after is {after}, but {before} credits and a movement of {moved} make {made}",
        _LEDGER.format(
            columns="public_id, after, before, moved, before + moved AS made", wrong="after <> before + moved"
        ),
        amounts="after before moved made",
    ),
    Check(
        "I1",
        "wallet_transaction",
        "it takes the balance to {after}",
        _LEDGER.format(columns="public_id, after", wrong="after < 0"),
        amounts="after",
    ),
    Check(
        "I1",
        "wallet_transaction",
        "it took effect before the row that precedes it",
        _LEDGER.format(columns="public_id", wrong="created_at < last_at"),
    ),
    Check(
        "I1",
        "wallet",
        "its ledger ends at {balance} credits, but its grants hold {held}",
        """
        SELECT public_id, balance, held FROM (
            SELECT public_id,
                COALESCE((
                    SELECT credit_balance_after FROM wallet_transaction
                    WHERE wallet_id = wallet.id ORDER BY sequence DESC LIMIT 1
                ), 0) AS balance,
                COALESCE((
                    SELECT SUM(credits_available) FROM credit_grant
                    WHERE customer_id = wallet.customer_id AND wallet_id = wallet.id
                ), 0) AS held
            FROM wallet
        ) AS sums WHERE balance <> held
        """,
        amounts="balance held",
    ),
    Check(
        "I1",
        "credit_grant",
        "it holds {credits_available} of {credits} credits",
        "SELECT public_id, credits_available, credits FROM credit_grant WHERE credits_available > credits",
        amounts="credits_available credits",
    ),
    Check(
        "I1",
        "credit_grant",
        "it is of {credits} credits, but {transaction_id} brought {credit_amount}",
        """
        SELECT g.public_id, g.credits, t.public_id AS transaction_id, t.credit_amount
        FROM wallet_transaction AS t JOIN credit_grant AS g ON g.id = t.grant_id AND g.wallet_id = t.wallet_id
        WHERE t.type = 'credit' AND t.transaction_status = 'completed' AND g.credits <> t.credit_amount
        """,
        amounts="credits credit_amount",
    ),
    Check(
        "I1",
        "wallet_transaction",
        "it added credits without a grant in its wallet",
        """
        SELECT t.public_id
        FROM wallet_transaction AS t LEFT JOIN credit_grant AS g ON g.id = t.grant_id AND g.wallet_id = t.wallet_id
        WHERE t.type = 'credit' AND t.transaction_status = 'completed' AND g.id IS NULL
        """,
    ),
    Check(
        "I3",
        "invoice",
        "subtotal is {subtotal}, but its lines add up to {added}",
        """
        SELECT public_id, subtotal, added FROM (
            SELECT public_id, subtotal,
                COALESCE((SELECT SUM(amount) FROM line_item WHERE invoice_id = invoice.id), 0) AS added
            FROM invoice
        ) AS sums WHERE subtotal <> added
        """,
        amounts="subtotal added",
    ),
    Check(
        "I3",
        "invoice",
        "total is {total}, but {subtotal} − {total_discount} + {total_tax} is {made}",
        """
        SELECT public_id, total, subtotal, total_discount, total_tax, subtotal - total_discount + total_tax AS made
        FROM invoice WHERE total <> subtotal - total_discount + total_tax
        """,
        amounts="total subtotal total_discount total_tax made",
    ),
    Check(
        "I3",
        "invoice",
        "amount_due is {amount_due}, but {total} − {credits_applied} in credits is {made}",
        """
        SELECT public_id, amount_due, total, credits_applied, total - credits_applied AS made
        FROM invoice WHERE amount_due <> total - credits_applied
        """,
        amounts="amount_due total credits_applied made",
    ),
    Check(
        "I3",
        "invoice",
        "amount_remaining is {amount_remaining}, but {made} of {amount_due} is still to pay",
        """
        SELECT public_id, amount_remaining, amount_due, made FROM (
            SELECT public_id, amount_remaining, amount_due,
                CASE WHEN invoice_status = 'VOIDED' OR amount_paid > amount_due THEN 0
                    ELSE amount_due - amount_paid END AS made
            FROM invoice
        ) AS sums WHERE amount_remaining <> made
        """,
        amounts="amount_remaining amount_due made",
    ),
    Check(
        "I3",
        "invoice",
        "amount_paid is {amount_paid}, but its received payments add up to {received}",
        f"""
        SELECT public_id, amount_paid, received FROM (
            SELECT public_id, amount_paid, (
                SELECT SUM(CASE WHEN payment_status IN {_RECEIVED} THEN amount ELSE 0 END) FROM payment
                WHERE customer_id = invoice.customer_id AND invoice_id = invoice.id
            ) AS received
            FROM invoice
        ) AS sums WHERE amount_paid <> received
        """,
        amounts="amount_paid received",
    ),
    Check(
        "I3",
        "payment",
        "it is in {currency}, but its invoice in {invoiced}",
        """
        SELECT payment.public_id, payment.currency, invoice.currency AS invoiced
        FROM payment JOIN invoice ON invoice.id = payment.invoice_id WHERE payment.currency <> invoice.currency
        """,
    ),
    Check(
        "I3",
        "invoice",
        "its payment is {payment_status}, but {amount_paid} of {amount_due} was paid and {refunded_amount} refunded",
        """
        SELECT public_id, payment_status, amount_paid, amount_due, refunded_amount FROM invoice
        WHERE refunded_amount > amount_paid
            OR payment_status = 'SUCCEEDED' AND amount_remaining > 0
            OR payment_status = 'OVERPAID' AND amount_paid <= amount_due
            OR payment_status = 'REFUNDED' AND (refunded_amount = 0 OR refunded_amount <> amount_paid)
            OR payment_status = 'PARTIALLY_REFUNDED' AND (refunded_amount = 0 OR refunded_amount = amount_paid)
        """,
        amounts="amount_paid amount_due refunded_amount",
    ),
)


def _found(session: Session, check: Check) -> Iterator[Violation]:
    amounts = check.amounts.split()
    statement = text(check.statement).columns(**{name: MoneyColumn() for name in amounts})
    for row in session.execute(statement, execution_options={"yield_per": AT_ONCE}).mappings():
        facts = {name: _plain(value) if name in amounts else value for name, value in row.items()}
        yield Violation(check.rule, check.table, row["public_id"], check.sentence.format(**facts))


def _worth(session: Session) -> Iterator[Violation]:
    """I2, row by row: the product of credits and rate is beyond a BIGINT."""
    t = WalletTransaction
    statement = select(t.public_id, col(t.credit_amount), col(t.amount), col(t.conversion_rate)).order_by(col(t.id))
    for public_id, credits_, amount, rate in session.exec(statement.execution_options(yield_per=AT_ONCE)):
        if not is_worth(credits_, amount, rate):
            sentence = f"amount is {_plain(amount)}, but it is {_plain(credits_)} credits at {_plain(rate)}"
            yield Violation("I2", "wallet_transaction", public_id, sentence)


def _owners(session: Session) -> Iterator[Violation]:
    """Every reference leads to a row that is there and, if customers own it, to the same customer's."""
    for table in SQLModel.metadata.sorted_tables:
        if "public_id" in table.columns:
            for key in sorted(table.foreign_key_constraints, key=lambda key: tuple(key.column_keys)):
                yield from _strays(session, table, key)


def _strays(session: Session, table: Table, key: ForeignKeyConstraint) -> Iterator[Violation]:
    parent = key.referred_table
    pointer = next((element for element in key.elements if element.parent.name != "customer_id"), key.elements[0])
    wrong: ColumnElement[bool] = pointer.column.is_(None)
    if "customer_id" in key.column_keys and "customer_id" in parent.columns:
        wrong = or_(wrong, parent.c.customer_id != table.c.customer_id)
    statement = (
        select(table.c.public_id, pointer.column)
        .select_from(table.outerjoin(parent, pointer.column == pointer.parent))
        .where(pointer.parent.is_not(None), wrong)
    )
    for public_id, found in session.execute(statement, execution_options={"yield_per": AT_ONCE}):
        whose = f"no {parent.name}" if found is None else f"another customer's {parent.name}"
        yield Violation("owner", table.name, public_id, f"its {pointer.parent.name} points at {whose}")


def _plain(amount: Any) -> str:
    return f"{amount.normalize():f}"
