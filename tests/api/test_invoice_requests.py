"""Invoices that cannot be, refused by name before anything is written."""

import pytest

LINE = {"display_name": "Plan Base", "amount": "20", "quantity": "1"}
INVOICE = {
    "external_customer_id": "acme",
    "currency": "usd",
    "subtotal": "20",
    "total": "20",
    "amount_due": "20",
    "line_items": [LINE],
}


@pytest.fixture
def database(sqlite_database):
    """Refused before any row is written: one engine is enough."""
    return sqlite_database


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"external_customer_id": "nobody"}, "Customer not found with the provided external_customer_id"),
        ({"subscription_id": "subs_nobody"}, "Subscription not found"),
        ({"subtotal": "21"}, "subtotal: is 21, but the lines come to 20"),
        ({"total": "19.99"}, "total: is less than the subtotal without the lines' discounts"),
        ({"amount_due": "20.01"}, "amount_due: is more than the total"),
        ({"line_items": [LINE | {"prepaid_credits_applied": "1"}]}, "amount_due: is not the total without the lines'"),
        ({"line_items": [LINE | {"amount": "x"}]}, 'line_items[0].amount: must be a decimal such as "43.42"'),
        ({"invoice_status": "VOIDED"}, "invoice_status: must be 'DRAFT' or 'FINALIZED'"),
        ({"currency": None}, "currency: must be text"),
        ({"due_date": "tomorrow"}, "due_date: must be a time such as 2026-01-20T12:00:00Z"),
        ({"due_date": "9999-01-01T00:00:00Z"}, "due_date: must be between the years 1970 and 9000"),
        ({"payment_status": "SUCCEEDED", "amount_paid": "1"}, "amount_paid: does not cover the 20 due"),
        ({"payment_status": "OVERPAID", "amount_paid": "20"}, "amount_paid: is not more than the 20 due"),
        ({"payment_status": "REFUNDED"}, "amount_paid: does not fit REFUNDED with 0 paid"),
        ({"payment_status": "VOIDED", "amount_paid": "1"}, "payment_status: cannot be VOIDED: some of it is paid"),
    ],
)
def test_an_invoice_that_cannot_be_is_refused(program, acme_id, change, message):
    answer = program.post("/v1/invoices", json=INVOICE | change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)
    assert program.get("/v1/invoices").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"destination_id": "inv_nobody"}, "Invoice not found"),
        ({"destination_type": "WALLET"}, "destination_type: must be 'INVOICE'"),
        ({"currency": "eur"}, "currency: must be usd, as on the invoice"),
        ({"amount": "0"}, "amount: must be greater than 0"),
        ({"payment_method_type": "CREDITS"}, "payment_method_type: there is no active wallet in usd"),
        ({"payment_method_type": "CREDITS", "payment_method_id": "wallet_nobody"}, "Wallet not found"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(program, acme_id, change, message):
    invoice = program.post("/v1/invoices", json=INVOICE | {"invoice_status": "FINALIZED"}).json()["id"]
    payment = {"amount": "20", "currency": "usd", "destination_type": "INVOICE", "payment_method_type": "CARD"}
    answer = program.post("/v1/payments", json=payment | {"destination_id": invoice} | change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)
    assert program.get("/v1/payments").json()["items"] == []
