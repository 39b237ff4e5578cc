"""How often the API may be asked: links by one key, and attempts in vain from one address."""

from dataclasses import replace

import cast
import pytest
from fastapi.testclient import TestClient
from operators import audited

from portal_app import clock
from portal_app.access.api_keys import Scope, new_api_key, parse_api_key
from portal_app.access.limits import limiter
from portal_app.api import limits
from portal_app.api import refusals as refusals_module
from portal_app.api.app import create_api
from portal_app.commands.api_keys import revoke_api_key

PATH = "/v1/customers/portal/acme"


@pytest.fixture
def client(sqlite_database, settings, monkeypatch):
    with sqlite_database.writing() as session:
        cast.add_customer(session, "acme")
    own = settings.model_copy(
        update={"limit_mints": "3/minute", "limit_failures": "5/minute", "trusted_proxies": ("10.0.0.0/8",)}
    )
    monkeypatch.setattr(limits, "get_settings", lambda: own)
    monkeypatch.setattr(refusals_module, "get_settings", lambda: own)
    limiter.cache_clear()
    with TestClient(create_api(), client=("10.0.0.1", 1), raise_server_exceptions=False) as client:
        yield client
    limiter.cache_clear()


def key(database):
    return {"x-api-key": cast.api_key(database, Scope.MINT, now=clock.utc_now())}


def test_a_key_that_mints_too_much_is_told_when_to_go_on_and_the_next_key_is_not(client, sqlite_database):
    first, second = key(sqlite_database), key(sqlite_database)
    answers = [client.post(PATH, headers=first) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert client.post(PATH, headers=second).status_code == 200


@pytest.mark.threat("T33")
def test_two_thousand_wrong_keys_are_refused_all_and_after_a_few_told_to_wait(client, sqlite_database, tally):
    good = key(sqlite_database)
    wrong = good["x-api-key"][:-9]
    statuses = [client.post(PATH, headers={"x-api-key": f"{wrong}{n:09}"}).status_code for n in range(2_000)]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) < 500
    assert client.post(PATH, headers=good).status_code == 200
    tally("guessed API keys", len(statuses), 0)


def refusals(database):
    return [(actor, details) for actor, _, details in audited(database, "api_key.refused")]


@pytest.mark.threat("T36")
def test_a_refused_key_is_written_down_with_the_reason_and_without_the_key(client, sqlite_database):
    good = key(sqlite_database)["x-api-key"]
    key_id = parse_api_key(good).key_id
    other = str(new_api_key(live=False))
    forged = str(replace(parse_api_key(good), secret="A" * 43))
    client.post(PATH, headers={"X-Forwarded-For": "198.51.100.7"})
    for sent in (forged, other, "sk_live_of_somewhere_else"):
        client.post(PATH, headers={"x-api-key": sent, "X-Forwarded-For": "198.51.100.7"})
    client.get("/v1/invoices", headers={"x-api-key": good})
    with sqlite_database.writing() as session:
        revoke_api_key(session, key_id, clock.utc_now())
    client.post(PATH, headers={"x-api-key": good})
    route, address = "POST /v1/customers/portal/{external_id}", "198.51.100.7"
    assert refusals(sqlite_database) == [
        (f"API key {key_id}", {"reason": "wrong secret", "what": route, "address": address}),
        ("anonymous", {"reason": "no key of ours", "what": route, "address": address}),
        ("anonymous", {"reason": "no key of ours", "what": route, "address": address}),
        (f"API key {key_id}", {"reason": "may not: read", "what": "GET /v1/invoices", "address": "10.0.0.1"}),
        (f"API key {key_id}", {"reason": "revoked", "what": route, "address": "10.0.0.1"}),
    ]
    kept = str(audited(sqlite_database))
    assert not [sent for sent in (good, forged, other, "sk_live_of_somewhere_else") if sent[12:] in kept]


@pytest.mark.threat("T33")
def test_a_line_of_ones_own_above_the_proxys_hides_no_address(client, sqlite_database):
    """As proxies such as HAProxy do it, which add a line, and leave those that were sent."""

    def guess(made_up):
        lines = [("X-Forwarded-For", made_up), ("X-Forwarded-For", "198.51.100.7"), ("x-api-key", "nonsense")]
        return client.post(PATH, headers=lines).status_code

    assert [guess(f"192.0.2.{number}") for number in range(7)] == [401] * 5 + [429] * 2
    assert {details["address"] for _, details in refusals(sqlite_database)} == {"198.51.100.7"}


@pytest.mark.threat("T36")
def test_nobody_fills_the_log_with_refused_keys(client, sqlite_database):
    good = key(sqlite_database)["x-api-key"]
    forged = str(replace(parse_api_key(good), secret="A" * 43))
    for _ in range(20):
        client.post(PATH, headers={"x-api-key": forged})
    assert len(refusals(sqlite_database)) == 6
    for n in range(100):
        client.post(PATH, headers={"x-api-key": "no key", "X-Forwarded-For": f"198.51.100.{n}"})
    assert len(refusals(sqlite_database)) == 66


@pytest.mark.threat("T33")
def test_whoever_fails_is_known_by_the_address_that_the_proxy_saw(client):
    def ask(address):
        return client.get("/v1/customer/portal/info", headers={"X-Forwarded-For": f"1.2.3.4, {address}"}).status_code

    assert [ask("198.51.100.1") for _ in range(7)] == [401] * 5 + [429] * 2
    assert ask("198.51.100.2") == 401
