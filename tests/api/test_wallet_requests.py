"""Requests about wallets that cannot be, refused by name before anything happens."""

import pytest

WALLET = {"external_customer_id": "acme", "currency": "USD", "conversion_rate": "0.1"}
PAST = "2020-01-01T00:00:00Z"
FREE = {"transaction_reason": "FREE_CREDIT_GRANT", "credits_to_add": "100"}


@pytest.fixture
def database(sqlite_database):
    """Refused before any database is asked: one engine is enough."""
    return sqlite_database


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"external_customer_id": None}, "body: give customer_id or external_customer_id"),
        ({"currency": "usdollar"}, "currency: must have at most 3 characters"),
        ({"currency": "xxx"}, "currency: must be an ISO 4217 code such as usd"),
        ({"conversion_rate": "0"}, "conversion_rate: must be greater than 0"),
        ({"conversion_rate": "1e1"}, 'conversion_rate: must be a decimal such as "43.42"'),
        ({"initial_credits_to_load": "0.0000001"}, "initial_credits_to_load: must have no more than 6"),
        (
            {"initial_credits_to_load": 1, "initial_credits_expiry_date_utc": PAST},
            "initial_credits_expiry_date_utc: has passed",
        ),
        ({"initial_credits_to_load": -1}, "initial_credits_to_load: must be greater than or equal to 0"),
    ],
)
def test_a_wallet_that_cannot_be_is_refused(program, acme_id, change, message):
    answer = program.post("/v1/wallets", json=WALLET | change)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert program.get("/v1/wallets").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"credits_to_add": None}, "credits_to_add: give credits_to_add or an amount"),
        ({"amount": "7"}, "amount: give credits_to_add or an amount, not both"),
        ({"credits_to_add": None, "amount": "0.000001"}, "amount: is worth less than a millionth of a credit"),
        ({"credits_to_add": 0}, "credits_to_add: must be greater than 0"),
        ({"transaction_reason": "INVOICE_PAYMENT"}, "transaction_reason: must be "),
        ({"expiry_date_utc": PAST}, "expiry_date_utc: has passed already"),
        ({"expiry_date_utc": "2999-01-01"}, "expiry_date_utc: must be a time such as 2026-01-20T12:00:00Z"),
        ({"effective_date": "2999-01-01T00:00:00Z"}, "effective_date: lies ahead"),
        ({"credits_to_add": "999999999999.000001", "bonus_credits_to_add": "9999999999999"}, "bonus_credits_to_add:"),
    ],
)
def test_a_top_up_that_cannot_be_is_refused(program, acme_id, change, message):
    dear = WALLET | {"topup_conversion_rate": "10"}
    path = f"/v1/wallets/{program.post('/v1/wallets', json=dear).json()['id']}"
    answer = program.post(f"{path}/top-up", json=FREE | change)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert program.get(f"{path}/transactions").json()["items"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"credits": "5", "amount": "100"}, "amount: give credits or an amount, not both"),
        ({"amount": "0.000001"}, "amount: is worth less than a millionth of a credit"),
        ({}, "credits: give credits or an amount"),
    ],
)
def test_a_debit_that_cannot_be_is_refused(program, acme_id, body, message):
    rich = WALLET | {"conversion_rate": "10", "initial_credits_to_load": "100"}
    path = f"/v1/wallets/{program.post('/v1/wallets', json=rich).json()['id']}"
    answer = program.post(f"{path}/debit", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert program.get(path).json()["credit_balance"] == "100"
