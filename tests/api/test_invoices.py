"""Invoices and payments over REST: written, issued, paid, made void; read by their customer."""

import io
from decimal import Decimal

import cast
import pytest
from pypdf import PdfReader
from sqlmodel import select

from portal_app.models.customer import Customer

DISCOUNTS = {"line_item_discount": "0.5", "invoice_level_discount": "1.5"}
LINES = [
    {"display_name": "Plan Base", "amount": "20", "quantity": "1"} | DISCOUNTS,
    {"display_name": "API calls", "amount": "10.5", "quantity": "4200", "price_type": "USAGE", "meter_id": "meter_1"},
]
INVOICE = {
    "external_customer_id": "acme",
    "currency": "usd",
    "subtotal": "30.5",
    "total": "33.915",
    "amount_due": "30.915",
    "line_items": [LINES[0], LINES[1] | {"prepaid_credits_applied": "3"}],
    "issue_date": "2026-01-06T00:00:00Z",
    "due_date": "2999-01-20T00:00:00Z",
    "metadata": {"po": "7"},
}
PLAIN = {"external_customer_id": "acme", "currency": "usd", "subtotal": "20", "total": "20", "amount_due": "20"}
ISSUED = PLAIN | {"invoice_status": "FINALIZED"}


@pytest.fixture
def write(program, acme_id):
    return lambda body: program.post("/v1/invoices", json=body)


@pytest.fixture
def pay(program):
    def record(invoice, amount="20", **more):
        body = {
            "amount": amount,
            "currency": "usd",
            "destination_type": "INVOICE",
            "destination_id": invoice,
            "payment_method_type": "CARD",
        }
        return program.post("/v1/payments", json=body | more)

    return record


def test_a_draft_is_written_and_only_the_operator_sees_it(program, write, acme_id, acme_portal):
    made = write(INVOICE)
    assert made.status_code == 201
    draft = made.json()
    assert (
        draft.items()
        >= {
            "customer_id": acme_id,
            "invoice_status": "DRAFT",
            "payment_status": "PENDING",
            "invoice_number": None,
            "subtotal": "30.5",
            "total_discount": "2",
            "total_tax": "5.415",
            "total": "33.915",
            "total_prepaid_credits_applied": "3",
            "amount_due": "30.915",
            "amount_remaining": "30.915",
            "metadata": {"po": "7"},
            "payments": [],
        }.items()
    )
    assert [line["display_name"] for line in draft["line_items"]] == ["Plan Base", "API calls"]
    assert draft["line_items"][0].items() >= DISCOUNTS.items()
    assert "issue_date" not in draft
    assert program.get(f"/v1/invoices/{draft['id']}").json() == draft
    assert acme_portal.get(f"/v1/customer/portal/invoices/{draft['id']}").status_code == 404
    assert acme_portal.post("/v1/customer/portal/invoices", json={}).json()["items"] == []
    printed = program.get(f"/v1/invoices/{draft['id']}/pdf")
    assert (printed.status_code, printed.json()["message"]) == (400, "The invoice is DRAFT, so it cannot be printed")


def test_a_draft_that_is_made_void_stays_the_operators_alone(program, write, acme_portal):
    draft, issued = write(PLAIN).json()["id"], write(ISSUED).json()["id"]
    for one in (draft, issued):
        assert program.post(f"/v1/invoices/{one}/void").json()["invoice_status"] == "VOIDED"
    listed = acme_portal.post("/v1/customer/portal/invoices", json={}).json()
    assert ([one["id"] for one in listed["items"]], listed["pagination"]["total"]) == ([issued], 1)
    for path in ("", "/pdf"):
        assert acme_portal.get(f"/v1/customer/portal/invoices/{draft}{path}").status_code == 404
    found = program.post("/v1/invoices/search", json={"invoice_status": ["VOIDED"]}).json()["items"]
    assert {one["id"] for one in found} == {draft, issued}


def test_a_draft_changes_until_it_is_issued(program, write):
    draft = write(INVOICE).json()["id"]
    changed = program.put(f"/v1/invoices/{draft}", json={"description": "January", "due_date": "2999-02-01T00:00:00Z"})
    assert changed.json().items() >= {"description": "January", "due_date": "2999-02-01T00:00:00Z"}.items()
    issued = program.post(f"/v1/invoices/{draft}/finalize").json()
    assert (
        issued.items()
        >= {
            "invoice_status": "FINALIZED",
            "invoice_number": "INV-202601-00001",
            "issue_date": "2026-01-06T00:00:00Z",
            "due_date": "2999-02-01T00:00:00Z",
        }.items()
    )
    for method, path in (("PUT", ""), ("POST", "/finalize")):
        answer = program.request(method, f"/v1/invoices/{draft}{path}", json={"description": "x"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_operation")


def test_numbers_count_on_from_those_of_the_month(program, write, globex_id):
    january = {"issue_date": "2026-01-31T23:59:59Z"}
    taken = {"invoice_number": "INV-202601-00041", "external_customer_id": "globex"}
    written = [write(ISSUED | january | more).json()["invoice_number"] for more in (taken, {}, {})]
    written.append(write(ISSUED | {"issue_date": "2026-02-01T00:00:00Z"}).json()["invoice_number"])
    assert written == ["INV-202601-00041", "INV-202601-00042", "INV-202601-00043", "INV-202602-00001"]
    again = write(ISSUED | {"invoice_number": "INV-202601-00042"})
    assert (again.status_code, again.json()["message"]) == (409, "Invoice INV-202601-00042 already exists")


def test_the_same_key_writes_one_invoice(write):
    first, again = write(ISSUED | {"idempotency_key": "k"}), write(ISSUED | {"idempotency_key": "k"})
    assert first.json()["id"] == again.json()["id"]
    other = write(ISSUED | {"idempotency_key": "k", "amount_due": "19"})
    assert (other.status_code, other.json()["code"]) == (409, "already_exists")


def test_an_invoice_without_lines_gets_one(write):
    [line] = write(ISSUED | {"description": "Setup"}).json()["line_items"]
    assert line.items() >= {"display_name": "Setup", "amount": "20", "quantity": "1"}.items()


def test_payments_add_up_and_stay_in_the_history(program, write, pay, acme_portal):
    invoice = write(ISSUED).json()["id"]
    assert pay(invoice, "5").status_code == 201
    assert program.get(f"/v1/invoices/{invoice}").json().items() >= {
        "payment_status": "PENDING", "amount_paid": "5", "amount_remaining": "15",
    }.items()  # fmt: skip
    pay(invoice, "18")
    seen = acme_portal.get(f"/v1/customer/portal/invoices/{invoice}").json()
    assert seen.items() >= {
        "payment_status": "OVERPAID", "amount_paid": "23", "amount_remaining": "0", "overpaid_amount": "3",
    }.items()  # fmt: skip
    history = [(one["amount"], one["payment_method_type"], one["payment_status"]) for one in seen["payments"]]
    assert history == [("5", "CARD", "SUCCEEDED"), ("18", "CARD", "SUCCEEDED")]
    listed = program.get(f"/v1/payments?destination_id={invoice}&order=asc").json()["items"]
    assert [one["amount"] for one in listed] == ["5", "18"]
    assert program.get(f"/v1/payments/{listed[0]['id']}").json() == listed[0]


def test_payments_of_all_customers_are_searched(program, write, pay):
    first, second = (write(ISSUED).json()["id"] for _ in range(2))
    paid = pay(first, "1").json()["id"], pay(second, "2").json()["id"]
    searches = ({"destination_id": first}, {"payment_ids": [paid[1]]}, {"payment_method_type": "CREDITS"})
    found = [program.post("/v1/payments/search", json=search).json()["items"] for search in searches]
    assert [[one["id"] for one in items] for items in found] == [[paid[0]], [paid[1]], []]


def test_the_same_key_is_one_payment(write, pay):
    invoice = write(ISSUED).json()["id"]
    first, again = pay(invoice, "5", idempotency_key="p"), pay(invoice, "5", idempotency_key="p")
    assert first.json()["id"] == again.json()["id"]
    assert pay(invoice, "6", idempotency_key="p").status_code == 409


def test_credits_pay_an_invoice_and_return_when_it_is_made_void(program, write, pay):
    wallet = {"external_customer_id": "acme", "currency": "usd", "conversion_rate": "0.1"}
    wallet_id = program.post("/v1/wallets", json=wallet | {"initial_credits_to_load": "300"}).json()["id"]
    invoice = write(ISSUED).json()["id"]
    short = pay(invoice, "20.1", payment_method_type="CREDITS")
    assert (short.status_code, short.json()["message"]) == (
        400,
        "amount: is more than the 20 that remain to pay",
    )
    paid = pay(invoice, "20", payment_method_type="CREDITS")
    assert paid.json()["payment_method_id"] == wallet_id
    rows = program.get(f"/v1/wallets/{wallet_id}/transactions").json()["items"]
    assert rows[0].items() >= {
        "transaction_reason": "INVOICE_PAYMENT", "credit_amount": "200", "amount": "20", "reference_id": invoice,
    }.items()  # fmt: skip
    voided = program.post(f"/v1/invoices/{invoice}/void").json()
    assert voided.items() >= {"invoice_status": "VOIDED", "payment_status": "VOIDED", "amount_remaining": "0"}.items()
    assert [one["payment_status"] for one in voided["payments"]] == ["REFUNDED"]
    returned = program.get(f"/v1/wallets/{wallet_id}/transactions").json()["items"][0]
    assert (returned["transaction_reason"], returned["credit_balance_after"]) == ("INVOICE_VOID_REFUND", "300")


def test_credits_come_from_a_wallet_that_holds_enough(program, write, pay):
    wallet = {"external_customer_id": "acme", "currency": "usd", "conversion_rate": "10"}
    program.post("/v1/wallets", json=wallet | {"initial_credits_to_load": "1"})
    full = program.post("/v1/wallets", json=wallet | {"wallet_type": "POST_PAID", "initial_credits_to_load": "2"})
    invoice = write(ISSUED).json()["id"]
    least = pay(invoice, "0.000001", payment_method_type="CREDITS")
    assert (least.status_code, least.json()["message"]) == (400, "amount: is worth less than a millionth of a credit")
    assert pay(invoice, payment_method_type="CREDITS").json()["payment_method_id"] == full.json()["id"]


def test_what_is_paid_by_other_means_cannot_be_made_void(program, write, pay):
    invoice = write(ISSUED).json()["id"]
    pay(invoice)
    answer = program.post(f"/v1/invoices/{invoice}/void")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_operation")


def test_a_void_invoice_takes_no_payment(program, write, pay):
    invoice = write(ISSUED).json()["id"]
    program.post(f"/v1/invoices/{invoice}/void")
    for answer in (pay(invoice), program.put(f"/v1/invoices/{invoice}/payment", json={"payment_status": "SUCCEEDED"})):
        assert (answer.status_code, answer.json()["message"]) == (400, "The invoice is VOIDED, so it cannot be paid")


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("SUCCEEDED", None)], ("SUCCEEDED", "20", "0", ["20"])),
        ([("PENDING", "5"), ("PENDING", "5"), ("SUCCEEDED", None)], ("SUCCEEDED", "20", "0", ["5", "15"])),
        ([("SUCCEEDED", "25")], ("OVERPAID", "25", "0", ["25"])),
        ([("PROCESSING", None), ("FAILED", "20")], ("FAILED", "0", "20", ["20"])),
        ([("SUCCEEDED", None), ("PARTIALLY_REFUNDED", "5")], ("PARTIALLY_REFUNDED", "20", "0", ["20"])),
        ([("SUCCEEDED", None), ("REFUNDED", None)], ("REFUNDED", "20", "0", ["20"])),
        ([("SUCCEEDED", None), ("PENDING", None)], ("SUCCEEDED", "20", "0", ["20"])),
        ([("VOIDED", None)], ("VOIDED", "0", "20", [])),
    ],
)
def test_a_payment_status_is_set(program, write, steps, expected):
    invoice = write(ISSUED).json()["id"]
    for status, amount in steps:
        said = {"payment_status": status} | ({"amount": amount} if amount else {})
        assert program.put(f"/v1/invoices/{invoice}/payment", json=said).status_code == 200
    body = program.get(f"/v1/invoices/{invoice}").json()
    amounts = [one["amount"] for one in body["payments"]]
    assert (body["payment_status"], body["amount_paid"], body["amount_remaining"], amounts) == expected


def test_amounts_that_a_status_rules_out_are_refused(program, write):
    invoice = write(ISSUED | {"amount_paid": "10"}).json()["id"]
    wrong = [
        ({"payment_status": "SUCCEEDED", "amount": "19"}, "amount: does not cover the 20 due"),
        ({"payment_status": "PENDING", "amount": "9"}, "amount: is less than the 10 paid before"),
        ({"payment_status": "REFUNDED", "amount": "9"}, "amount: does not fit REFUNDED with 10 paid"),
        ({"payment_status": "PARTIALLY_REFUNDED", "amount": "10"}, "amount: does not fit PARTIALLY_REFUNDED with "),
        ({"payment_status": "VOIDED"}, "payment_status: cannot be VOIDED: some of it is paid"),
    ]
    for body, message in wrong:
        answer = program.put(f"/v1/invoices/{invoice}/payment", json=body)
        assert answer.status_code == 400
        assert answer.json()["message"].startswith(message)
    assert program.get(f"/v1/invoices/{invoice}").json()["amount_paid"] == "10"


def test_the_customers_list_pages_from_one_and_keeps_its_own_offset(write, acme_portal):
    for day in range(1, 6):
        write(ISSUED | {"issue_date": f"2026-01-0{day}T00:00:00Z"})
    first = acme_portal.post("/v1/customer/portal/invoices", json={"page": 1, "limit": 2}).json()
    last = acme_portal.post("/v1/customer/portal/invoices", json={"page": 3, "limit": 2, "offset": 1}).json()
    assert [one["issue_date"] for one in first["items"]] == ["2026-01-05T00:00:00Z", "2026-01-04T00:00:00Z"]
    assert [one["issue_date"] for one in last["items"]] == ["2026-01-01T00:00:00Z"]
    assert first["pagination"] == {"total": 5, "limit": 2, "offset": 0}
    assert last["pagination"] == {"total": 5, "limit": 2, "offset": 4}
    assert first["items"][0]["customer"]["external_id"] == "acme"
    assert len(first["items"][0]["line_items"]) == 1


def test_the_pdf_is_a_link_for_a_minute_or_the_file(stranger, program, write, acme_portal):
    invoice = write(ISSUED).json()
    path = f"/v1/customer/portal/invoices/{invoice['id']}/pdf"
    for url in (
        acme_portal.get(f"{path}?url=true").json()["presigned_url"],
        program.get(f"/v1/invoices/{invoice['id']}/pdf?url=true").json()["presigned_url"],
    ):
        assert url.startswith("http://localhost:3000/files/")
        linked = stranger.get(url.removeprefix("http://localhost:3000"))
        assert linked.headers["Content-Type"] == "application/pdf"
    for drawn in (
        acme_portal.get(path, headers={"Accept": "application/pdf"}),
        program.get(f"/v1/invoices/{invoice['id']}/pdf"),
    ):
        assert drawn.content == linked.content
        assert invoice["invoice_number"] in PdfReader(io.BytesIO(drawn.content)).pages[0].extract_text()
        assert invoice["invoice_number"] in drawn.headers["Content-Disposition"]


def test_a_link_of_a_key_ends_with_the_key(stranger, program, write, database):
    invoice = write(ISSUED).json()["id"]
    url = program.get(f"/v1/invoices/{invoice}/pdf?url=true").json()["presigned_url"]
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE api_key SET revoked_at = created_at")
    assert stranger.get(url.removeprefix("http://localhost:3000")).status_code == 404


SEARCHES = [
    ({}, ["c", "b", "a"]),
    ({"invoice_status": ["FINALIZED"]}, ["b", "a"]),
    ({"invoice_status": ["VOIDED"]}, []),
    ({"payment_status": ["SUCCEEDED"]}, ["b"]),
    ({"amount_due_gt": "20"}, ["b"]),
    ({"amount_remaining_gt": "0"}, ["c", "a"]),
    ({"currency": "eur"}, []),
    ({"external_customer_id": "globex"}, ["c"]),
    ({"period_start_gte": "2026-01-01T00:00:00Z", "period_end_lte": "2026-02-01T00:00:00Z"}, ["a"]),
    ({"billing_reason": "PRORATION"}, ["b"]),
    ({"sort": [{"field": "amount_due", "direction": "desc"}], "limit": 1}, ["b"]),
    ({"filters": [{"field": "total", "operator": "gt", "value": {"number": 20}}]}, ["b"]),
]


def test_invoices_of_all_customers_are_searched(program, write, globex_id):
    january = {"period_start": "2026-01-01T00:00:00Z", "period_end": "2026-02-01T00:00:00Z"}
    write(ISSUED | january | {"description": "a"})
    large = {"subtotal": "21", "total": "21", "amount_due": "21", "amount_paid": "21", "billing_reason": "PRORATION"}
    write(ISSUED | large | {"description": "b"})
    write(PLAIN | {"external_customer_id": "globex", "description": "c"})
    answers = [program.post("/v1/invoices/search", json=search).json()["items"] for search, _ in SEARCHES]
    assert [[one["description"] for one in found] for found in answers] == [found for _, found in SEARCHES]
    got = program.get("/v1/invoices?invoice_status=FINALIZED&skip_line_items=true&limit=1").json()
    assert got["pagination"] == {"total": 2, "limit": 1, "offset": 0}
    assert "line_items" not in got["items"][0]


def test_a_customers_invoices_are_summed_by_currency(program, write, acme_id, pay):
    paid, overdue = write(ISSUED).json()["id"], write(ISSUED | {"due_date": "2020-01-01T00:00:00Z"}).json()["id"]
    pay(paid)
    pay(overdue, "5")
    write(ISSUED | {"due_date": "2999-01-01T00:00:00Z", "currency": "eur"})
    write(PLAIN)
    summary = program.get(f"/v1/customers/{acme_id}/invoices/summary").json()
    euros, dollars = summary["summaries"]
    assert summary["default_currency"] == "usd"
    assert dollars == {
        "customer_id": acme_id,
        "currency": "usd",
        "total_revenue_amount": "40",
        "total_paid_amount": "25",
        "total_unpaid_amount": "15",
        "total_overdue_amount": "15",
        "total_invoice_count": 2,
        "unpaid_invoice_count": 1,
        "overdue_invoice_count": 1,
    }
    assert (euros["total_unpaid_amount"], euros["overdue_invoice_count"]) == ("20", 0)


def test_a_credit_note_is_not_overpaid(program, acme_id, acme_portal, database):
    with database.writing() as session:
        acme = session.exec(select(Customer.id).where(Customer.external_id == "acme")).one()
        back = {"total": Decimal(-20), "amount_due": Decimal(-20), "amount_remaining": Decimal(0)}
        cast.add_bare_invoices(session, acme, back | {"invoice_type": "CREDIT"})
    (note,) = acme_portal.post("/v1/customer/portal/invoices", json={}).json()["items"]
    assert (note["amount_due"], note["amount_paid"], note["amount_remaining"]) == ("-20", "0", "0")
    assert "overpaid_amount" not in note
    address = f"/v1/invoices/{note['id']}/payment"
    assert program.put(address, json={"payment_status": "OVERPAID"}).status_code == 400
    assert program.put(address, json={"payment_status": "SUCCEEDED"}).json()["payment_status"] == "SUCCEEDED"


def test_another_customers_invoice_does_not_exist(globex_portal, write):
    invoice = write(ISSUED).json()["id"]
    for path in ("", "/pdf"):
        theirs = globex_portal.get(f"/v1/customer/portal/invoices/{invoice}{path}")
        nobodys = globex_portal.get(f"/v1/customer/portal/invoices/inv_nobody{path}")
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json() == nobodys.json()


def test_an_invoice_of_a_subscription_that_is_still_a_draft_is_read_without_it(program, write, acme_portal):
    plan = program.post("/v1/plans", json={"name": "Plan Base", "lookup_key": "base"}).json()["id"]
    draft = {"external_customer_id": "acme", "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    subscription = program.post("/v1/subscriptions", json=draft | {"subscription_status": "draft"}).json()["id"]
    invoice = write(ISSUED | {"subscription_id": subscription}).json()["id"]
    read = acme_portal.get(f"/v1/customer/portal/invoices/{invoice}")
    assert read.status_code == 200
    assert "subscription" not in read.json()
    assert program.get(f"/v1/invoices/{invoice}").json()["subscription"]["id"] == subscription
