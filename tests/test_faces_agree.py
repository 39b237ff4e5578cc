"""One read, every face: page, query, PDF and CSV say the same number."""

import csv
import io
import shutil
from decimal import Decimal

import cast
import pytest
from pages import loaded_state
from pypdf import PdfReader

from portal_app import clock
from portal_app import database as database_module
from portal_app.database import Database, use_database
from portal_app.demo.world import load_demo
from portal_app.display import make_display
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.exports.invoices_csv import invoices_csv
from portal_app.exports.transactions_csv import transactions_csv
from portal_app.queries.branding import Operator
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.invoices import each_invoice, get_invoice
from portal_app.queries.wallets import each_transaction, list_wallets
from portal_app.ui.tabs.credits.state import CreditsState
from portal_app.ui.tabs.invoices.state import InvoicesState
from portal_app.ui.tabs.overview.state import OverviewState

CUSTOMERS = ("acme", "globex", "tri", "archive", "trial", "paused", "cancelled", "empty")
UTC_US = make_display("en_US", "UTC")


@pytest.fixture(scope="module")
def demo_path(migrated_sqlite, tmp_path_factory):
    path = tmp_path_factory.mktemp("faces") / "demo.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        load_demo(session, clock.utc_now().date(), clock.utc_now(), cast.DEMO_EVENTS)
    database.close()
    return path


@pytest.fixture
def session(demo_path):
    """The demo world of today, as the database of this process."""
    database = use_database(Database(f"sqlite:///{demo_path}"))
    with database.reading() as session:
        yield session
    database.close()
    database_module._current = None


def customer_of(session, external_id):
    return get_published_customer_of_operator(session, external_id)[0]


@pytest.mark.parametrize("external_id", CUSTOMERS)
def test_overview_and_credits_show_the_balance_of_the_query_and_of_the_ledgers_sum(session, external_id):
    customer = customer_of(session, external_id)
    wallets = list_wallets(session, customer, clock.utc_now())
    overview = loaded_state(OverviewState, customer)
    assert [row["id"] for row in overview.wallets] == [wallet.public_id for wallet in wallets]
    for wallet, row in zip(wallets, overview.wallets, strict=True):
        credits_tab = loaded_state(CreditsState, customer, f"/credits?wallet={wallet.public_id}")
        assert credits_tab.wallet == row
        assert row["value"] == UTC_US.money(wallet.value)
        assert row["credits"] == UTC_US.number(wallet.credits, 4)
        ledger = list(each_transaction(session, customer, wallet.public_id))
        completed = [entry for entry in ledger if entry.status == "completed"]
        assert sum((entry.credits for entry in completed), Decimal(0)) == wallet.credits


@pytest.mark.parametrize("external_id", CUSTOMERS)
def test_a_ledgers_csv_holds_the_rows_of_the_page(session, external_id):
    customer = customer_of(session, external_id)
    for wallet in list_wallets(session, customer, clock.utc_now()):
        page = loaded_state(CreditsState, customer, f"/credits?wallet={wallet.public_id}").transactions
        ledger = list(each_transaction(session, customer, wallet.public_id))
        lines = list(csv.DictReader(io.StringIO("".join(transactions_csv(ledger, UTC_US)).removeprefix("\ufeff"))))
        assert [line["id"] for line in lines][: len(page)] == [row["id"] for row in page]
        for entry, line, row in zip(ledger, lines, page, strict=False):
            assert Decimal(line["amount"]) == entry.value.amount
            assert Decimal(line["credits"]) == entry.credits
            assert row["credits"] == UTC_US.signed_credits(entry.credits)
            assert row["amount"] == UTC_US.signed_money(entry.value)


@pytest.mark.parametrize("external_id", CUSTOMERS)
def test_an_invoice_says_the_same_in_list_drawer_csv_and_pdf(session, external_id):
    customer, now = customer_of(session, external_id), clock.utc_now()
    zone = make_display("en_US", "UTC").zone
    invoices = list(each_invoice(session, customer, InvoiceSearch(), zone, now))
    exported = "".join(invoices_csv(invoices, UTC_US)).removeprefix("\ufeff")
    lines = {line["id"]: line for line in csv.DictReader(io.StringIO(exported))}
    listed = {row["id"]: row for row in loaded_state(InvoicesState, customer, "/invoices").rows}
    assert len(lines) == len(invoices)
    for invoice in invoices[:25]:
        row, line = listed[invoice.public_id], lines[invoice.public_id]
        total = UTC_US.money(invoice.total)
        drawer = loaded_state(InvoicesState, customer, f"/invoices?invoice={invoice.public_id}").invoice
        detail = get_invoice(session, customer, invoice.public_id, now)
        pdf = PdfReader(io.BytesIO(invoice_pdf(detail, Operator("Northwind"), UTC_US)))
        text = "\n".join(page.extract_text() for page in pdf.pages).replace("\xa0", " ")
        assert row["amount"] == drawer["amount"] == total
        assert Decimal(line["total"]) == invoice.total.amount
        assert line["status"] == row["badge"]["label"] == drawer["badge"]["label"]
        for sum_row in drawer["sums"]:
            assert f"{sum_row['label']} {sum_row['amount']}".replace("\xa0", " ") in text
