"""The link that minting gives: the same by GET and POST, for every external id, under every public address."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import cast
import httpx2
import pytest
from cast import NOW
from fastapi.testclient import TestClient
from sqlmodel import col, select

from portal_app import clock
from portal_app.access.api_keys import Scope, parse_api_key
from portal_app.access.tokens import SESSION, verify
from portal_app.api.app import create_api
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.api_keys import revoke_api_key
from portal_app.commands.mint_session import mint_session
from portal_app.models.access import ApiKey, AuditEntry, PortalSession
from portal_app.models.customer import Customer
from portal_app.settings import Settings, get_settings

ODD = [
    "acme/eu", "a/b/c", "/", "100%", "%2F", "%00x", "50%25", "acme eu", " acme ", "äçmé", "客户-17", "\N{PILE OF POO}",
    "a?b", "a#b", "a&b=c", "a+b", "a;b", "a\\b", "a'b", 'a"b', "a<b>", "a:b@c", "a..b", ".hidden", "~", "-",
    "customers", "portal", "a\nb", "e\u0301", "\u202eacme", "a" * 255, "ä" * 255,
]  # fmt: skip


@pytest.fixture
def client(database):
    with TestClient(create_api(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def key(database):
    return cast.api_key(database, Scope.MINT, now=clock.utc_now())


def path_of(external_id: str) -> str:
    return f"/v1/customers/portal/{quote(external_id, safe='')}"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_external_id_gets_a_link_to_its_own_customer(key, database, method):
    with database.writing() as session:
        for external_id in ODD:
            cast.add_customer(session, external_id, name="Odd")
        ids = dict(session.exec(select(Customer.external_id, Customer.public_id)).all())
    answers = asyncio.run(mint_each(method, key))
    assert {external_id: answer.status_code for external_id, answer in answers.items()} == dict.fromkeys(ODD, 200)
    keys, now = get_settings().signing_keys(), clock.utc_now()
    tokens = {external_id: answer.json()["token"] for external_id, answer in answers.items()}
    assert {external_id: verify(SESSION, keys, token, now).subject for external_id, token in tokens.items()} == ids


async def mint_each(method: str, key: str) -> dict[str, httpx2.Response]:
    """Mint for each odd id; Starlette's test client would decode addresses once more than a server does."""
    transport = httpx2.ASGITransport(create_api())
    async with httpx2.AsyncClient(transport=transport, base_url="http://portal", headers={"x-api-key": key}) as client:
        return {external_id: await client.request(method, path_of(external_id)) for external_id in ODD}


@pytest.mark.parametrize("external_id", ["a" * 256, "ä" * 300, "a" * 5000])
def test_an_external_id_that_no_customer_can_have_is_refused_by_name(client, key, external_id):
    answer = client.post(path_of(external_id), headers={"x-api-key": key})
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_error"
    assert answer.json()["message"].startswith("external_id: ")


@pytest.mark.parametrize("path", ["/v1/customers/portal/", "/v1/customers/portal/%00", "/v1/customers/portal/a%00b"])
def test_an_empty_or_unwritable_external_id_is_nobodys(client, key, path):
    answer = client.post(path, headers={"x-api-key": key})
    assert answer.status_code in {400, 404}
    assert answer.json()["code"] in {"validation_error", "not_found"}


def test_get_and_post_answer_alike_and_leave_the_same_traces(client, key, database):
    with database.writing() as session:
        customer = cast.add_customer(session, "acme")
    by_get, by_post = (client.request(m, path_of("acme"), headers={"x-api-key": key}) for m in ("GET", "POST"))
    assert by_get.json().keys() == by_post.json().keys() == {"token", "url", "links", "expires_at"}
    assert by_get.json()["token"] != by_post.json()["token"]
    assert by_get.headers["Cache-Control"] == by_post.headers["Cache-Control"] == "no-store"
    with database.reading() as session:
        minted = session.exec(select(PortalSession).where(PortalSession.customer_id == customer)).all()
        written = session.exec(select(AuditEntry).where(AuditEntry.action == "session.minted")).all()
    key_id = key.split("_")[2]
    assert [row.minted_by for row in minted] == [f"API key {key_id}"] * 2
    assert sorted(row.details["jti"] for row in written) == sorted(row.jti for row in minted)
    assert {row.customer_id for row in written} == {customer}


@pytest.mark.threat("T36")
def test_every_way_to_mint_leaves_one_line_in_the_audit_log_that_says_who(client, key, database, settings):
    with database.writing() as session:
        cast.add_customer(session, "acme")
    client.post(path_of("acme"), headers={"x-api-key": key})
    with database.writing() as session:
        mint_session(session, settings, "acme", "command line", NOW)
    with database.reading() as session:
        actors = session.exec(select(AuditEntry.actor).where(AuditEntry.action == "session.minted")).all()
    assert sorted(actors) == [f"API key {key.split('_')[2]}", "command line"]


@pytest.mark.parametrize("status", [status for status in RecordStatus if status is not RecordStatus.PUBLISHED])
def test_an_archived_customer_is_unknown(client, key, database, status):
    with database.writing() as session:
        cast.add_customer(session, "acme", status=status)
    answer = client.post(path_of("acme"), headers={"x-api-key": key})
    assert answer.status_code == 404
    assert answer.json()["message"] == "Customer not found with the provided external_customer_id"


@pytest.mark.threat("T34")
@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_key_that_has_ended_mints_nothing(client, key, database, ended):
    with database.writing() as session:
        cast.add_customer(session, "acme")
        if ended == "revoked":
            revoke_api_key(session, key.split("_")[2], clock.utc_now())
        else:
            row = session.exec(select(ApiKey).order_by(col(ApiKey.id).desc())).first()
            row.expires_at = clock.utc_now()
            session.add(row)
    answer = client.post(path_of("acme"), headers={"x-api-key": key})
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    with database.reading() as session:
        assert not session.exec(select(PortalSession)).all()


@pytest.mark.threat("T33")
def test_an_unknown_key_and_a_wrong_secret_are_answered_alike(client, key, database):
    other = cast.api_key(database, Scope.MINT, now=clock.utc_now())
    swapped = str(replace(parse_api_key(key), secret=parse_api_key(other).secret))
    answers = [client.post(path_of("acme"), headers={"x-api-key": text}) for text in ("", "x", swapped, f"{key} ")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, '{"error":"Unauthorized"}')}


@pytest.mark.parametrize(
    ("public_url", "port", "begins"),
    [
        ("", 3000, "http://localhost:3000/"),
        ("", 8080, "http://localhost:8080/"),
        ("http://localhost:4000", 3000, "http://localhost:4000/"),
        ("https://billing.example.com", 3000, "https://billing.example.com/"),
        ("https://billing.example.com/", 3000, "https://billing.example.com/"),
        ("https://billing.example.com:8443", 3000, "https://billing.example.com:8443/"),
        ("http://[::1]:3000", 3000, "http://[::1]:3000/"),
        ("https://xn--bcher-kva.example", 3000, "https://xn--bcher-kva.example/"),
    ],
)
def test_the_link_works_as_it_is_under_every_public_address(session, acme, settings, public_url, port, begins):
    own = Settings(public_url=public_url, port=port, secret_key=settings.secret_key, session_keys=settings.session_keys)
    minted = mint_session(session, own, "acme", "tests", NOW)
    assert minted.url.startswith(begins)
    assert parse_qs(urlsplit(minted.url).query) == {"token": [minted.token]}


@pytest.mark.parametrize("seconds", [60, 300, 3600])
def test_a_link_works_as_long_as_the_operator_says(session, acme, settings, seconds):
    own = settings.model_copy(update={"session_ttl_seconds": seconds})
    minted = mint_session(session, own, "acme", "tests", NOW)
    claims = verify(SESSION, own.signing_keys(), minted.token, NOW)
    assert (claims.expires_at - claims.issued_at).total_seconds() == seconds
    assert minted.expires_at == claims.expires_at
