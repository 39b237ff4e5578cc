"""Every operation against every wrong credential, every portal operation against another customer's ids (B1, B2)."""

from collections import Counter
from datetime import timedelta

import callers
import canaries
import cast
import pytest
from api.operations import all_operations
from sqlalchemy import update
from sqlmodel import SQLModel, col, select

from portal_app import clock
from portal_app.access.downloads import FileKind, sign_download
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.tokens import SESSION, verify
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.api_keys import revoke_api_key
from portal_app.commands.use_session import revoke_session
from portal_app.models.customer import Customer
from portal_app.queries.access import check_session_of_anyone

OPERATIONS = all_operations()
KEY_REFUSED = ({"error": "Unauthorized"},)
TOKEN_REFUSED = ({"error": "Session token required"}, {"error": "Invalid or expired session token"})


@pytest.fixture
def database(sqlite_database):
    """Acme and Globex, each with a word of its own in every text, and a customer that is gone."""
    with sqlite_database.writing() as session:
        canaries.fill(session)
        gone = cast.add_customer(session, "gone")
        cast.add_bill(session, gone, "GONE-1")
        cast.add_wallet(session, gone)
        session.exec(update(Customer).where(col(Customer.id) == gone).values(status=RecordStatus.DELETED))
    return sqlite_database


@pytest.fixture
def owned(database):
    """The public ids of everything a customer owns, by the customer's word."""
    tables = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
    tables = [table for table in tables if {"customer_id", "public_id"} <= table.model_fields.keys()]
    with database.reading() as session:
        words = (*canaries.AMOUNTS, "gone")
        keys = {word: session.exec(select(Customer).where(Customer.external_id == word)).one() for word in words}
        return {
            word: [row.public_id]
            + [
                one
                for table in tables
                for one in session.exec(select(table.public_id).where(table.customer_id == row.id))
            ]
            for word, row in keys.items()
        }


def wrong_credentials(database, settings):
    """Yield headers that are no good for anything, by what is wrong with them."""
    now = clock.utc_now()
    yield "none", {}
    yield "nonsense", {"x-api-key": "nonsense", "X-Session-Token": "nonsense"}
    expired = cast.mint(database, "acme", now=now - timedelta(hours=2)).token
    yield "expired", {"X-Session-Token": expired, "x-api-key": expired}
    revoked = cast.mint(database, "acme", now=now).token
    claims = verify(SESSION, settings.signing_keys(), revoked, now)
    with database.writing() as session:
        revoke_session(session, claims.jti, "lost", "tests", now)
    yield "revoked session", {"X-Session-Token": revoked}
    good = cast.mint(database, "acme", now=now).token
    claims = verify(SESSION, settings.signing_keys(), good, now)
    with database.reading() as session:
        principal = check_session_of_anyone(session, claims.jti, claims.subject, now).principal
    key = derive_key(settings.secret_key.get_secret_value(), Purpose.DOWNLOADS)
    link = sign_download(key, principal, FileKind.INVOICE_PDF, "inv_1", "en_US", now)
    yield "a link's token", {"X-Session-Token": link, "x-api-key": link}
    yield (
        "a session's token elsewhere",
        {"Authorization": f"Bearer {good}", "Cookie": f"token={good}", "x-api-key": good},
    )
    ended = cast.api_key(database, now=now)
    with database.writing() as session:
        revoke_api_key(session, ended.split("_")[2], now)
    yield "revoked key", {"x-api-key": ended}
    yield "a key elsewhere", {"Authorization": f"Bearer {cast.api_key(database, now=now)}"}


@pytest.mark.threat("T3")
def test_no_operation_answers_to_a_wrong_credential(stranger, database, settings, owned, tally):
    token, key = cast.mint(database, "acme", now=clock.utc_now()).token, cast.api_key(database, now=clock.utc_now())
    attempts = Counter()
    for kind, headers in wrong_credentials(database, settings):
        for operation in OPERATIONS:
            refused = TOKEN_REFUSED if operation.is_portal else KEY_REFUSED
            other = {"x-api-key": key} if operation.is_portal else {"X-Session-Token": token}
            for more, body in (({}, "{}"), (other, "{}"), ({}, "{not json")):
                # Neither a wrong credential nor the other face's good one opens this door, or has a body read.
                path = f"{operation.at()}?token={token}"
                answer = stranger.request(operation.method, path, content=body, headers=more | headers)
                assert (str(operation), kind, answer.status_code) == (str(operation), kind, 401)
                assert answer.json() in refused
                attempts[kind] += 1
    for kind, count in attempts.items():
        tally(f"B2 {kind} over REST", count, 0)


def asides(whose):
    """Yield what a request may say beside its path to be taken for another customer's: a query and a body."""
    for query in ("", "?customer_id=globex&external_customer_id=globex", f"?customer_id={whose}&id={whose}"):
        for body in ({}, {"customer_id": whose}, {"external_customer_id": "globex", "id": whose}):
            yield query, body


@pytest.mark.threat("T11")
def test_another_customers_objects_do_not_exist_anywhere(api, database, owned, tally):
    acme = callers.portal_of(api, database, "acme")
    secrets = canaries.secrets_of_database(database, "globex")
    attempts = leaks = 0
    for operation in [one for one in OPERATIONS if one.is_portal and one.parameters]:
        nobodys = acme.request(operation.method, operation.at(), json={})
        for theirs in (*owned["globex"], *owned["gone"]):
            for written in (theirs, theirs.lower(), f"{theirs}%20", f" {theirs}", f"{theirs}%27--", f"..%2F{theirs}"):
                path = operation.at(**dict.fromkeys(operation.parameters, written))
                for query, body in asides(owned["globex"][0]):
                    answer = acme.request(operation.method, path + query, json=body)
                    attempts += 1
                    leaks += bool(canaries.seen(secrets - {"globex"}, answer.text + str(answer.headers)))
                    assert answer.status_code == 404
                    if "%2F" not in written:
                        assert answer.content == nobodys.content
    tally("B1 another customer's ids over REST", attempts, leaks)
    assert leaks == 0
    assert attempts >= 1500


@pytest.mark.threat("T11")
def test_no_field_of_a_request_makes_it_another_customers(api, database, owned):
    acme = callers.portal_of(api, database, "acme")
    secrets = canaries.secrets_of_database(database, "globex")
    whose = {"customer_id": owned["globex"][0], "external_customer_id": "globex", "id": owned["globex"][0]}
    for operation in [one for one in OPERATIONS if one.is_portal and not one.parameters]:
        answer = acme.request(operation.method, operation.path, params=whose, json=whose)
        assert canaries.seen(secrets, answer.text + str(answer.headers)) == set()


def test_what_is_ones_own_is_there(api, database, owned):
    acme = callers.portal_of(api, database, "acme")
    prefixes = {"wallet_id": "wallet_", "invoice_id": "inv_", "subscription_id": "subs_"}
    for operation in [one for one in OPERATIONS if one.is_portal and one.parameters]:
        [name] = operation.parameters
        mine = next(one for one in owned["acme"] if one.startswith(prefixes[name]) and "_line_" not in one)
        assert acme.request(operation.method, operation.at(**{name: mine}), json={}).status_code == 200


@pytest.mark.threat("T16")
def test_customers_write_nothing(api, database):
    acme = callers.portal_of(api, database, "acme")
    for operation in [one for one in OPERATIONS if one.is_portal]:
        reads = operation.method in {"GET", "POST"}
        assert reads or acme.request(operation.method, operation.at(), json={}).status_code == 403
