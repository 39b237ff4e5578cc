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
    assert body.keys() == {"token", "url", "expires_at"}
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
