"""Wallets over REST: opened, filled, spent, closed by the operator; read by their customer."""

import pytest

WALLET = {"external_customer_id": "acme", "currency": "USD", "conversion_rate": "0.1"}
BOUGHT = {"transaction_reason": "PURCHASED_CREDIT_DIRECT", "credits_to_add": "1000"}
FREE = {"transaction_reason": "FREE_CREDIT_GRANT", "credits_to_add": "100"}

LEDGER_QUERIES = {
    "": ["second", "spent", "first"],
    "?type=debit": ["spent"],
    "?transaction_status=completed&limit=1&offset=1": ["spent"],
    "?transaction_reason=FREE_CREDIT_GRANT": ["second", "first"],
    "?reference_type=REQUEST": ["second", "spent", "first"],
    "?reference_type=INVOICE": [],
    "?expiry_date_before=2999-06-01T00:00:00Z": ["first"],
    "?expiry_date_after=2999-06-01T00:00:00Z": [],
    "?credits_available_gt=95": ["second"],
    "?priority=2": ["second"],
    "?created_by=nobody": [],
    "?created_by=user_00000000000000000000000001": ["second", "spent", "first"],
    "?start_time=2999-01-01T00:00:00Z": [],
    "?end_time=2999-01-01T00:00:00Z": ["second", "spent", "first"],
    "?sort=credit_amount&order=asc": ["spent", "second", "first"],
    "?status=deleted": [],
    "?expand=customer": ["second", "spent", "first"],
}


@pytest.fixture
def wallet(program, acme_id):
    return program.post("/v1/wallets", json=WALLET).json()["id"]


@pytest.fixture
def move(program, wallet):
    return lambda how, body: program.post(f"/v1/wallets/{wallet}/{how}", json=body)


@pytest.fixture
def rows(program, wallet):
    return lambda query="": program.get(f"/v1/wallets/{wallet}/transactions{query}").json()["items"]


def test_a_wallet_is_opened_with_its_free_credits(program, acme_id):
    made = program.post("/v1/wallets", json=WALLET | {"initial_credits_to_load": "434.2", "metadata": {"a": "b"}})
    assert made.status_code == 200
    body = made.json()
    assert body.items() >= {
        "customer_id": acme_id,
        "name": "Prepaid Wallet - USD",
        "currency": "usd",
        "balance": "43.42",
        "credit_balance": "434.2",
        "wallet_status": "active",
        "wallet_type": "PRE_PAID",
        "conversion_rate": "0.1",
        "topup_conversion_rate": "0.1",
        "real_time_balance": "43.42",
        "credits_available_breakdown": {"purchased": "0", "free": "434.2"},
        "is_cached_fallback": False,
        "metadata": {"a": "b"},
    }.items()  # fmt: skip
    [row] = program.get(f"/v1/wallets/{body['id']}/transactions").json()["items"]
    assert (row["transaction_reason"], row["credit_amount"], row["amount"]) == ("FREE_CREDIT_GRANT", "434.2", "43.42")


def test_alert_settings_are_passed_over_and_the_answer_does_not_claim_them(program, acme_id):
    made = program.post("/v1/wallets", json=WALLET | {"alert_settings": {"alert_enabled": True}})
    assert made.status_code == 200
    assert "alert_settings" not in made.json()


def test_the_oldest_rows_first_are_the_newest_first_turned_around(move, rows):
    bought = {"transaction_reason": "PURCHASED_CREDIT_DIRECT", "credits_to_add": "10", "bonus_credits_to_add": "5"}
    move("top-up", bought)
    newest = [row["transaction_reason"] for row in rows()]
    assert newest == ["PURCHASED_CREDIT_BONUS", "PURCHASED_CREDIT_DIRECT"]
    oldest = rows("?sort=created_at&order=asc")
    assert [row["transaction_reason"] for row in oldest] == newest[::-1]
    assert oldest[0]["credit_balance_after"] == oldest[1]["credit_balance_before"]


def test_a_customer_has_one_active_wallet_of_a_currency_and_type(program, wallet):
    again = program.post("/v1/wallets", json=WALLET)
    assert again.status_code == 409
    assert again.json()["message"] == "The customer has an active PRE_PAID wallet in usd already"
    assert program.post("/v1/wallets", json=WALLET | {"currency": "eur"}).status_code == 200
    program.post(f"/v1/wallets/{wallet}/terminate")
    assert program.post("/v1/wallets", json=WALLET).status_code == 200


def test_a_top_up_is_a_grant_and_a_row(move, rows):
    moved = move("top-up", BOUGHT | {"bonus_credits_to_add": 50, "priority": 3, "description": "June"}).json()
    assert (moved["credit_balance"], moved["balance"]) == ("1050", "105")
    assert moved["credits_available_breakdown"] == {"purchased": "1000", "free": "50"}
    bonus, bought = rows()
    assert moved["wallet_transaction"] == bought
    assert (
        bought.items()
        >= {
            "type": "credit",
            "credit_amount": "1000",
            "amount": "100",
            "credit_balance_before": "0",
            "credit_balance_after": "1000",
            "transaction_status": "completed",
            "credits_available": "1000",
            "priority": 3,
            "expiry_date": None,
            "description": "June",
        }.items()
    )
    assert (bonus["transaction_reason"], bonus["credit_balance_after"]) == ("PURCHASED_CREDIT_BONUS", "1050")


def test_money_buys_credits_at_the_top_up_rate(program, acme_id):
    made = program.post("/v1/wallets", json=WALLET | {"topup_conversion_rate": "0.2"}).json()
    body = {"transaction_reason": "PURCHASED_CREDIT_DIRECT", "amount": "20"}
    moved = program.post(f"/v1/wallets/{made['id']}/top-up", json=body).json()
    assert (moved["credit_balance"], moved["balance"]) == ("100", "10")


def test_a_debit_takes_by_priority_then_free_before_bought_then_soonest_to_expire_then_oldest(move, rows):
    for name, more in [
        ("bought", BOUGHT),
        ("first", FREE | {"priority": 1}),
        ("oldest", FREE),
        ("soon", FREE | {"expiry_date_utc": "2999-01-01T00:00:00Z"}),
        ("later", FREE | {"expiry_date_utc": "3000-01-01T00:00:00Z"}),
    ]:
        move("top-up", more | {"description": name})
    left = []
    for _ in range(5):
        move("debit", {"credits": "100"})
        left.append([row["description"] for row in rows("?type=credit&credits_available_gt=0&order=asc")])
    assert left == [
        ["bought", "oldest", "soon", "later"],
        ["bought", "oldest", "later"],
        ["bought", "oldest"],
        ["bought"],
        ["bought"],
    ]
    assert rows()[0]["credit_balance_after"] == "900"


def test_a_debit_never_overdraws(move, rows):
    move("top-up", FREE)
    answer = move("debit", {"credits": "100.000001"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_operation")
    assert answer.json()["message"] == "The wallet holds 100 credits, so 100.000001 cannot be taken"
    assert len(rows()) == 1


def test_the_same_key_is_one_movement_and_another_use_of_it_a_conflict(move, rows):
    body = FREE | {"idempotency_key": "june", "bonus_credits_to_add": "5", "expiry_date_utc": "2999-01-01T00:00:00Z"}
    first, again = move("top-up", body), move("top-up", body)
    assert first.json()["wallet_transaction"]["id"] == again.json()["wallet_transaction"]["id"]
    others = [
        {"credits_to_add": "1"},
        {"bonus_credits_to_add": "6"},
        {"priority": 1},
        {"description": "x"},
        {"expiry_date_utc": None},
        {"transaction_reason": "CREDIT_NOTE"},
        {"metadata": {"a": "b"}},
    ]
    for change in others:
        other = move("top-up", body | change)
        assert (other.status_code, other.json()["code"]) == (409, "already_exists")
    assert move("debit", {"credits": "100", "idempotency_key": "june"}).status_code == 409
    assert len(rows()) == 2
    spent = {"credits": "10", "idempotency_key": "job-1"}
    assert move("debit", spent).json()["credit_balance"] == "95"
    assert move("debit", spent).json()["credit_balance"] == "95"


def test_a_ledger_that_would_outgrow_its_column_is_refused(move, rows):
    for _ in range(9):
        assert move("top-up", FREE | {"credits_to_add": "999999999999"}).status_code == 200
    answer = move("top-up", FREE | {"credits_to_add": "999999999999"})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["message"] == "credit_balance_after: 9999999999990.000000 is too large"
    assert len(rows()) == 9


def test_a_closed_wallet_is_empty_and_stays_so(program, wallet, move, rows):
    move("top-up", FREE)
    closed = program.post(f"/v1/wallets/{wallet}/terminate")
    assert closed.status_code == 200
    assert closed.json().items() >= {"wallet_status": "closed", "balance": "0", "real_time_balance": "0"}.items()
    assert rows()[0].items() >= {"transaction_reason": "WALLET_TERMINATION", "credit_amount": "100"}.items()
    for how, body in (("top-up", FREE), ("debit", {"credits": "1"}), ("terminate", None)):
        answer = move(how, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_operation")


def test_a_wallet_keeps_its_words(program, wallet):
    changed = program.put(f"/v1/wallets/{wallet}", json={"name": "Main", "metadata": {"a": "b"}, "currency": "eur"})
    assert changed.json().items() >= {"name": "Main", "metadata": {"a": "b"}, "currency": "usd"}.items()


def test_wallets_of_all_customers_are_searched(program, wallet, globex_id, move):
    program.post("/v1/wallets", json=WALLET | {"external_customer_id": "globex"})
    move("top-up", FREE)
    found = program.post("/v1/wallets/search", json={"customer_id": globex_id, "wallet_status": "active"}).json()
    assert [one["customer_id"] for one in found["items"]] == [globex_id]
    assert program.get("/v1/wallets?limit=1").json()["pagination"] == {"total": 2, "limit": 1, "offset": 1}
    rows = program.post("/v1/wallets/transactions/search", json={"wallet_id": wallet}).json()
    assert [row["credit_amount"] for row in rows["items"]] == ["100"]


def test_every_documented_filter_of_a_ledger(move, acme_portal, wallet):
    move("top-up", FREE | {"description": "first", "expiry_date_utc": "2999-01-01T00:00:00Z"})
    move("debit", {"credits": "10", "description": "spent"})
    move("top-up", FREE | {"description": "second", "priority": 2})
    path = f"/v1/customer/portal/wallets/{wallet}/transactions"
    answers = {query: acme_portal.get(path + query).json()["items"] for query in LEDGER_QUERIES}
    assert {query: [row["description"] for row in rows] for query, rows in answers.items()} == LEDGER_QUERIES


def test_the_customer_sees_every_wallet(program, acme_portal, wallet, move):
    move("top-up", FREE)
    program.post(f"/v1/wallets/{wallet}/terminate")
    program.post("/v1/wallets", json=WALLET | {"initial_credits_to_load": "5"})
    wallets = acme_portal.post("/v1/customer/portal/wallets", json={}).json()
    assert [(one["wallet_status"], one["credit_balance"]) for one in wallets] == [("active", "5"), ("closed", "0")]
    assert "real_time_balance" not in wallets[0]
    assert acme_portal.post("/v1/customer/portal/wallets").json() == wallets
    one = acme_portal.get(f"/v1/customer/portal/wallets/{wallets[0]['id']}").json()
    assert one["real_time_balance"] == "0.5"


def test_another_customers_wallet_does_not_exist(globex_portal, wallet):
    for path in ("", "/transactions"):
        theirs = globex_portal.get(f"/v1/customer/portal/wallets/{wallet}{path}")
        nobodys = globex_portal.get(f"/v1/customer/portal/wallets/wallet_nobody{path}")
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.json() == nobodys.json()
