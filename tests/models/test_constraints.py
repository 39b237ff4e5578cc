"""What the tables themselves refuse, whatever code is in front of them."""

from decimal import Decimal

import cast
import pytest
from sqlalchemy import Enum, delete, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from portal_app.billing.statuses import (
    PaymentMethod,
    PaymentStatus,
    TransactionReason,
    TransactionType,
)
from portal_app.commands.audit import record
from portal_app.models.access import AuditEntry
from portal_app.models.branding import Branding
from portal_app.models.invoice import LineItem, Payment
from portal_app.models.wallet import CreditGrant, WalletTransaction

TEN, DATES = Decimal(10), {"created_at": cast.NOW, "updated_at": cast.NOW}


def refused(session, row, why="(?i)foreign key|constraint"):
    session.add(row)
    with pytest.raises(IntegrityError, match=why):
        session.flush()
    session.rollback()


@pytest.fixture
def theirs(session, globex):
    """Something of everything that Globex owns."""
    wallet = cast.add_wallet(session, globex)
    cast.post(session, wallet, cast.credit("100", cast.days_ago(5)))
    return {
        "wallet": wallet.id,
        "grant": session.exec(select(CreditGrant.id)).one(),
        "invoice": cast.add_bill(session, globex, "GLX-1").id,
        "subscription": cast.add_subscription(session, globex, cast.add_plan(session)).id,
    }


def transaction(customer, wallet, **more):
    return WalletTransaction(
        customer_id=customer, wallet_id=wallet, sequence=1, type=TransactionType.CREDIT, credit_amount=TEN, amount=TEN,
        transaction_reason=TransactionReason.FREE_CREDIT_GRANT, credit_balance_before=Decimal(0),
        credit_balance_after=TEN, conversion_rate=Decimal(1), **more, **DATES,
    )  # fmt: skip


def payment(customer, invoice, **more):
    values = {"amount": TEN, "payment_status": PaymentStatus.SUCCEEDED} | more
    return Payment(
        customer_id=customer, invoice_id=invoice, currency="usd", method=PaymentMethod.CARD, **values, **DATES
    )


def test_a_line_cannot_be_of_another_customers_invoice(session, acme, theirs):
    line = LineItem(customer_id=acme, invoice_id=theirs["invoice"], position=9, display_name="x", amount=TEN, **DATES)
    refused(session, line)


def test_a_payment_cannot_be_for_another_customers_invoice(session, acme, theirs):
    refused(session, payment(acme, theirs["invoice"]))


def test_an_invoice_cannot_bill_another_customers_subscription(session, acme, theirs):
    invoice = cast.add_bill(session, acme, "INV-1")
    invoice.subscription_id = theirs["subscription"]
    refused(session, invoice)


def test_a_grant_cannot_lie_in_another_customers_wallet(session, acme, theirs):
    grant = CreditGrant(
        customer_id=acme, wallet_id=theirs["wallet"], credits=TEN, credits_available=TEN, granted_at=cast.NOW, **DATES
    )
    refused(session, grant)


def test_a_transaction_cannot_be_in_another_customers_wallet(session, acme, theirs):
    refused(session, transaction(acme, theirs["wallet"]))


@pytest.mark.parametrize("pointer", ["grant", "invoice"])
def test_a_transaction_cannot_point_at_another_customers_grant_or_invoice(session, acme, theirs, pointer):
    wallet = cast.add_wallet(session, acme)
    refused(session, transaction(acme, wallet.id, **{f"{pointer}_id": theirs[pointer]}))


def test_every_reference_to_something_a_customer_owns_carries_the_customer():
    tables = SQLModel.metadata.tables
    loose = [
        f"{table.name}: {', '.join(key.column_keys)}"
        for table in tables.values()
        for key in table.foreign_key_constraints
        if "customer_id" in table.columns  # what has none is the operator's catalogue
        and "customer_id" in tables[key.referred_table.name].columns
        and "customer_id" not in key.column_keys
    ]
    assert loose == []


@pytest.fixture
def posted(session, acme):
    wallet = cast.add_wallet(session, acme)
    cast.post(session, wallet, cast.credit("100", cast.days_ago(5), idempotency_key="once"))
    record(session, actor="tests", action="session.minted", now=cast.NOW, customer_id=acme)
    session.flush()
    return wallet


@pytest.mark.threat("T36")
@pytest.mark.parametrize(
    "change",
    [
        update(WalletTransaction).values(description="nothing to see"),
        delete(WalletTransaction),
        update(AuditEntry).values(actor="somebody else"),
        delete(AuditEntry),
    ],
)
def test_ledger_rows_and_audit_entries_are_never_changed_or_deleted(session, posted, change):
    with pytest.raises(IntegrityError, match="is append-only"):
        session.execute(change)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"sequence": 1}, "sequence"),
        ({"sequence": 2, "idempotency_key": "once"}, "idempotency_key"),
        ({"sequence": 2, "credit_amount": Decimal(0)}, "credit_amount_positive"),
        ({"sequence": 2, "amount": Decimal(-1)}, "amount_not_negative"),
    ],
)
def test_a_ledger_refuses_a_row_twice_and_amounts_without_size(session, acme, posted, more, why):
    row = transaction(acme, posted.id)
    for name, value in more.items():
        setattr(row, name, value)
    refused(session, row, why)


@pytest.mark.parametrize(
    "column", ["total_discount", "credits_applied", "amount_paid", "amount_remaining", "refunded_amount"]
)
def test_an_invoice_refuses_amounts_below_zero(session, acme, column):
    invoice = cast.add_bill(session, acme, "INV-1")
    setattr(invoice, column, Decimal("-0.000001"))
    refused(session, invoice, "amounts_not_negative")


def test_a_number_is_given_once_a_customer(session, acme, globex):
    cast.add_bill(session, acme, "INV-1")
    cast.add_bill(session, globex, "INV-1")
    other = cast.add_bill(session, acme, "INV-2")
    other.number = "INV-1"
    refused(session, other, "number")


def test_a_payment_is_of_something(session, acme):
    refused(session, payment(acme, cast.add_bill(session, acme, "INV-1").id, amount=Decimal(0)), "amount_positive")


def test_a_period_has_a_length(session, acme):
    subscription = cast.add_subscription(session, acme, cast.add_plan(session))
    subscription.current_period_end_at = subscription.current_period_start_at
    refused(session, subscription, "period_not_empty")


def test_a_credit_is_worth_something(session, acme):
    wallet = cast.add_wallet(session, acme)
    wallet.conversion_rate = Decimal(0)
    refused(session, wallet, "conversion_rate_positive")


def test_a_grant_never_holds_less_than_nothing(session, posted):
    grant = session.exec(select(CreditGrant)).one()
    grant.credits_available = Decimal(-1)
    refused(session, grant, "credits_available_not_negative")


def test_there_is_one_branding_at_most(session):
    refused(session, Branding(id=2, value={}, **DATES), "one_row")


def test_every_closed_vocabulary_is_closed_by_a_check():
    words = [c for table in SQLModel.metadata.sorted_tables for c in table.columns if isinstance(c.type, Enum)]
    assert len(words) > 15
    assert [str(column) for column in words if not column.type.create_constraint or column.type.native_enum] == []


def test_a_word_outside_its_vocabulary_is_refused(session, acme):
    cast.add_bill(session, acme, "INV-1")
    with pytest.raises(IntegrityError, match="ck_invoice_payment_status"):
        session.execute(text("UPDATE invoice SET payment_status = 'paid, honestly'"))
