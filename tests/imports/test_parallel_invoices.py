"""Files that meet what is said of their invoices over REST at the same time, on PostgreSQL: no payment is lost."""

from decimal import Decimal

import pytest
from cast import NOW
from operator_files import CUSTOMERS, INVOICES, LINES, PAYMENTS, csv, told
from postgres import while_open
from sqlmodel import select

from portal_app.billing.statuses import InvoiceStatus, PaymentMethod, PaymentStatus
from portal_app.commands.invoices import finalize_invoice, void_invoice
from portal_app.commands.payments import NewPayment, record_payment
from portal_app.models.invoice import Invoice
from portal_app.queries.invariants import all_violations

AT = "2026-01-06T12:00Z"
INVOICE = csv(INVOICES, f"i,acme,FINALIZED,USD,{AT}")
DRAFT = csv(INVOICES, f"i,acme,DRAFT,USD,{AT}")
LINE = csv(LINES, "l,i,Plan Base,50")
THIRTY = csv(PAYMENTS, f"p,i,{AT},30,CARD,SUCCEEDED")


@pytest.fixture
def database(postgres_database):
    """SQLite has one writer at a time."""
    return postgres_database


@pytest.fixture
def bring_while(database, bring):
    """Import files while a command on the invoice `i` is not finished, and return the run and the invoice."""

    def run(command, **files):
        def on_invoice(session):
            row = session.exec(select(Invoice)).one()
            command(session, row.customer_id, row.public_id)

        outcome = while_open(database, on_invoice, lambda: bring(**files))
        with database.reading() as session:
            assert list(all_violations(session)) == []
            return told(outcome), session.exec(select(Invoice)).one()

    return run


def paid(session, customer, invoice):
    new = NewPayment(Decimal(20), "usd", PaymentMethod.OFFLINE)
    record_payment(session, customer, invoice, new, "tests", NOW)


def voided(session, customer, invoice):
    void_invoice(session, customer, invoice, "tests", NOW)


def finalized(session, customer, invoice):
    finalize_invoice(session, customer, invoice, "tests", NOW)


def test_a_payment_that_is_being_recorded_is_not_lost_to_one_that_is_imported(bring, bring_while):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    problems, invoice = bring_while(paid, payments=THIRTY)
    assert problems == []
    assert (invoice.amount_paid, invoice.payment_status) == (50, PaymentStatus.SUCCEEDED)


def test_an_invoice_that_is_being_made_void_is_not_paid_by_an_import(bring, bring_while):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    problems, invoice = bring_while(voided, payments=THIRTY)
    assert problems == ["invoices.csv:2: invoice_status: invoice 'i': is VOIDED and cannot become FINALIZED"]
    assert (invoice.amount_paid, invoice.invoice_status) == (0, InvoiceStatus.VOIDED)


def test_lines_of_a_draft_that_is_being_issued_stay(bring, bring_while):
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=LINE)
    problems, invoice = bring_while(finalized, line_items=csv(LINES, "l,i,Plan Base,70"))
    assert "line_items.csv:2: amount: is 50 on a finalised invoice and cannot become 70" in problems
    assert (invoice.total, invoice.invoice_status) == (50, InvoiceStatus.FINALIZED)


def test_what_a_file_leaves_as_it_is_holds_nobody_up(database, bring, bring_while):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    problems, invoice = bring_while(paid)
    assert (problems, invoice.amount_paid) == ([], 20)
