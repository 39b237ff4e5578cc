"""Whatever is said of an invoice, in whatever order: it is refused, or `verify` finds nothing wrong."""

from dataclasses import replace
from decimal import Decimal

import cast
import pytest
from cast import NOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from portal_app.billing.statuses import InvoiceStatus, PaymentMethod, PaymentStatus, TransactionStatus
from portal_app.commands.invoices import NewInvoice, create_invoice, finalize_invoice, void_invoice
from portal_app.commands.payments import NewPayment, record_payment, set_payment_status
from portal_app.errors import Invalid, InvoiceIs, PortalError
from portal_app.models.invoice import Invoice, Payment
from portal_app.models.wallet import Wallet
from portal_app.queries.invariants import all_violations
from portal_app.queries.wallets import list_wallets

TWENTY = Decimal(20)
BILL = NewInvoice("usd", TWENTY, TWENTY, TWENTY, invoice_status=InvoiceStatus.FINALIZED)


def said(status, amount=None):
    amount = Decimal(amount) if amount else None
    return lambda session, customer, invoice: set_payment_status(session, customer, invoice, status, amount, "us", NOW)


def paid(amount, method=PaymentMethod.CARD):
    new = NewPayment(Decimal(amount), "usd", method)
    return lambda session, customer, invoice: record_payment(session, customer, invoice, new, "us", NOW)


def finalized(session, customer, invoice):
    finalize_invoice(session, customer, invoice, "us", NOW)


def voided(session, customer, invoice):
    void_invoice(session, customer, invoice, "us", NOW)


STEPS = {
    "finalized": finalized,
    "voided": voided,
    "5 paid": paid(5),
    "20 paid": paid(20),
    "5 paid with credits": paid(5, PaymentMethod.CREDITS),
    "20 paid with credits": paid(20, PaymentMethod.CREDITS),
    **{f"said to be {status}": said(status) for status in PaymentStatus},
    "said to be pending with 5": said(PaymentStatus.PENDING, 5),
    "said to be paid with 25": said(PaymentStatus.SUCCEEDED, 25),
    "said to be overpaid with 25": said(PaymentStatus.OVERPAID, 25),
    "said to have failed with 5": said(PaymentStatus.FAILED, 5),
    "5 said to be refunded in part": said(PaymentStatus.PARTIALLY_REFUNDED, 5),
    "5 said to be refunded": said(PaymentStatus.REFUNDED, 5),
}
new_invoices = st.builds(
    lambda due, **more: replace(BILL, subtotal=due, total=due, amount_due=due, **more),
    due=st.sampled_from((TWENTY, Decimal(0))),
    amount_paid=st.sampled_from([Decimal(n) for n in (0, 5, 20, 25)]),
    invoice_status=st.sampled_from((InvoiceStatus.DRAFT, InvoiceStatus.FINALIZED)),
    payment_status=st.sampled_from((None, *PaymentStatus)),
)


@pytest.fixture
def database(sqlite_database):
    """Arithmetic in Python: one engine is enough."""
    return sqlite_database


@pytest.fixture
def acme(session):
    customer = cast.add_customer(session)
    cast.post(session, cast.add_wallet(session, customer, rate="1"), cast.credit("1000", cast.days_ago(9)))
    return customer


def tried(session, step, *arguments):
    """Take a step as a request would: whole, or refused and not at all."""
    attempt = session.begin_nested()
    try:
        made = step(session, *arguments)
        session.flush()
    except PortalError:
        attempt.rollback()
        return None
    attempt.commit()
    return made


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(new=new_invoices, steps=st.lists(st.sampled_from(list(STEPS)), max_size=8))
def test_what_is_accepted_of_an_invoice_violates_nothing(session, acme, new, steps):
    example = session.begin_nested()
    made = tried(session, create_invoice, acme, new, "us", NOW)
    for step in steps if made else []:
        tried(session, STEPS[step], acme, made)
    found = list(all_violations(session))
    example.rollback()
    assert found == []


@pytest.fixture
def bill(session, acme):
    """An issued invoice of $20."""
    return create_invoice(session, acme, BILL, "us", NOW)


def told_only(session, customer, invoice):
    """As an import leaves an invoice whose payments are not in its files."""
    row = session.exec(select(Invoice).where(Invoice.public_id == invoice)).one()
    row.amount_paid, row.amount_remaining = Decimal(5), Decimal(15)
    session.flush()


@pytest.mark.parametrize(
    ("steps", "status", "history"),
    [
        ((said(PaymentStatus.VOIDED), paid(5)), PaymentStatus.PENDING, [5]),
        ((said(PaymentStatus.VOIDED), paid(20)), PaymentStatus.SUCCEEDED, [20]),
        ((paid(5), said(PaymentStatus.REFUNDED), paid(5)), PaymentStatus.PARTIALLY_REFUNDED, [5, 5]),
        ((paid(5), said(PaymentStatus.REFUNDED), paid(15)), PaymentStatus.PARTIALLY_REFUNDED, [5, 15]),
        ((paid(20, PaymentMethod.CREDITS), said(PaymentStatus.REFUNDED), voided), PaymentStatus.VOIDED, [20]),
        ((paid(20), said(PaymentStatus.REFUNDED), voided), PaymentStatus.VOIDED, [20]),
        ((told_only, paid(5)), PaymentStatus.PENDING, [5, 5]),
        ((told_only, said(PaymentStatus.FAILED, 7)), PaymentStatus.FAILED, [5, 7]),
        ((told_only, said(PaymentStatus.SUCCEEDED)), PaymentStatus.SUCCEEDED, [5, 15]),
    ],
)
def test_an_invoice_and_the_history_of_its_payments_agree(session, acme, bill, steps, status, history):
    for step in steps:
        step(session, acme, bill)
    assert list(all_violations(session)) == []
    row = session.exec(select(Invoice).where(Invoice.public_id == bill)).one()
    assert row.payment_status is status
    assert session.exec(select(Payment.amount).order_by(Payment.id)).all() == history


def test_credits_that_went_back_elsewhere_do_not_return_twice(session, acme, bill):
    for step in (paid(20, PaymentMethod.CREDITS), said(PaymentStatus.REFUNDED), voided):
        step(session, acme, bill)
    assert list_wallets(session, acme, NOW)[0].credits == 980


def prepaid(session, customer, invoice, credits_, status=TransactionStatus.COMPLETED):
    """As an import leaves an invoice that credits paid, or tried to, before it was issued."""
    wallet = session.exec(select(Wallet).where(Wallet.customer_id == customer)).one()
    key = session.exec(select(Invoice.id).where(Invoice.public_id == invoice)).one()
    cast.post(session, wallet, cast.debit(credits_, NOW, status=status, invoice_id=key))


@pytest.mark.parametrize("status", [TransactionStatus.FAILED, TransactionStatus.PENDING])
def test_credits_that_were_never_taken_do_not_return(session, acme, bill, status):
    prepaid(session, acme, bill, "0.3", status)
    voided(session, acme, bill)
    assert list_wallets(session, acme, NOW)[0].credits == 1000


@pytest.mark.parametrize(
    ("method", "left"),
    [(PaymentMethod.CARD, 1000), (PaymentMethod.CREDITS, 940)],
    ids=["by card", "with credits that went back elsewhere"],
)
def test_prepaid_credits_return_though_all_that_was_paid_is_refunded(session, acme, method, left):
    new = replace(BILL, subtotal=Decimal(100), total=Decimal(100), amount_due=Decimal(60))
    invoice = create_invoice(session, acme, new, "us", NOW)
    prepaid(session, acme, invoice, "40")
    for step in (paid(60, method), said(PaymentStatus.REFUNDED), voided):
        step(session, acme, invoice)
    assert list_wallets(session, acme, NOW)[0].credits == left
    assert list(all_violations(session)) == []


def test_prepaid_credits_and_those_of_a_payment_return_together(session, acme):
    new = replace(BILL, subtotal=Decimal(100), total=Decimal(100), amount_due=Decimal(60))
    invoice = create_invoice(session, acme, new, "us", NOW)
    prepaid(session, acme, invoice, "40")
    for step in (paid(60, PaymentMethod.CREDITS), voided):
        step(session, acme, invoice)
    assert list_wallets(session, acme, NOW)[0].credits == 1000
    assert list(all_violations(session)) == []


def test_an_invoice_of_which_some_is_not_refunded_cannot_be_void(session, acme, bill):
    paid(20)(session, acme, bill)
    said(PaymentStatus.PARTIALLY_REFUNDED, 5)(session, acme, bill)
    with pytest.raises(InvoiceIs):
        voided(session, acme, bill)


def test_an_invoice_of_what_is_due_is_not_overpaid(session, acme, bill):
    with pytest.raises(Invalid, match="amount: is not more than the 20 due"):
        said(PaymentStatus.OVERPAID)(session, acme, bill)


def test_an_invoice_may_come_in_refunded(session, acme):
    new = replace(BILL, amount_paid=TWENTY, payment_status=PaymentStatus.REFUNDED)
    row = session.exec(select(Invoice).where(Invoice.public_id == create_invoice(session, acme, new, "us", NOW))).one()
    assert (row.payment_status, row.amount_paid, row.refunded_amount) == (PaymentStatus.REFUNDED, 20, 20)
