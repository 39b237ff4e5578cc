"""The checker of invariants: each kind of corruption is reported, by the row it is in, and nothing else is."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

import cast
import pytest
from cast import Line, Paid
from sqlalchemy import text
from sqlmodel import col, select
from typer.testing import CliRunner

from portal_app.billing.statuses import PaymentStatus, TransactionReason
from portal_app.cli import app
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction
from portal_app.queries.invariants import all_violations

LEDGER = (
    cast.credit("100", cast.days_ago(9)),
    cast.debit("30", cast.days_ago(8)),
    cast.credit("50", cast.days_ago(7), TransactionReason.PURCHASED_CREDIT_DIRECT),
    cast.debit("40.5", cast.days_ago(6)),
)


@dataclass
class Books:
    """A database in good order, and the public ids of what is in it by a name."""

    database: object
    ids: dict[str, str]

    def found(self):
        names = {public_id: name for name, public_id in self.ids.items()}
        with self.database.reading() as session:
            return [(names[violation.public_id], violation) for violation in all_violations(session)]

    def corrupt(self, name, change):
        """Change one row behind the back of every constraint."""
        table = TABLES[name.rpartition(" ")[2].rstrip("0123456789")]
        statement = f"UPDATE {table} SET {change} WHERE public_id = '{self.ids[name]}'"
        engine = self.database.engine
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(engine.url.database)) as unguarded, unguarded:
                for (trigger,) in unguarded.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    unguarded.execute(f"DROP TRIGGER {trigger}")
                unguarded.execute("PRAGMA ignore_check_constraints = ON")
                assert unguarded.execute(statement).rowcount == 1
        else:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                assert connection.execute(text(statement)).rowcount == 1


TABLES = {
    "wallet": "wallet", "row": "wallet_transaction", "grant": "credit_grant", "subscription": "subscription",
    "paid": "invoice", "open": "invoice", "line": "line_item", "payment": "payment",
}  # fmt: skip


@pytest.fixture
def books(database):
    with database.writing() as session:
        for customer in ("acme", "globex"):
            _add_something_of_everything(session, cast.add_customer(session, customer), customer)
    with database.reading() as session:
        ids = _names(session)
    return Books(database, ids)


def _add_something_of_everything(session, customer, name):
    wallet = cast.add_wallet(session, customer)
    cast.post(session, wallet, *LEDGER)
    plan = cast.add_plan(session)
    subscription = cast.add_subscription(session, customer, plan, public_id=f"subs_{name}")
    lines = [Line("Plan Base", Decimal(20)), Line("Calls", Decimal("0.01"), Decimal(300))]
    payments = [Paid(status=PaymentStatus.FAILED), Paid(after=1)]
    more = {"subscription_id": subscription.id, "tax_rate": Decimal("0.19"), "discount_rate": Decimal("0.1")}
    cast.add_bill(session, customer, f"{name} paid", lines, payments=payments, **more)
    cast.add_bill(session, customer, f"{name} open", lines)


def _names(session):
    names = {"acme subscription": "subs_acme", "globex subscription": "subs_globex"}
    for customer, wallet in zip(("acme", "globex"), session.exec(select(Wallet).order_by(col(Wallet.id))), strict=True):
        names[f"{customer} wallet"] = wallet.public_id
        for row in session.exec(select(WalletTransaction).where(WalletTransaction.wallet_id == wallet.id)):
            names[f"{customer} row{row.sequence}"] = row.public_id
        grants = select(CreditGrant).where(CreditGrant.wallet_id == wallet.id).order_by(col(CreditGrant.id))
        names |= {f"{customer} grant{n}": grant.public_id for n, grant in enumerate(session.exec(grants), start=1)}
    for invoice in session.exec(select(Invoice)):
        names[invoice.number] = invoice.public_id
        for line in session.exec(select(LineItem).where(LineItem.invoice_id == invoice.id)):
            names[f"{invoice.number} line{line.position}"] = line.public_id
        payments = select(Payment).where(Payment.invoice_id == invoice.id).order_by(col(Payment.created_at))
        names |= {f"{invoice.number} payment{n}": p.public_id for n, p in enumerate(session.exec(payments), start=1)}
    return names


def test_books_in_good_order_have_no_violation(books):
    assert books.found() == []


THEIR_SUBSCRIPTION = "(SELECT id FROM subscription WHERE public_id = 'subs_globex')"
GLOBEX = "(SELECT id FROM customer WHERE external_id = 'globex')"
THEIR_INVOICE = f"(SELECT max(id) FROM invoice WHERE customer_id = {GLOBEX})"
THEIR_GRANT = f"(SELECT max(id) FROM credit_grant WHERE customer_id = {GLOBEX})"
THEIR_WALLET = f"(SELECT max(id) FROM wallet WHERE customer_id = {GLOBEX})"


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        # I1: the ledger, the balance, the grants
        ("acme row4", "sequence = 5", {"I1 acme row4"}),
        ("acme row2", "credit_balance_before = credit_balance_before + 1", {"I1 acme row2"}),
        ("acme row2", "credit_balance_after = credit_balance_after + 1", {"I1 acme row2", "I1 acme row3"}),
        ("acme row4", "credit_balance_after = credit_balance_after - 1", {"I1 acme row4", "I1 acme wallet"}),
        ("acme row2", "credit_amount = 40000000, amount = 4000000", {"I1 acme row2"}),
        ("acme row2", "transaction_status = 'failed'", {"I1 acme row2"}),
        ("acme row2", "transaction_status = 'pending'", {"I1 acme row2"}),
        ("acme row3", "created_at = '2020-01-01 00:00:00.000000'", {"I1 acme row3"}),
        (
            "acme row4",
            "credit_amount = 200000000, amount = 20000000, credit_balance_after = -80000000",
            {"I1 acme row4", "I1 acme wallet"},
        ),
        ("acme grant1", "credits_available = credits_available + 1", {"I1 acme wallet"}),
        ("acme grant2", "credits_available = credits + 1", {"I1 acme grant2", "I1 acme wallet"}),
        ("acme grant1", "credits = credits + 1", {"I1 acme grant1"}),
        ("acme row1", "grant_id = NULL", {"I1 acme row1"}),
        # I2: credits and money
        ("acme row2", "amount = amount + 1", {"I2 acme row2"}),
        ("acme row2", "conversion_rate = conversion_rate * 2", {"I2 acme row2"}),
        # I3: invoices, lines, payments
        ("acme paid", "subtotal = subtotal + 1", {"I3 acme paid"}),
        ("acme paid line2", "amount = amount - 1", {"I3 acme paid"}),
        ("acme paid", "total_discount = 0", {"I3 acme paid"}),
        ("acme paid", "total_tax = total_tax + 1", {"I3 acme paid"}),
        ("acme paid", "total = total + 1", {"I3 acme paid"}),
        ("acme open", "credits_applied = 1", {"I3 acme open"}),
        ("acme open", "amount_remaining = amount_remaining - 1", {"I3 acme open"}),
        ("acme open", "amount_remaining = 0", {"I3 acme open"}),
        ("acme open", "invoice_status = 'VOIDED'", {"I3 acme open"}),
        ("acme paid", "amount_paid = amount_paid + 1", {"I3 acme paid"}),
        ("acme paid payment2", "amount = amount + 1", {"I3 acme paid"}),
        ("acme paid payment2", "payment_status = 'PROCESSING'", {"I3 acme paid"}),
        ("acme paid payment1", "payment_status = 'SUCCEEDED'", {"I3 acme paid"}),
        ("acme paid payment2", "currency = 'eur'", {"I3 acme paid payment2"}),
        ("acme paid", "refunded_amount = amount_paid + 1", {"I3 acme paid"}),
        ("acme paid", "payment_status = 'OVERPAID'", {"I3 acme paid"}),
        ("acme paid", "payment_status = 'REFUNDED'", {"I3 acme paid"}),
        ("acme paid", "payment_status = 'REFUNDED', refunded_amount = 1", {"I3 acme paid"}),
        ("acme paid", "payment_status = 'PARTIALLY_REFUNDED'", {"I3 acme paid"}),
        (
            "acme paid",
            "payment_status = 'PARTIALLY_REFUNDED', refunded_amount = amount_paid",
            {"I3 acme paid"},
        ),
        ("acme open", "payment_status = 'SUCCEEDED'", {"I3 acme open"}),
        # another customer's, or nobody's
        ("acme open line1", f"customer_id = {GLOBEX}", {"owner acme open line1"}),
        ("acme paid payment1", f"customer_id = {GLOBEX}", {"owner acme paid payment1"}),
        ("acme open", f"customer_id = {GLOBEX}", {"owner acme open line1", "owner acme open line2"}),
        ("acme paid", f"subscription_id = {THEIR_SUBSCRIPTION}", {"owner acme paid"}),
        ("acme paid", "subscription_id = 999999", {"owner acme paid"}),
        ("acme row2", f"invoice_id = {THEIR_INVOICE}", {"owner acme row2"}),
        ("acme row2", f"grant_id = {THEIR_GRANT}", {"owner acme row2"}),
        (
            "acme grant2",
            f"wallet_id = {THEIR_WALLET}",
            {"owner acme grant2", "I1 acme row3", "I1 acme wallet"},
        ),
        ("acme subscription", "plan_id = 999999", {"owner acme subscription"}),
        ("acme subscription", f"customer_id = {GLOBEX}", {"owner acme paid"}),
    ],
)
def test_a_corrupted_row_is_reported_and_nothing_else(books, name, change, expected):
    books.corrupt(name, change)
    assert {f"{violation.rule} {named}" for named, violation in books.found()} == expected


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("acme row4", "sequence = 5", "its sequence is 5, but the one before it is 3"),
        (
            "acme row2",
            "credit_amount = 40000000, amount = 4000000",
            "credit_balance_after is 70, but 100 credits and a movement of -40 make 60",
        ),
        ("acme row2", "amount = 2500000", "amount is 2.5, but it is 30 credits at 0.1"),
        ("acme grant1", "credits_available = 1", "its ledger ends at 79.5 credits, but its grants hold 50.000001"),
        ("acme paid line2", "amount = 2990000", "subtotal is 23, but its lines add up to 22.99"),
        ("acme open", "total = 20000000", "total is 20, but 23 − 0 + 0 is 23"),
        ("acme paid payment2", "currency = 'eur'", "it is in eur, but its invoice in usd"),
        (
            "acme open",
            "payment_status = 'SUCCEEDED'",
            "its payment is SUCCEEDED, but 0 of 23 was paid and 0 refunded",
        ),
        (
            "acme paid",
            f"subscription_id = {THEIR_SUBSCRIPTION}",
            "its subscription_id points at another customer's subscription",
        ),
        ("acme paid", "subscription_id = 999999", "its subscription_id points at no subscription"),
    ],
)
def test_a_violation_says_what_is_wrong_in_a_sentence(books, name, change, sentence):
    books.corrupt(name, change)
    assert sentence in [violation.sentence for _, violation in books.found()]


def test_verify_names_each_violated_row_and_fails(books):
    books.corrupt("acme row2", "amount = 2500000")
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 1
    row = books.ids["acme row2"]
    assert result.stdout == f"I2 wallet_transaction {row}: amount is 2.5, but it is 30 credits at 0.1\n"
    assert "violate an invariant" in result.stderr


def test_verify_says_that_every_invariant_holds(books):
    result = CliRunner().invoke(app, ["verify"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "every invariant holds" in result.stderr
