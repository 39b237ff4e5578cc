"""Invoices with their lines and payments."""

from datetime import datetime
from decimal import Decimal

import cast
import pytest
from operator_files import CUSTOMERS, INVOICES, LINES, PAYMENTS, counts, csv, everything, told
from sqlmodel import col, select

from portal_app.billing.statuses import BillingReason, InvoiceStatus, InvoiceType, PaymentMethod, PaymentStatus
from portal_app.commands.invoices import finalize_invoice, void_invoice
from portal_app.commands.payments import NewPayment, record_payment
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.queries.invariants import all_violations
from portal_app.queries.wallets import list_wallets

AT = "2026-01-06T12:00Z"
INVOICE = csv(INVOICES, f"i,acme,FINALIZED,USD,{AT}")
DRAFT = csv(INVOICES, f"i,acme,DRAFT,USD,{AT}")
LINE = csv(LINES, "l,i,Plan Base,20")


@pytest.fixture
def invoice(database):
    """Read the invoice `i`."""

    def read():
        with database.reading() as session:
            return session.exec(select(Invoice).where(Invoice.external_id == "i")).one()

    return read


@pytest.fixture
def lines(database):
    """Read the lines there are: external id, position, amount."""

    def read():
        with database.reading() as session:
            rows = session.exec(select(LineItem).order_by(col(LineItem.invoice_id), col(LineItem.position)))
            return [(row.external_id, row.position, row.amount) for row in rows]

    return read


def test_an_invoice_gets_its_sums_from_its_lines_and_payments(bring, invoice):
    outcome = bring(
        customers=CUSTOMERS,
        invoices=csv(f"{INVOICES},total_tax", f"i,acme,FINALIZED,USD,{AT},3.80"),
        line_items=csv(LINES, "l1,i,Seats,15", "l2,i,Storage,5.00"),
        payments=csv(PAYMENTS, f"p1,i,{AT},20,CARD,SUCCEEDED", f"p2,i,{AT},3.8,CARD,FAILED"),
    )
    assert told(outcome) == []
    found = invoice()
    assert (found.subtotal, found.total, found.amount_due) == (20, Decimal("23.80"), Decimal("23.80"))
    assert (found.amount_paid, found.amount_remaining) == (20, Decimal("3.80"))
    assert found.payment_status is PaymentStatus.PENDING
    assert (found.invoice_type, found.billing_reason) == (InvoiceType.ONE_OFF, BillingReason.MANUAL)


def test_lines_and_payments_belong_to_the_customer_of_their_invoice(bring, database, invoice):
    payment = csv(PAYMENTS, f"p,i,{AT},20,CARD,SUCCEEDED")
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE, payments=payment)
    with database.reading() as session:
        line, paid = session.exec(select(LineItem)).one(), session.exec(select(Payment)).one()
    assert {line.customer_id, paid.customer_id} == {invoice().customer_id}
    assert paid.currency == "usd"


def test_a_sum_that_does_not_add_up_names_the_invoice_and_the_sum(bring):
    outcome = bring(
        customers=CUSTOMERS,
        invoices=csv(f"{INVOICES},subtotal,total", f"i,acme,FINALIZED,USD,{AT},30,20"),
        line_items=LINE,
    )
    assert told(outcome) == [
        "invoices.csv:2: subtotal: invoice 'i': its 1 lines add up to 20, not 30",
        "invoices.csv:2: total: invoice 'i': subtotal − total_discount + total_tax is 30, not 20",
    ]


def test_a_line_costs_quantity_times_unit_price_in_minor_units(bring, lines):
    head = "external_id,invoice,display_name,quantity,unit_price"
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=csv(head, "l,i,Calls,5911,0.023106", "m,i,Byte,1,0.005"))
    assert lines() == [("l", 1, Decimal("136.58")), ("m", 2, Decimal("0.01"))]


def test_a_line_without_amount_and_unit_price_is_told(bring):
    outcome = bring(customers=CUSTOMERS, invoices=INVOICE, line_items=csv(LINES, "l,i,Plan Base,"))
    assert told(outcome) == ["line_items.csv:2: amount: is required where there is no unit_price"]


def test_a_product_too_large_for_its_column_is_told(bring):
    head = "external_id,invoice,display_name,quantity,unit_price"
    outcome = bring(
        customers=CUSTOMERS, invoices=INVOICE, line_items=csv(head, "l,i,All,9223372036854.775807,9223372.036854775807")
    )
    assert told(outcome) == ["line_items.csv:2: amount: 85070591730234615847.40 is too large"]


def test_lines_stand_as_in_the_file_unless_their_positions_say_otherwise(bring, lines):
    head = "external_id,invoice,display_name,amount,position"
    text = csv(head, "a,i,A,1,", "b,i,B,1,7", "c,i,C,1,", "d,i,D,1,2")
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=text)
    assert [line[:2] for line in lines()] == [("d", 2), ("b", 7), ("a", 8), ("c", 9)]
    assert counts(bring())["line_items"] == (0, 0, 4)


def test_two_lines_cannot_have_one_position(bring):
    head = "external_id,invoice,display_name,amount,position"
    outcome = bring(customers=CUSTOMERS, invoices=INVOICE, line_items=csv(head, "a,i,A,1,3", "b,i,B,1,3"))
    assert told(outcome) == ["line_items.csv:3: position: 3 is the position of another line of the invoice"]


def test_a_line_or_payment_of_no_invoice_is_told(bring):
    outcome = bring(line_items=csv(LINES, "l,x,Plan Base,20"), payments=csv(PAYMENTS, f"p,y,{AT},20,CARD,FAILED"))
    assert told(outcome) == [
        "line_items.csv:2: invoice: there is no invoice 'x'",
        "payments.csv:2: invoice: there is no invoice 'y'",
    ]


def test_a_payment_in_another_currency_is_told(bring):
    payment = csv(f"{PAYMENTS},currency", f"p,i,{AT},20,CARD,SUCCEEDED,EUR")
    outcome = bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE, payments=payment)
    assert told(outcome) == ["payments.csv:2: currency: is eur; the invoice is in usd"]


@pytest.mark.parametrize("status", ["DRAFT", "FINALIZED"])
def test_an_invoice_with_a_payment_cannot_go_to_another_currency(bring, database, folder, status):
    payment = csv(PAYMENTS, f"p,i,{AT},20,CARD,SUCCEEDED")
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=LINE, payments=payment)
    before = everything(database)
    (folder / "payments.csv").unlink()
    outcome = bring(invoices=csv(INVOICES, f"i,acme,{status},EUR,{AT}"))
    assert told(outcome) == ["invoices.csv:2: currency: invoice 'i': is eur; its payment 'p' is in usd"]
    assert everything(database) == before


def test_an_invoice_cannot_bill_the_subscription_of_another_customer(bring):
    subscription = (
        "external_id,customer,plan,subscription_status,currency,billing_period,start_at,current_period_start_at,"
        f"current_period_end_at\ns,globex,base,active,USD,MONTHLY,{AT},{AT},2026-02-06T12:00Z\n"
    )
    outcome = bring(
        customers=CUSTOMERS,
        plans="external_id,name\nbase,Plan Base\n",
        subscriptions=subscription,
        invoices=csv(f"{INVOICES},subscription", f"i,acme,FINALIZED,USD,{AT},s"),
        line_items=LINE,
    )
    assert told(outcome) == ["invoices.csv:2: subscription: invoice 'i': 's' belongs to another customer"]


def test_a_number_is_once_per_customer(bring):
    head = f"{INVOICES},number"
    rows = [f"i,acme,FINALIZED,USD,{AT},N-1", f"j,acme,FINALIZED,USD,{AT},N-1", f"k,globex,FINALIZED,USD,{AT},N-1"]
    outcome = bring(customers=CUSTOMERS, invoices=csv(head, *rows))
    assert told(outcome) == ["invoices.csv:3: number: N-1 is the number of this customer's invoice 'i'"]


def test_a_number_is_once_per_customer_across_imports(bring):
    head = f"{INVOICES},number"
    bring(customers=CUSTOMERS, invoices=csv(head, f"i,acme,FINALIZED,USD,{AT},N-1"))
    outcome = bring(invoices=csv(head, f"j,acme,FINALIZED,USD,{AT},N-1"))
    assert told(outcome) == ["invoices.csv:2: number: N-1 is the number of this customer's invoice 'i'"]


@pytest.mark.parametrize(
    ("column", "before", "after", "problem"),
    [
        ("number", "N-1", "N-2", "is N-1 on a finalised invoice and cannot become N-2"),
        ("description", "", "sorry", "is nothing on a finalised invoice and cannot become sorry"),
        ("due_at", AT, "", "is 2026-01-06T12:00:00+00:00 on a finalised invoice and cannot become nothing"),
        ("tax_name", "VAT", "GST", "is VAT on a finalised invoice and cannot become GST"),
        ("total_discount", "0", "5", "is 0 on a finalised invoice and cannot become 5"),
    ],
)
def test_what_a_finalised_invoice_says_never_changes(bring, database, column, before, after, problem):
    head, row = f"{INVOICES},{column}", f"i,acme,FINALIZED,USD,{AT}"
    bring(customers=CUSTOMERS, invoices=csv(head, f"{row},{before}"), line_items=LINE)
    rows = everything(database)
    assert f"invoices.csv:2: {column}: invoice 'i': {problem}" in told(bring(invoices=csv(head, f"{row},{after}")))
    assert everything(database) == rows


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("i,acme,FINALIZED,EUR,2026-01-06T12:00Z", "currency: invoice 'i': is usd on a finalised invoice and cannot"),
        ("i,acme,FINALIZED,USD,2026-01-07T12:00Z", "issued_at: invoice 'i': is 2026-01-06T12:00:00+00:00 on a"),
        ("i,acme,DRAFT,USD,2026-01-06T12:00Z", "invoice_status: invoice 'i': is FINALIZED and cannot become DRAFT"),
        ("i,globex,FINALIZED,USD,2026-01-06T12:00Z", "customer: invoice 'i': this invoice has another customer"),
    ],
)
def test_a_finalised_invoice_stays_what_it_is(bring, row, problem):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    (line,) = told(bring(invoices=csv(INVOICES, row)))
    assert line.startswith(f"invoices.csv:2: {problem}")


def test_a_line_of_a_finalised_invoice_never_changes(bring):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    assert told(bring(line_items=csv(LINES, "l,i,Plan Basic,20"))) == [
        "line_items.csv:2: display_name: is Plan Base on a finalised invoice and cannot become Plan Basic"
    ]


def test_a_finalised_invoice_gets_no_other_line(bring):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    assert told(bring(line_items=csv(LINES, "l,i,Plan Base,20", "m,i,Gift,0"))) == [
        "line_items.csv:3: invoice: is finalised: no line can be added to it"
    ]


def test_payments_of_a_finalised_invoice_go_on(bring, invoice):
    pending = csv(PAYMENTS, f"p,i,{AT},20,CARD,PENDING")
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE, payments=pending)
    assert invoice().payment_status is PaymentStatus.PENDING
    outcome = bring(payments=csv(PAYMENTS, f"p,i,{AT},20,CARD,SUCCEEDED"))
    assert counts(outcome)["invoices"] == (0, 1, 0)
    assert counts(outcome)["payments"] == (0, 1, 0)
    found = invoice()
    assert (found.payment_status, found.amount_paid, found.amount_remaining) == (PaymentStatus.SUCCEEDED, 20, 0)


def test_what_a_file_says_of_the_payment_of_a_finalised_invoice_goes_on(bring, invoice):
    head = f"{INVOICES},payment_status,amount_paid"
    row = f"i,acme,FINALIZED,USD,{AT}"
    bring(customers=CUSTOMERS, invoices=csv(head, f"{row},PROCESSING,0"), line_items=LINE)
    assert counts(bring(invoices=csv(head, f"{row},SUCCEEDED,20")))["invoices"] == (0, 1, 0)
    assert (invoice().payment_status, invoice().amount_remaining) == (PaymentStatus.SUCCEEDED, 0)


def test_a_status_alone_says_what_was_paid_and_given_back_also_of_an_invoice_that_is_known(bring, invoice):
    def status(word):
        return csv(f"{INVOICES},payment_status", f"i,acme,FINALIZED,USD,{AT},{word}")

    bring(customers=CUSTOMERS, invoices=status("PENDING"), line_items=LINE)
    for word, refunded in (("SUCCEEDED", 0), ("REFUNDED", 20)):
        assert told(bring(invoices=status(word))) == []
        found = invoice()
        assert (found.payment_status, found.amount_paid, found.refunded_amount) == (word, 20, refunded)
        assert counts(bring())["invoices"] == (0, 0, 1)


def test_a_status_that_a_file_leaves_out_stays_while_the_amount_paid_does(bring, invoice):
    row = f"i,acme,FINALIZED,USD,{AT}"
    bring(customers=CUSTOMERS, invoices=csv(f"{INVOICES},payment_status", f"{row},FAILED"), line_items=LINE)
    assert counts(bring(invoices=INVOICE))["invoices"] == (0, 0, 1)
    assert invoice().payment_status is PaymentStatus.FAILED
    bring(invoices=csv(f"{INVOICES},amount_paid", f"{row},20"))
    assert invoice().payment_status is PaymentStatus.SUCCEEDED


def test_a_finalised_invoice_may_be_voided_but_not_come_back(bring, invoice):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    voided = csv(f"{INVOICES},voided_at", f"i,acme,VOIDED,USD,{AT},2026-01-09T12:00Z")
    assert counts(bring(invoices=voided))["invoices"] == (0, 1, 0)
    assert (invoice().invoice_status, invoice().amount_remaining) == (InvoiceStatus.VOIDED, 0)
    assert told(bring(invoices=INVOICE)) == [
        "invoices.csv:2: invoice_status: invoice 'i': is VOIDED and cannot become FINALIZED"
    ]


def test_an_invoice_that_credits_paid_here_is_made_void_here_so_that_they_return(bring, database, invoice):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    with database.writing() as session:
        acme, bill = invoice().customer_id, invoice().public_id
        cast.post(session, cast.add_wallet(session, acme, rate="1"), cast.credit("100", cast.days_ago(9)))
        paid = NewPayment(Decimal(20), "usd", PaymentMethod.CREDITS)
        record_payment(session, acme, bill, paid, "tests", cast.NOW)
    void = csv(INVOICES, f"i,acme,VOIDED,USD,{AT}")
    (problem,) = told(bring(invoices=void))
    assert problem.endswith("cannot become VOIDED: make it void here, so that the credits that paid it return")
    with database.writing() as session:
        void_invoice(session, acme, bill, "tests", cast.NOW)
    assert told(bring(invoices=void)) == []
    with database.reading() as session:
        assert list_wallets(session, acme, cast.NOW)[0].credits == 100
        assert list(all_violations(session)) == []


def test_a_draft_that_is_issued_here_keeps_the_date_of_its_file(bring, database, invoice):
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=LINE)
    with database.writing() as session:
        finalize_invoice(session, invoice().customer_id, invoice().public_id, "tests", cast.NOW)
    assert invoice().issued_at == datetime.fromisoformat(AT)
    assert told(bring(invoices=INVOICE)) == []


def test_a_draft_changes_until_it_is_finalised(bring, invoice, lines):
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=csv(LINES, "a,i,A,1", "b,i,B,2", "c,i,C,3"))
    assert invoice().subtotal == 6
    bring(invoices=INVOICE, line_items=csv(LINES, "c,i,C,30", "a,i,A,1"))
    assert lines() == [("a", 1, 1), ("c", 3, 30)]
    assert (invoice().subtotal, invoice().invoice_status) == (31, InvoiceStatus.FINALIZED)


def test_lines_of_a_draft_may_change_places(bring, lines):
    head = "external_id,invoice,display_name,amount,position"
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=csv(head, "a,i,A,1,1", "b,i,B,2,2"))
    assert told(bring(line_items=csv(head, "a,i,A,1,2", "b,i,B,2,1"))) == []
    assert lines() == [("b", 1, 2), ("a", 2, 1)]


def test_lines_cannot_change_what_an_invoice_amounts_to_behind_its_back(bring, folder):
    bring(customers=CUSTOMERS, invoices=DRAFT, line_items=LINE)
    (folder / "invoices.csv").unlink()
    (problem,) = told(bring(line_items=csv(LINES, "l,i,Plan Base,25")))
    assert problem.startswith(
        "line_items.csv:2: amount: with this row they come to 25, but subtotal of the invoice 'i'"
    )


def test_payments_cannot_change_what_was_paid_behind_the_invoices_back(bring, folder):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    (folder / "invoices.csv").unlink()
    (problem,) = told(bring(payments=csv(PAYMENTS, f"p,i,{AT},5,CARD,SUCCEEDED")))
    assert problem.startswith(
        "payments.csv:2: amount: with this row they come to 5, but amount_paid of the invoice 'i'"
    )


def test_a_payment_that_failed_may_be_brought_alone(bring, folder):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    (folder / "invoices.csv").unlink()
    assert told(bring(payments=csv(PAYMENTS, f"p,i,{AT},5,CARD,FAILED"))) == []


@pytest.mark.parametrize(
    ("noun", "row"), [("line_items", "l,j,Plan Base,20"), ("payments", f"p,j,{AT},20,CARD,FAILED")]
)
def test_a_line_or_payment_cannot_move_to_another_invoice(bring, noun, row):
    both = csv(INVOICES, f"i,acme,FINALIZED,USD,{AT}", f"j,globex,FINALIZED,USD,{AT}")
    payment = csv(PAYMENTS, f"p,i,{AT},20,CARD,FAILED")
    bring(customers=CUSTOMERS, invoices=both, line_items=LINE, payments=payment)
    head = LINES if noun == "line_items" else PAYMENTS
    outcome = bring(**{noun: csv(head, row)})
    assert (
        f"{noun}.csv:2: invoice: is not the invoice that an earlier import gave this row, which cannot change"
        in told(outcome)
    )


def test_sums_are_not_judged_while_a_line_is_bad(bring):
    invoices = csv(f"{INVOICES},subtotal", f"i,acme,FINALIZED,USD,{AT},30")
    outcome = bring(customers=CUSTOMERS, invoices=invoices, line_items=csv(LINES, "l,i,A,10", "m,i,B,twenty"))
    assert told(outcome) == ["line_items.csv:3: amount: 'twenty' is not a number such as 1234.5"]


def test_a_known_invoice_is_not_judged_while_a_payment_is_bad(bring):
    bring(customers=CUSTOMERS, invoices=INVOICE, line_items=LINE)
    outcome = bring(payments=csv(PAYMENTS, f"p,i,{AT},twenty,CARD,SUCCEEDED"))
    assert told(outcome) == ["payments.csv:2: amount: 'twenty' is not a number such as 1234.5"]


def test_sums_are_not_judged_while_lines_are_missing(bring):
    invoices = csv(f"{INVOICES},subtotal", f"i,acme,FINALIZED,USD,{AT},30")
    outcome = bring(customers=CUSTOMERS, invoices=invoices, line_items=f'{LINES}\nl,i,A,10\nm,i,"B,20\n')
    assert told(outcome) == ["line_items.csv:3: a quote that opens in the row of line 3 is never closed"]


def test_more_invoices_than_a_batch_keep_their_own_lines(bring, database):
    numbers = range(700)
    bring(
        customers=CUSTOMERS,
        invoices=csv(INVOICES, *[f"i{n},acme,FINALIZED,USD,{AT}" for n in numbers]),
        line_items=csv(LINES, *[f"l{n},i{n},Line,{n}" for n in reversed(numbers)]),
    )
    with database.reading() as session:
        assert {row.external_id: row.subtotal for row in session.exec(select(Invoice))} == {f"i{n}": n for n in numbers}
