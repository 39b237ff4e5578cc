"""The directories under examples/ load, and customers see in them what the files say."""

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import cast
import pytest
from operator_files import counts, everything, told

from portal_app.billing.money import Money
from portal_app.billing.states import InvoiceState, SubscriptionState
from portal_app.billing.statuses import TransactionReason
from portal_app.display import make_display
from portal_app.imports.directory import import_directory
from portal_app.imports.nouns import NOUNS
from portal_app.queries.customers import get_profile, get_published_customer_of_operator
from portal_app.queries.invariants import all_violations
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.invoices import search_invoices
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.wallets import list_transactions, list_wallets

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def own(database):
    """A session over examples/import."""
    assert told(import_directory(database, EXAMPLES / "import", cast.NOW)) == []
    with database.reading() as session:
        yield session


@pytest.fixture
def stripe(database):
    """A session over examples/import-stripe."""
    assert told(import_directory(database, EXAMPLES / "import-stripe", cast.NOW)) == []
    with database.reading() as session:
        yield session


def usd(amount):
    return Money(Decimal(amount), "usd")


def customer(session, external_id):
    return get_published_customer_of_operator(session, external_id)[0]


def invoices(session, external_id):
    page = search_invoices(session, customer(session, external_id), InvoiceSearch(), ZoneInfo("UTC"), cast.NOW)
    return [(found.number, found.state, found.total) for found in page.items]


def opened(session, external_id, number):
    owner = customer(session, external_id)
    page = search_invoices(session, owner, InvoiceSearch(), ZoneInfo("UTC"), cast.NOW)
    (found,) = [found for found in page.items if found.number == number]
    return get_invoice(session, owner, found.public_id, cast.NOW)


def test_the_example_has_a_file_for_every_noun():
    assert {path.stem for path in (EXAMPLES / "import").iterdir()} == NOUNS.keys()


def test_acme_reads_its_balance(own):
    (wallet,) = list_wallets(own, customer(own, "acme"), cast.NOW)
    shown = make_display("en_US", "Europe/Berlin")
    assert shown.credits(wallet.credits) == "434.2 credits"
    assert shown.money(wallet.value) == "$43.42"
    assert shown.date(wallet.next_expiry_at) == "Mar 1, 2026"


def test_acme_reads_its_ledger_newest_first(own):
    owner = customer(own, "acme")
    (wallet,) = list_wallets(own, owner, cast.NOW)
    rows = list_transactions(own, owner, wallet.public_id).items
    assert [(row.credits, row.value.amount, row.credits_after, row.invoice_number) for row in rows] == [
        (Decimal(-200), Decimal(-20), Decimal("434.2"), "INV-202601-00003"),
        (Decimal("-365.8"), Decimal("-36.58"), Decimal("634.2"), "INV-202601-00002"),
        (Decimal(1000), Decimal(100), Decimal(1000), None),
        (Decimal(-1000), Decimal(-100), Decimal(0), "INV-202601-00002"),
        (Decimal(1000), Decimal(100), Decimal(1000), None),
    ]
    assert [row.grant_name for row in rows if row.credits > 0] == ["Welcome bonus", "Annual plan"]


def test_acme_reads_its_invoices(own):
    assert invoices(own, "acme") == [
        ("INV-202601-00003", InvoiceState.PAID, usd("20")),
        ("INV-202601-00002", InvoiceState.PAID, usd("136.58")),
        ("INV-202601-00001", InvoiceState.PENDING, usd("20")),
    ]


def test_acme_reads_its_subscription(own):
    (subscription,) = list_subscriptions(own, customer(own, "acme"), cast.NOW)
    assert (subscription.plan_name, subscription.state) == ("Plan Base", SubscriptionState.ACTIVE)
    assert [(fee.amount, fee.currency) for fee in subscription.fees] == [(20, "usd")]


def test_harbour_opens_its_invoice(own):
    invoice = opened(own, "harbour", "HRB-0001")
    amounts = (invoice.subtotal, invoice.discount, invoice.tax, invoice.summary.total, invoice.paid)
    assert [str(money.amount.normalize()) for money in amounts] == ["24", "6", "3.6", "21.6", "21.6"]
    assert invoice.tax_name == "VAT 20 %"
    assert [(line.description, line.quantity, line.unit_price) for line in invoice.lines] == [("Extra seats", 3, 8)]
    assert [(payment.status, payment.reference) for payment in invoice.payments] == [
        ("FAILED", "Visa 4242: insufficient funds"),
        ("SUCCEEDED", "Visa 4242"),
    ]
    assert invoice.description == "Thank you for trying us.\nQuestions? Write to billing@northwind.example."


def test_harbour_reads_that_its_trial_credits_expired(own):
    owner = customer(own, "harbour")
    (wallet,) = list_wallets(own, owner, cast.NOW)
    last = list_transactions(own, owner, wallet.public_id).items[0]
    assert (last.reason, last.grant_name) == (TransactionReason.CREDIT_EXPIRED, "Trial credits")
    assert wallet.credits == 0


@pytest.mark.parametrize("example", ["import", "import-stripe"])
def test_every_invariant_holds_and_the_same_again_changes_nothing(database, example):
    import_directory(database, EXAMPLES / example, cast.NOW)
    before = everything(database)
    outcome = import_directory(database, EXAMPLES / example, cast.NOW.replace(year=2027))
    assert {(added, changed) for added, changed, _ in counts(outcome).values()} == {(0, 0)}
    assert everything(database) == before
    with database.reading() as session:
        assert list(all_violations(session)) == []


def test_a_customer_from_stripe_has_the_first_name_there_is(stripe):
    names = {
        key: get_profile(stripe, customer(stripe, key)).name for key in ("cus_Acme0001", "cus_Fuji0002", "cus_Late0003")
    }
    assert names == {"cus_Acme0001": "Acme Corp", "cus_Fuji0002": "Fuji Trading KK", "cus_Late0003": "ap@late.example"}


def test_invoices_from_stripe_stand_as_there_and_drafts_do_not_show(stripe):
    assert invoices(stripe, "cus_Acme0001") == [
        ("E5F6-0002", InvoiceState.PAID, usd("107.10")),
        ("E5F6-0001", InvoiceState.PAID, usd("20")),
    ]
    assert invoices(stripe, "cus_Late0003") == [
        ("A1B2-0002", InvoiceState.VOID, usd("20")),
        ("A1B2-0001", InvoiceState.OVERDUE, usd("1248")),
    ]
    assert invoices(stripe, "cus_Fuji0002") == [("C3D4-0001", InvoiceState.PAID, Money(Decimal(12400), "jpy"))]


def test_an_invoice_from_stripe_opens_with_its_sums_and_payments(stripe):
    invoice = opened(stripe, "cus_Acme0001", "E5F6-0002")
    amounts = {
        "subtotal": invoice.subtotal, "discount": invoice.discount, "tax": invoice.tax, "due": invoice.due,
        "credits": invoice.credits_applied, "paid": invoice.paid, "remaining": invoice.summary.remaining,
    }  # fmt: skip
    assert {name: f"{money.amount:.2f}" for name, money in amounts.items()} == {
        "subtotal": "100.00", "discount": "10.00", "tax": "17.10", "due": "102.10",
        "credits": "5.00", "paid": "102.10", "remaining": "0.00",
    }  # fmt: skip
    assert [line.description for line in invoice.lines] == ["Items as invoiced"]
    assert [(payment.status, payment.at.isoformat()) for payment in invoice.payments] == [
        ("FAILED", "2026-01-06T11:02:00+00:00"),
        ("SUCCEEDED", "2026-01-07T11:02:00+00:00"),
    ]
