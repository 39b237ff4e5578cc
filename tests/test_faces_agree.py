"""One read, every face: page, graph, table, query, REST, PDF and CSV say the same number."""

import csv
import io
import shutil
from decimal import Decimal
from urllib.parse import urlencode

import callers
import cast
import pytest
from api.contract import Api
from links import file_link, live_principal
from pages import loaded_state
from pypdf import PdfReader
from usage_world import fill_reference

from portal_app import clock
from portal_app import database as database_module
from portal_app.access.downloads import FileKind
from portal_app.api.app import create_api
from portal_app.billing.money import Money
from portal_app.billing.periods import Preset
from portal_app.billing.statuses import PaymentStatus
from portal_app.database import Database, use_database
from portal_app.demo.world import load_demo
from portal_app.display import make_display
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.exports.invoices_csv import invoices_csv
from portal_app.exports.transactions_csv import transactions_csv
from portal_app.exports.usage_csv import usage_breakdown_csv, usage_series_csv
from portal_app.queries.branding import Operator
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.invoices import each_invoice, list_owed
from portal_app.queries.usage import usage_of_preset
from portal_app.queries.wallets import each_transaction, list_wallets
from portal_app.ui.components.invoice_table import invoice_row
from portal_app.ui.tabs.credits.state import CreditsState
from portal_app.ui.tabs.invoices.detail import open_invoice
from portal_app.ui.tabs.invoices.state import InvoicesState
from portal_app.ui.tabs.overview.state import OverviewState
from portal_app.ui.tabs.usage.state import UsageState

CUSTOMERS = ("acme", "globex", "tri", "archive", "trial", "paused", "cancelled", "empty")
UTC_US = make_display("en_US", "UTC")


@pytest.fixture(scope="module")
def demo_path(migrated_sqlite, tmp_path_factory):
    path = tmp_path_factory.mktemp("faces") / "demo.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        load_demo(session, clock.utc_now().date(), clock.utc_now(), cast.DEMO_EVENTS)
        fill_reference(session, clock.utc_now(), "metered", timezone="Asia/Kathmandu")
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


@pytest.fixture(scope="module")
def api():
    return create_api()


@pytest.fixture
def rest(api, session):
    """Return a customer's own front end."""
    return lambda external_id: Api(callers.portal_of(api, database_module.current_database(), external_id))


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


def test_a_day_as_the_list_writes_it_is_found_on_page_and_in_csv_in_any_locale(sqlite_database, api):
    with sqlite_database.writing() as session:
        acme = cast.add_customer(session)
        cast.add_bare_invoices(session, acme, {"number": "INV-1"}, {"number": "INV-2", "issued_at": cast.days_ago(20)})
    whose, now = live_principal(sqlite_database, "acme", clock.utc_now()), clock.utc_now()
    for locale in ("fr_FR", "pt_BR", "ar", "zh_CN"):
        query = loaded_state(InvoicesState, acme, "/invoices", locale).rows[0]["date"]
        found = loaded_state(InvoicesState, acme, f"/invoices?{urlencode({'q': query})}", locale)
        assert [one["number"] for one in found.rows] == ["INV-1"]
        file = callers.stranger(api).get(file_link(whose, FileKind.INVOICES_CSV, query, now, locale))
        assert [line["number"] for line in read_csv([file.text])] == ["INV-1"]


def read_csv(lines):
    return list(csv.DictReader(io.StringIO("".join(lines).removeprefix("\ufeff"))))


@pytest.mark.parametrize("status", [PaymentStatus.VOIDED, PaymentStatus.REFUNDED])
def test_what_nobody_waits_for_is_on_no_face_still_to_pay(sqlite_database, status):
    paid = {"amount_paid": Decimal(15), "refunded_amount": Decimal(15)} if status is PaymentStatus.REFUNDED else {}
    told = {"payment_status": status, "amount_remaining": Decimal(20) - paid.get("amount_paid", 0)} | paid
    with sqlite_database.writing() as session:
        acme = cast.add_customer(session)
        cast.add_bare_invoices(session, acme, {"number": "INV-1"} | told)
    with sqlite_database.reading() as session:
        (invoice,) = each_invoice(session, acme, InvoiceSearch(), UTC_US.zone, cast.NOW)
        detail = get_invoice(session, acme, invoice.public_id, cast.NOW)
        assert list_owed(session, acme, cast.NOW) == []
    opened = open_invoice(detail, UTC_US)
    printed = PdfReader(io.BytesIO(invoice_pdf(detail, Operator("Northwind"), UTC_US))).pages[0].extract_text()
    assert invoice_row(invoice, UTC_US)["note"] == ""
    assert opened["sums"][-1]["label"] == "Still to pay"
    assert opened["sums"][-1]["amount"] == "$0.00"
    assert printed.count("Still to pay $0.00") == 1
    assert "Still to pay\n$0.00" in printed
    assert read_csv(invoices_csv([invoice], UTC_US))[0]["remaining"] == "0"


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("external_id", [*CUSTOMERS, "metered"])
def test_usage_says_the_same_in_breakdown_explanation_query_and_csv(session, external_id, preset):
    customer = customer_of(session, external_id)
    page = loaded_state(UsageState, customer, f"/usage?range={preset}")
    rows = {row["id"]: row for row in page.breakdown["rows"]}
    report = usage_of_preset(session, customer, preset, page._asked[0].at)
    lines = read_csv(usage_breakdown_csv(report, UTC_US))
    assert len(lines) == len(report.series)
    for one in report.series:
        row = rows[one.feature.public_id]
        (line,) = [line for line in lines if line["id"] == one.feature.public_id]
        why = loaded_state(UsageState, customer, f"/usage?range={preset}&why={one.feature.public_id}").why
        unit = one.feature.unit_singular, one.feature.unit_plural
        assert row["usage"] == UTC_US.quantity(Decimal(line["quantity"]), *unit)
        assert why["quantity"].startswith(f"{row['usage']}: ")
        assert row["events"] == f"{int(line['events']):,}" == f"{one.events:,}"
        charged = [charge.amount for mine in one.charged for charge in mine.cost.charges]
        assert len(why["charges"]) == len(charged)
        if one.costs:
            (cost,) = one.costs
            assert row["cost"] == UTC_US.cost(cost.exact, cost.shown)
            assert Decimal(line["cost"]) == cost.shown.amount
            assert Decimal(line["exact_cost"]) == cost.exact.amount == sum(charged)
            assert why["total"] == row["exact_cost"] == UTC_US.exact_money(cost.exact)
        else:
            assert (row["cost"], line["cost"], why["total"]) == ("", "", "")


@pytest.mark.parametrize("preset", Preset)
def test_every_window_says_the_same_in_graph_table_overview_and_csv(session, preset):
    customer = customer_of(session, "metered")
    page = loaded_state(UsageState, customer, f"/usage?range={preset}")
    table = loaded_state(UsageState, customer, f"/usage?range={preset}&view=table").card["table"]
    report = usage_of_preset(session, customer, preset, page._asked[0].at)
    lines = read_csv(usage_series_csv(report, make_display("en_US", "Asia/Kathmandu")))
    drawn = {trace["name"]: trace for trace in page.card["figure"]["data"] if "name" in trace}
    assert sorted(drawn) == sorted(table["heads"]) == sorted({line["feature"] for line in lines})
    for place, name in enumerate(table["heads"]):
        mine = [line for line in lines if line["feature"] == name]
        units = {one.feature.name: (one.feature.unit_singular, one.feature.unit_plural) for one in report.series}[name]
        texts = [UTC_US.quantity(Decimal(line["quantity"]), *units) for line in mine]
        assert [row["cells"][place]["quantity"] for row in table["rows"]] == texts[::-1]
        assert [text for text in drawn[name]["text"] if text] == texts
        assert [value for value in drawn[name]["y"] if value is not None] == [float(line["quantity"]) for line in mine]


@pytest.mark.parametrize("external_id", CUSTOMERS)
def test_rest_says_what_ledgers_and_invoices_say_on_the_page(session, rest, external_id):
    customer, api, now = customer_of(session, external_id), rest(external_id), clock.utc_now()
    wallets = api.post("customer/portal/wallets", {})
    for wallet, answered in zip(list_wallets(session, customer, now), wallets, strict=True):
        assert answered["id"] == wallet.public_id
        assert Decimal(answered["balance"]) == wallet.value.amount
        assert Decimal(answered["credit_balance"]) == wallet.credits
        rows = api.slices(f"customer/portal/wallets/{wallet.public_id}/transactions", "transaction", 500)
        ledger = list(each_transaction(session, customer, wallet.public_id))
        signs = {"credit": 1, "debit": -1}
        said = {row["id"]: (signs[row["type"]] * Decimal(row["credit_amount"]), row["reference_id"]) for row in rows}
        assert said == {one.public_id: (one.credits, one.invoice_public_id or one.reference_id) for one in ledger}
    listed = {row["id"]: row for row in loaded_state(InvoicesState, customer, "/invoices").rows}
    answered = {one["id"]: one for one in api.pages("customer/portal/invoices", {}, "invoice", 1000)}
    invoices = list(each_invoice(session, customer, InvoiceSearch(), UTC_US.zone, now))
    assert answered.keys() == {invoice.public_id for invoice in invoices}
    for invoice in invoices:
        said = answered[invoice.public_id]
        assert (Decimal(said["total"]), Decimal(said["amount_remaining"]), said["currency"]) == (
            invoice.total.amount, invoice.remaining.amount, invoice.total.currency,
        )  # fmt: skip
    for public_id, row in listed.items():
        said = answered[public_id]
        assert row["amount"] == UTC_US.money(Money(Decimal(said["total"]), said["currency"]))


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("external_id", ["acme", "metered"])
def test_rest_says_what_usage_says_on_the_page(session, rest, external_id, preset):
    customer = customer_of(session, external_id)
    page = loaded_state(UsageState, customer, f"/usage?range={preset}")
    rows = {row["id"]: row for row in page.breakdown["rows"]}
    report = usage_of_preset(session, customer, preset, page._asked[0].at)
    span = {"start_time": report.span.start_at.isoformat(), "end_time": report.span.end_at.isoformat()}
    body = span | {"window_size": preset.size.value, "group_by": ["feature_id"]}
    answered = rest(external_id).post("customer/portal/analytics/revenue", body, "analytics")
    assert [item["feature_id"] for item in answered["items"]] == [one.feature.public_id for one in report.series]
    for one, item in zip(report.series, answered["items"], strict=True):
        row, unit = rows[item["feature_id"]], (one.feature.unit_singular, one.feature.unit_plural)
        assert UTC_US.quantity(Decimal(item["total_usage"]), *unit) == row["usage"]
        assert f"{item['event_count']:,}" == row["events"]
        cost = Decimal(item["total_cost"])
        assert (UTC_US.exact_money(Money(cost, item["currency"])) if "currency" in item else "") == row["exact_cost"]
        used = [(Decimal(point["usage"]), point["event_count"]) for point in item["points"]]
        assert used == [(point.quantity, point.events) for point in one.points]
        assert sum(Decimal(point["cost"]) for point in item["points"]) == cost
