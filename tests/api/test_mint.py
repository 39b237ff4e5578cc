"""Minting a link over REST: `/v1/customers/portal/{external_id}`."""

from datetime import datetime

import cast
import pytest
from fastapi.testclient import TestClient

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.access.tokens import SESSION, verify
from portal_app.api.app import create_api

PATH = "/v1/customers/portal/acme"


@pytest.fixture
def client(database):
    with database.writing() as session:
        cast.add_customer(session, "acme")
        cast.add_customer(session, "globex")
    with TestClient(create_api(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def minting_key(database):
    return cast.api_key(database, Scope.MINT, now=clock.utc_now())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_that_may_mint_gets_a_link_for_an_hour(client, minting_key, settings, method):
    answer = client.request(method, PATH, headers={"x-api-key": minting_key})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body.keys() == {"token", "url", "expires_at", "links"}
    assert body["links"]["usage"] == f"http://localhost:3000/usage?token={body['token']}"
    assert body["url"] == f"http://localhost:3000/?token={body['token']}"
    claims = verify(SESSION, settings.signing_keys(), body["token"], clock.utc_now())
    assert (claims.expires_at - claims.issued_at).total_seconds() == 3600
    assert datetime.fromisoformat(body["expires_at"]) == claims.expires_at
    assert body["expires_at"].endswith("Z")


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "nonsense"}, {"Authorization": "Bearer nonsense"}])
def test_without_a_key_nothing_is_minted(client, headers):
    answer = client.get(PATH, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Unauthorized"}


def test_a_key_of_another_deployment_is_unknown_here(client, minting_key):
    answer = client.get(PATH, headers={"x-api-key": minting_key[:-9] + "x" + minting_key[-8:]})
    assert answer.status_code == 401


def test_a_key_without_the_scope_is_refused(client, database):
    key = cast.api_key(database, Scope.EVENTS, Scope.READ, Scope.WRITE, now=clock.utc_now())
    answer = client.get(PATH, headers={"x-api-key": key})
    assert answer.status_code == 403
    assert answer.json() == {"message": "insufficient permissions"}


def test_an_unknown_customer_is_not_found(client, minting_key):
    answer = client.get("/v1/customers/portal/nobody", headers={"x-api-key": minting_key})
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "not_found",
        "message": "Customer not found with the provided external_customer_id",
        "http_status_code": 404,
    }


def life(settings, answer):
    claims = verify(SESSION, settings.signing_keys(), answer.json()["token"], clock.utc_now())
    return (claims.expires_at - claims.issued_at).total_seconds()


def test_a_shorter_life_may_be_asked_for_in_the_body_or_the_query(client, minting_key, settings):
    headers = {"x-api-key": minting_key}
    assert life(settings, client.post(PATH, headers=headers, json={"expires_in": 60})) == 60
    assert life(settings, client.post(PATH, headers=headers, json={})) == 3600
    assert life(settings, client.get(f"{PATH}?expires_in=90", headers=headers)) == 90


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": "90"}, "expires_in"),
        ({"expires_in": 90.5}, "expires_in"),
        ({"return_url": "https://evil.example"}, "return_url"),
        ({"return_url": "https://x.example/" + "x" * 3000}, "return_url"),
        ({"customer": "globex"}, "customer"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_name(client, minting_key, body, field):
    answer = client.post(PATH, headers={"x-api-key": minting_key}, json=body)
    assert answer.status_code == 400
    assert field in answer.text
