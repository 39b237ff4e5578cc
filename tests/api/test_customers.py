"""Customers over REST, by the operator's programs."""

import pytest

ACME = {
    "external_id": "acme",
    "name": "Acme Corp",
    "email": "billing@acme.example",
    "address_line1": "1 Road",
    "address_city": "Berlin",
    "address_country": "DE",
    "timezone": "Europe/Berlin",
    "metadata": {"segment": "smb"},
}


@pytest.fixture
def acme_id(program):
    return program.post("/v1/customers", json=ACME).json()["id"]


def test_a_customer_is_created_and_read_back(program):
    made = program.post("/v1/customers", json=ACME)
    assert made.status_code == 201
    body = made.json()
    assert ACME.items() <= body.items()
    assert body["id"].startswith("cust_")
    assert body["status"] == "published"
    assert program.get(f"/v1/customers/{body['id']}").json() == body
    assert program.get("/v1/customers/external/acme").json() == body
    assert program.get("/v1/customers/lookup/acme").json() == body


def test_an_external_id_is_taken_once(program, acme_id):
    again = program.post("/v1/customers", json=ACME)
    assert again.status_code == 409
    assert again.json() == {
        "code": "already_exists", "message": "Customer acme already exists", "http_status_code": 409,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/v1/customers/{id}", "/v1/customers?id={id}", "/v1/customers?external_customer_id=acme"]
)
def test_what_an_update_leaves_out_stays(program, acme_id, path):
    changed = program.put(path.format(id=acme_id), json={"name": "Acme Ltd", "email": None, "unknown": 1})
    assert changed.status_code == 200
    assert changed.json()["name"] == "Acme Ltd"
    assert changed.json()["email"] == ACME["email"]


def test_an_update_must_say_of_whom(program):
    answer = program.put("/v1/customers", json={"name": "Acme Ltd"})
    assert (answer.status_code, answer.json()["message"]) == (400, "id: give id or external_customer_id")


def test_a_deleted_customer_is_gone(program, acme_id):
    assert program.delete(f"/v1/customers/{acme_id}").status_code == 204
    for path in (f"/v1/customers/{acme_id}", "/v1/customers/external/acme"):
        assert program.get(path).status_code == 404
    assert program.get("/v1/customers").json()["items"] == []
    assert [one["id"] for one in program.get("/v1/customers?status=deleted").json()["items"]] == [acme_id]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name: must be text"),
        ({"name": "x" * 256}, "name: must have at most 255 characters"),
        ({"timezone": "Mars/Base"}, "timezone: must be an IANA time zone such as Europe/Berlin"),
        ({"email": "nobody"}, "email: must match pattern '^([^@\\s]+@[^@\\s]+)?$'"),
        ({"metadata": {"a": 1}}, "metadata.a: must be text"),
        ({"name": "A\0"}, "body: holds a NUL character"),
    ],
)
def test_bad_input_is_named(program, change, message):
    answer = program.post("/v1/customers", json=ACME | change)
    assert (answer.status_code, answer.json()) == (
        400, {"code": "validation_error", "message": message, "http_status_code": 400},
    )  # fmt: skip


def test_lists_say_where_the_next_page_begins(program):
    for n in range(5):
        program.post("/v1/customers", json={"external_id": f"c{n}", "name": f"C {n}"})
    first = program.get("/v1/customers?limit=2").json()
    assert [one["external_id"] for one in first["items"]] == ["c4", "c3"]
    assert first["pagination"] == {"total": 5, "limit": 2, "offset": 2}
    second = program.get(f"/v1/customers?limit=2&offset={first['pagination']['offset']}").json()
    assert [one["external_id"] for one in second["items"]] == ["c2", "c1"]
    assert second["pagination"] == {"total": 5, "limit": 2, "offset": 4}


SEARCHES = [
    ({}, ["globex", "acme"]),
    ({"external_id": "acme"}, ["acme"]),
    ({"external_ids": ["acme", "globex"], "sort": [{"field": "name", "direction": "asc"}]}, ["acme", "globex"]),
    ({"email": "billing@acme.example"}, ["acme"]),
    ({"filters": [{"field": "name", "operator": "contains", "value": {"string": "CORP"}}]}, ["acme"]),
    ({"filters": [{"field": "name", "operator": "not_contains", "value": {"string": "%"}}]}, ["globex", "acme"]),
    ({"filters": [{"field": "external_id", "operator": "in", "value": {"array": ["globex"]}}]}, ["globex"]),
    ({"filters": [{"field": "created_at", "operator": "before", "value": {"date": "2020-01-01T00:00:00Z"}}]}, []),
    ({"start_time": "2020-01-01T00:00:00Z", "limit": 1}, ["globex"]),
    ({"status": "archived"}, []),
    ({"metadata": {"segment": "smb"}}, ["acme"]),
    ({"metadata": {"segment": "smb", "a' OR 1=1 --": "x"}}, []),
]


def test_searches(program, acme_id):
    program.post("/v1/customers", json={"external_id": "globex", "name": "Globex"})
    answers = [program.post("/v1/customers/search", json=search).json()["items"] for search, _ in SEARCHES]
    assert [[one["external_id"] for one in found] for found in answers] == [found for _, found in SEARCHES]


def test_a_list_takes_the_conditions_of_a_search(program, acme_id):
    program.post("/v1/customers", json={"external_id": "globex", "name": "Globex"})
    for query in ("external_id=acme", f"customer_ids={acme_id}", "email=billing@acme.example", "external_ids=acme"):
        assert [one["id"] for one in program.get(f"/v1/customers?{query}").json()["items"]] == [acme_id]


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"filters": [{"field": "tax", "operator": "eq", "value": {"string": "1"}}]}, "filters: tax is not one of "),
        ({"filters": [{"field": "name", "operator": "in", "value": {"string": "1"}}]}, "filters.name: in cannot "),
        (
            {"filters": [{"field": "created_at", "operator": "eq", "value": {"string": "1"}}]},
            "filters.created_at: this",
        ),
        ({"filters": [{"field": "name", "operator": "sounds", "value": {}}]}, "filters[0].operator: must be "),
        ({"sort": [{"field": "secret"}]}, "sort: secret is not one of address_country, created_at, "),
        ({"metadata": {'a"b': "x"}}, 'metadata.a"b.[key]: must match'),
        ({"limit": 1001}, "limit: must be less than or equal to 1000"),
        ({"offset": -1}, "offset: must be greater than or equal to 0"),
    ],
)
def test_a_search_that_cannot_be_is_refused_by_name(program, search, message):
    answer = program.post("/v1/customers/search", json=search)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def test_a_key_that_may_only_read_changes_nothing(reading_program, program, acme_id):
    for method, path in (("POST", ""), ("PUT", f"/{acme_id}"), ("DELETE", f"/{acme_id}")):
        answer = reading_program.request(method, f"/v1/customers{path}", json=ACME)
        assert (answer.status_code, answer.json()) == (403, {"message": "insufficient permissions"})
    assert reading_program.get(f"/v1/customers/{acme_id}").json()["name"] == "Acme Corp"
