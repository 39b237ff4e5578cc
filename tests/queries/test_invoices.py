"""Invoices: listed whole, opened right, and nobody else's."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import cast
import pytest
from cast import Line, Paid
from sqlmodel import select
from statements import counted, explained

from portal_app.billing.money import Money
from portal_app.billing.states import InvoiceState
from portal_app.billing.statuses import BillingReason, InvoiceStatus, PaymentMethod, PaymentStatus, PriceType
from portal_app.commands.invoices import void_invoice
from portal_app.errors import NotFound
from portal_app.models.invoice import Invoice
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import InvoiceSearch, parse_search
from portal_app.queries.invoices import (
    InvoiceOrder,
    count_invoices,
    each_invoice,
    list_latest_invoices,
    list_owed,
    search_invoices,
)

NOW, DAY = cast.NOW, timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
EVERYTHING = InvoiceSearch()
FIRST, SECOND, THIRD = "INV-202601-00001", "INV-202601-00002", "INV-202601-00003"


@pytest.mark.parametrize("status", [InvoiceStatus.DRAFT, InvoiceStatus.SKIPPED, InvoiceStatus.VOIDED])
def test_an_invoice_that_was_never_issued_is_shown_by_no_query(session, acme, status):
    hidden = cast.add_bill(session, acme, "INV-1", invoice_status=InvoiceStatus.DRAFT)
    if status is InvoiceStatus.VOIDED:
        void_invoice(session, acme, hidden.public_id, "us", NOW)
    hidden.invoice_status = status
    session.flush()
    assert list(each_invoice(session, acme, EVERYTHING, BERLIN, NOW)) == []
    assert list(each_invoice(session, acme, parse_search("INV-1", NOW.date()), BERLIN, NOW)) == []
    assert list_latest_invoices(session, acme, NOW) == []
    assert search_invoices(session, acme, EVERYTHING, BERLIN, NOW).total == count_invoices(session, acme) == 0
    with pytest.raises(NotFound):
        get_invoice(session, acme, hidden.public_id, NOW)


@pytest.mark.parametrize("external_id", ["acme", "tri", "archive", "empty"])
def test_what_is_owed_is_the_sum_of_what_the_unpaid_invoices_say(demo_session, external_id):
    customer, _ = get_published_customer_of_operator(demo_session, external_id)
    unpaid = list(each_invoice(demo_session, customer, parse_search("unpaid", NOW.date()), BERLIN, NOW))
    remaining, overdue = defaultdict(Decimal), Counter()
    for invoice in unpaid:
        if invoice.to_pay.amount:
            remaining[invoice.to_pay.currency] += invoice.to_pay.amount
            overdue[invoice.to_pay.currency] += invoice.state is InvoiceState.OVERDUE
    owed = list_owed(demo_session, customer, NOW)
    assert {one.remaining.currency: one.remaining.amount for one in owed} == remaining
    assert {one.remaining.currency: one.overdue for one in owed} == overdue
    assert bool(owed) == (external_id != "empty")


def test_another_customers_invoice_is_in_no_list_and_not_found(session, acme, globex, three):
    theirs = cast.add_bill(session, globex, "INV-202601-00002", "136.58")
    assert theirs.public_id not in {row.public_id for row in each_invoice(session, acme, EVERYTHING, BERLIN, NOW)}
    assert count_invoices(session, acme) == 4
    assert len(list_latest_invoices(session, acme, NOW, limit=9)) == 4
    assert [row.public_id for row in list_latest_invoices(session, globex, NOW)] == [theirs.public_id]
    for public_id in (theirs.public_id, "inv_never", "", "\0", "\ud800", "%"):
        with pytest.raises(NotFound, match=r"^Invoice not found$"):
            get_invoice(session, acme, public_id, NOW)


def test_an_invoice_opened_has_its_lines_sums_and_payments(session, acme):
    subscription = cast.add_subscription(session, acme, cast.add_plan(session))
    period = (cast.days_ago(40), cast.days_ago(10))
    lines = [Line("Plan Base", Decimal(20)), Line("Calls", Decimal("0.000025"), Decimal(640_000), is_usage=True)]
    payments = [
        Paid(after=2),
        Paid(status=PaymentStatus.FAILED, after=1, method=PaymentMethod.OFFLINE, reference="SEPA"),
    ]
    row = cast.add_bill(
        session, acme, "INV-1", lines, payments=payments, discount_rate=Decimal("0.1"), tax_rate=Decimal("0.19"),
        tax_name="VAT 19 %", credits_applied=Decimal("8.56"), subscription_id=subscription.id, period=period,
        description="January", reason=BillingReason.SUBSCRIPTION_CREATE,
    )  # fmt: skip
    invoice = get_invoice(session, acme, row.public_id, NOW)

    def usd(amount):
        return Money(Decimal(amount), "usd")

    assert (invoice.summary.number, invoice.summary.state) == ("INV-1", InvoiceState.PAID)
    assert (invoice.summary.total, invoice.summary.remaining) == (usd("38.56"), usd(0))
    assert (invoice.subtotal, invoice.discount, invoice.tax) == (usd(36), usd("3.6"), usd("6.16"))
    assert (invoice.credits_applied, invoice.due, invoice.paid) == (usd("8.56"), usd(30), usd(30))
    assert (invoice.tax_name, invoice.description) == ("VAT 19 %", "January")
    assert invoice.billing_reason is BillingReason.SUBSCRIPTION_CREATE
    assert (invoice.period_start_at, invoice.period_end_at) == period
    assert (invoice.paid_at, invoice.voided_at, invoice.refunded) == (cast.days_ago(8), None, usd(0))
    assert invoice.customer.name == "Acme Corp"
    fee, calls = invoice.lines
    assert (fee.description, fee.price_type, fee.amount) == ("Plan Base", PriceType.FIXED, usd(20))
    assert (calls.quantity, calls.unit_price, calls.amount) == (640_000, Decimal("0.000025"), usd(16))
    assert (calls.period_start_at, calls.period_end_at) == period
    assert calls.discount == usd(0)
    failed, arrived = invoice.payments
    assert (failed.status, failed.method, failed.reference) == (PaymentStatus.FAILED, PaymentMethod.OFFLINE, "SEPA")
    assert (arrived.status, arrived.amount, arrived.at) == (PaymentStatus.SUCCEEDED, usd(30), cast.days_ago(8))


def test_a_voided_invoice_can_still_be_opened(session, acme):
    row = cast.add_bill(session, acme, "INV-1", invoice_status=InvoiceStatus.VOIDED)
    invoice = get_invoice(session, acme, row.public_id, NOW)
    assert invoice.summary.state is InvoiceState.VOID
    assert (invoice.summary.remaining.amount, invoice.voided_at) == (0, cast.days_ago(7))


def test_the_latest_are_the_newest_few(session, acme, three):
    assert [row.number for row in list_latest_invoices(session, acme, NOW)] == [THIRD, SECOND, FIRST]
    assert [row.number for row in list_latest_invoices(session, acme, NOW, limit=1)] == [THIRD]


@pytest.mark.parametrize(
    ("statements", "query"),
    [
        (2, lambda *whose: search_invoices(*whose, EVERYTHING, BERLIN, NOW)),
        (2, lambda *whose: search_invoices(*whose, parse_search("paid > 1 Jan 2026", NOW.date()), BERLIN, NOW)),
        (3, lambda *whose: search_invoices(*whose, parse_search("paid > 1 2026", NOW.date()), BERLIN, NOW)),
        (1, lambda *whose: list(each_invoice(*whose, EVERYTHING, BERLIN, NOW))),
        (1, lambda *whose: list_latest_invoices(*whose, NOW)),
        (1, count_invoices),
    ],
)
def test_the_statements_of_a_list_do_not_grow_with_it(session, acme, three, statements, query):
    with counted(session) as sent:
        query(session, acme)
    assert len(sent) == statements


def test_an_invoice_opened_is_four_statements(session, acme, three):
    public_id = list_latest_invoices(session, acme, NOW)[1].public_id
    session.expire_all()
    with counted(session) as sent:
        get_invoice(session, acme, public_id, NOW)
    assert len(sent) == 4


def pages(session, customer, order, *, ascending):
    first = search_invoices(session, customer, EVERYTHING, BERLIN, NOW, 1, order, ascending=ascending)
    rest = [
        search_invoices(session, customer, EVERYTHING, BERLIN, NOW, number, order, ascending=ascending)
        for number in range(2, first.count + 1)
    ]
    return [row for page in (first, *rest) for row in page.items]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("order", InvoiceOrder)
def test_the_pages_in_any_order_are_the_whole_list_in_that_order(session, acme, order, ascending):
    cast.add_bare_invoices(
        session,
        acme,
        *(
            {"number": f"INV-{n * 38 % 111:03d}", "total": Decimal(n % 7), "issued_at": NOW - (n % 5) * DAY}
            for n in range(111)
        ),
    )
    shown = [row.public_id for row in pages(session, acme, order, ascending=ascending)]
    stored = session.exec(select(Invoice)).all()
    keys = {
        InvoiceOrder.DATE: lambda row: (row.issued_at, row.id),
        InvoiceOrder.NUMBER: lambda row: (row.number, row.issued_at, row.id),
        InvoiceOrder.AMOUNT: lambda row: (row.total, row.issued_at, row.id),
    }
    assert shown == [row.public_id for row in sorted(stored, key=keys[order], reverse=not ascending)]


@pytest.mark.parametrize("ascending", [True, False])
def test_missing_numbers_come_last_whichever_way(session, acme, ascending):
    cast.add_bare_invoices(session, acme, {"number": None}, {"number": "B"}, {"number": None}, {"number": "A"})
    numbers = [row.number for row in pages(session, acme, InvoiceOrder.NUMBER, ascending=ascending)]
    assert numbers == [*sorted("AB", reverse=not ascending), None, None]


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (-1, 1), (3, 2), (10**12, 2)])
def test_a_page_that_does_not_exist_is_the_nearest_that_does(session, acme, asked, given):
    cast.add_bare_invoices(session, acme, *({"number": str(n)} for n in range(30)))
    page = search_invoices(session, acme, EVERYTHING, BERLIN, NOW, asked)
    assert (page.number, page.count, page.total) == (given, 2, 30)


@pytest.fixture
def archive(demo_session):
    return get_published_customer_of_operator(demo_session, "archive")[0]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("order", InvoiceOrder)
def test_page_40_is_read_from_an_index_without_a_sort(demo_session, archive, order, ascending):
    with explained(demo_session) as plans:
        search_invoices(demo_session, archive, EVERYTHING, BERLIN, NOW, 40, order, ascending=ascending)
    counting, page = plans
    assert counting[0].startswith("SEARCH invoice USING COVERING INDEX")
    assert page[0].startswith("SEARCH invoice USING INDEX")
    # Numbers are unique: what is sorted to the right of one is a row, or those that have none.
    assert page[1:] == (["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"] if order is InvoiceOrder.NUMBER else [])


@pytest.mark.parametrize("typed", ["Jan 2026", "= 20", "unpaid", "INV", "paid = 15.50 2026"])
def test_a_search_sorts_nothing_and_reads_the_customers_own_rows(demo_session, archive, typed):
    with explained(demo_session) as plans:
        search_invoices(demo_session, archive, parse_search(typed, NOW.date()), BERLIN, NOW)
    assert len(plans) == 2 + (typed == "paid = 15.50 2026")  # 2026 may be a number
    for plan in plans:
        assert len(plan) == 1
        assert "(customer_id=?" in plan[0]
