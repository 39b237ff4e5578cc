"""What every call meets first and last: who may, what a body may be, ids of requests, CORS, errors of HTTP itself."""

import json

import callers
import cast
import pytest

from portal_app import clock
from portal_app.access.api_keys import Scope, new_api_key
from portal_app.api.app import create_api
from portal_app.queries import customers
from portal_app.settings import Environment, get_settings

CUSTOMER = {"external_id": "acme", "name": "Acme Corp"}


@pytest.fixture
def database(sqlite_database):
    """Nothing here depends on the engine."""
    return sqlite_database


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-api-key": ""}, {"x-api-key": "nonsense"}, {"Authorization": "Bearer x"}, {"X-Session-Token": "x"}],
)
def test_without_a_good_key_nothing_is_answered_and_no_body_is_read(stranger, headers):
    answer = stranger.post("/v1/customers", content="{not json", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})


@pytest.mark.parametrize("ending", ["revoked_at", "expires_at"])
def test_a_key_that_has_ended_is_unknown(program, database, ending):
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE api_key SET {ending} = created_at")
    assert program.get("/v1/customers").json() == {"error": "Unauthorized"}


def test_each_scope_opens_its_own_doors(api, database):
    doors = {
        Scope.READ: ("GET", "/v1/customers", None),
        Scope.WRITE: ("POST", "/v1/customers", CUSTOMER),
        Scope.MINT: ("POST", "/v1/customers/portal/acme", None),
        Scope.ADMIN: ("DELETE", "/v1/settings/customer_portal_config", None),
    }
    opened = {}
    for scope in doors:
        program = callers.program_with(api, database, scope)
        statuses = {door: program.request(m, path, json=body).status_code for door, (m, path, body) in doors.items()}
        opened[scope] = {door for door, status in statuses.items() if status != 403}
    every = set(doors)
    assert opened == {scope: {scope} for scope in (Scope.READ, Scope.WRITE, Scope.MINT)} | {Scope.ADMIN: every}


def test_the_use_of_a_key_is_noted_once_a_minute(program, database):
    def last_used():
        with database.engine.connect() as connection:
            return connection.exec_driver_sql("SELECT last_used_at FROM api_key").scalar()

    program.get("/v1/customers")
    first = last_used()
    program.get("/v1/customers")
    assert first is not None
    assert last_used() == first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "body: is required"),
        ("{", "body: is not JSON: Expecting property name"),
        ("[]", "body: must be an object"),
        ('{"name": NaN}', "body: is not JSON: NaN is not a JSON number"),
        (b'{"name": "\xff"}', "body: is not JSON: 'utf-8' codec can't decode"),
        ('{"name": "\\u0000"}', "body: holds a NUL character"),
        ('{"\\u0000": 1}', "body: holds a NUL character"),
        ('{"name": "\\ud800"}', "body: holds half of a surrogate pair"),
        ('{"a":' * 40 + "1" + "}" * 40, "body: is nested deeper than 32"),
        ("[" * 100_000, "body: is nested deeper than 32"),
    ],
)
def test_a_body_that_is_no_storable_json_is_refused(program, content, message):
    answer = program.post("/v1/customers", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


@pytest.mark.threat("T40")
@pytest.mark.parametrize("number", ["1e1000000", "-1E-4301", "0e9999999", f"1.{'0' * 4300}", "1e99999999999999999999"])
def test_a_number_that_would_take_minutes_to_write_out_is_refused(acme_portal, number):
    """Fourteen bytes of one customer's would keep all the others waiting."""
    answer = acme_portal.post("/v1/customer/portal/invoices", content=f'{{"page": {number}}}')
    message = "body: is not JSON: a number has more than 4300 digits"
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.threat("T40")
@pytest.mark.parametrize(
    ("filters", "named"),
    [({"region": [1] * 100_000}, None), ({str(number): 1 for number in range(1_000)}, 100)],
)
def test_of_a_body_full_of_what_cannot_be_used_only_so_much_is_said(acme_portal, filters, named):
    """A megabyte of one customer's took eight seconds of everybody's, and was answered with seventeen."""
    answer = acme_portal.post("/v1/customer/portal/analytics/revenue", json={"property_filters": filters})
    assert answer.status_code == 400
    assert named is None or len(answer.json()["details"]["fields"]) == named
    assert len(answer.content) < 10_000


@pytest.mark.parametrize(
    ("path", "header", "credential", "status"),
    [
        ("/v1/events/bulk", "x-api-key", "unknown", 401),
        ("/v1/customers", "x-api-key", "unknown", 401),
        ("/v1/events", "x-api-key", "reads", 403),
        ("/v1/customers", "x-api-key", "reads", 403),
        ("/v1/customer/portal/invoices", "X-Session-Token", "forged", 401),
    ],
)
def test_a_body_is_read_for_whoever_may_send_it_and_for_nobody_else(
    stranger, database, path, header, credential, status
):
    """Else everybody would wait while megabytes of somebody's were parsed who has made up a key."""
    unknown = str(new_api_key(live=False))
    credentials = {"unknown": unknown, "reads": cast.api_key(database, Scope.READ, now=clock.utc_now()), "forged": "x"}
    answer = stranger.post(path, content="{", headers={header: credentials[credential]})
    assert answer.status_code == status


def test_a_body_of_another_type_is_refused(program):
    answer = program.post("/v1/customers", data=CUSTOMER)
    assert answer.status_code == 415
    assert answer.json() == {
        "code": "validation_error",
        "message": "The body must be application/json, not application/x-www-form-urlencoded",
        "http_status_code": 415,
    }


def test_a_body_without_a_type_is_json(program):
    assert program.post("/v1/customers", content=json.dumps(CUSTOMER)).status_code == 201


def test_a_body_beyond_a_megabyte_is_refused_by_its_length_and_by_its_bytes(program):
    large = json.dumps(CUSTOMER | {"metadata": {"a": "x" * 1024 * 1024}})
    for content in (large, iter([large.encode()])):
        answer = program.post("/v1/customers", content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "validation_error")


def test_json_numbers_are_read_to_the_last_digit(program):
    program.post("/v1/customers", json=CUSTOMER)
    body = '{"external_customer_id": "acme", "currency": "usd", "initial_credits_to_load": 123456789012.123457}'
    made = program.post("/v1/wallets", content=body, headers={"Content-Type": "application/json"})
    assert made.json()["credit_balance"] == "123456789012.123457"


@pytest.mark.parametrize("path", ["/v1/customers/a%00b", "/v1/customers?sort=%00"])
def test_nul_in_an_address_is_refused(program, path):
    answer = program.get(path)
    assert (answer.status_code, answer.json()["message"]) == (400, "url: holds a NUL character")


def test_unknown_addresses_and_methods_are_answered_in_the_dialect(stranger):
    nothing = stranger.get("/v1/nothing")
    assert (nothing.status_code, nothing.json()) == (
        404, {"code": "not_found", "message": "Not Found", "http_status_code": 404},
    )  # fmt: skip
    wrong = stranger.delete("/v1/plans")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")
    assert wrong.json() == {"code": "invalid_operation", "message": "Method Not Allowed", "http_status_code": 405}


def test_request_ids_are_echoed_or_made(stranger):
    sent = stranger.get("/v1/plans", headers={"X-Request-ID": "job-7.a"})
    assert sent.headers["X-Request-ID"] == "job-7.a"
    made = {
        stranger.get("/v1/plans", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
        for bad in ("", "a b", "x" * 200)
    }
    assert len(made) == 3
    assert all(one.startswith("req_") for one in made)


def test_any_page_may_call_v1_and_no_other_path(program):
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = program.options("/v1/anything", headers=origin)
    assert preflight.status_code == 200
    answers = [preflight, program.get("/v1/plans", headers=origin), program.get("/v1/nothing", headers=origin)]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Access-Control-Max-Age"] == "86400"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in program.get("/files/x", headers=origin).headers


def test_what_nobody_expected_is_logged_with_the_request_and_told_to_nobody(program, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(customers, "all_rows", broken)
    answer = program.get("/v1/customers", headers={"X-Request-ID": "job-8"})
    assert (answer.status_code, answer.json()) == (
        500, {"code": "system_error", "message": "An unexpected error occurred", "http_status_code": 500},
    )  # fmt: skip
    assert answer.headers["X-Request-ID"] == "job-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "request job-8 failed" in caplog.text


def test_long_answers_are_compressed(program):
    for n in range(20):
        program.post("/v1/customers", json={"external_id": f"c{n}", "name": f"C {n}"})
    assert program.get("/v1/customers", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_the_api_describes_itself_in_development(stranger):
    assert stranger.get("/openapi.json").json()["openapi"].startswith("3.1")
    page = stranger.get("/docs").text
    assert "/v1/customers/{customer_id}" in page
    assert "<script" not in page
    assert "://" not in page


@pytest.mark.parametrize(("switch", "status"), [(None, 404), (False, 404), (True, 200)])
def test_production_describes_itself_only_if_asked(monkeypatch, switch, status):
    production = get_settings().model_copy(update={"env": Environment.PRODUCTION, "api_docs": switch})
    monkeypatch.setattr("portal_app.api.app.get_settings", lambda: production)
    client = callers.stranger(create_api())
    assert client.get("/openapi.json").status_code == status
    assert client.get("/docs").status_code == status


def test_every_mint_and_write_leaves_who_did_it(program, database):
    key = cast.api_key(database, now=clock.utc_now())
    program.post("/v1/customers", json=CUSTOMER)
    program.post("/v1/customers/portal/acme", headers={"x-api-key": key})
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT actor, action FROM audit_entry ORDER BY id DESC LIMIT 2").all()
    assert rows == [(f"API key {key.split('_')[2]}", "session.minted"), (rows[1][0], "customer.created")]
    assert rows[1][0].startswith("API key ")
