"""Files by a link: `/files/{token}`. One minute, one file, one customer, and only while its session lives."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import cast
import pytest
import token_corpus as corpus
from cast import NOW
from fastapi.testclient import TestClient
from links import file_link, live_principal
from sqlmodel import select

from portal_app.access.api_keys import Scope
from portal_app.access.downloads import KEY_ID, FileKind
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.tokens import DOWNLOAD, Claims, sign
from portal_app.api.app import create_api
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.use_session import revoke_session
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice
from portal_app.models.wallet import Wallet
from portal_app.settings import get_settings

GONE = {
    "code": "not_found",
    "message": "This download link is no longer valid. Go back to the portal and download the file again.",
    "http_status_code": 404,
}


@pytest.fixture
def client(database, monkeypatch):
    monkeypatch.setattr("portal_app.clock.utc_now", lambda: NOW)
    with database.writing() as session:
        for word in ("acme", "globex"):
            customer = cast.add_customer(session, word)
            cast.add_bill(session, customer, f"{word.upper()}-1", description=f"{word} note")
            wallet = cast.add_wallet(session, customer)
            cast.post(session, wallet, cast.credit("10", cast.days_ago(5), description=f"{word} top-up"))
    with TestClient(create_api(), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def acme(client, database):
    """Acme, in a live session."""
    return live_principal(database, "acme", NOW)


def public_id(database, table, word: str) -> str:
    """Return the public id of a customer's only row."""
    with database.reading() as session:
        statement = select(table.public_id).join(Customer, Customer.id == table.customer_id)
        return session.exec(statement.where(Customer.external_id == word)).one()


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_an_invoice_comes_as_pdf_under_its_number(client, acme, database):
    answer = client.get(file_link(acme, FileKind.INVOICE_PDF, public_id(database, Invoice, "acme"), NOW))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ACME-1.pdf"'
    assert answer.content.startswith(b"%PDF-")


def test_invoices_come_as_csv_and_only_ones_own(client, acme):
    answer = client.get(file_link(acme, FileKind.INVOICES_CSV, "", NOW))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="invoices.csv"'
    assert [row["number"] for row in rows_of(answer)] == ["ACME-1"]


@pytest.mark.parametrize(
    "text", ["globex", "> 1000", "%", "' OR 1=1 --", "ACME-1\0", "x" * 100, "\N{PILE OF POO}" * 100]
)
def test_a_search_in_a_link_narrows_and_never_widens(client, acme, text):
    answer = client.get(file_link(acme, FileKind.INVOICES_CSV, text.replace("\0", ""), NOW))
    assert answer.status_code == 200
    assert {row["number"] for row in rows_of(answer)} <= {"ACME-1"}


def test_a_ledger_comes_as_csv(client, acme, database):
    answer = client.get(file_link(acme, FileKind.TRANSACTIONS_CSV, public_id(database, Wallet, "acme"), NOW))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="transactions.csv"'
    assert [row["description"] for row in rows_of(answer)] == ["acme top-up"]


@pytest.mark.threat("T11")
@pytest.mark.parametrize(("kind", "table"), [(FileKind.INVOICE_PDF, Invoice), (FileKind.TRANSACTIONS_CSV, Wallet)])
@pytest.mark.parametrize("whose", ["globex", "nobody"])
def test_what_belongs_to_another_customer_does_not_exist(client, acme, database, kind, table, whose):
    """Even in a link that we signed ourselves."""
    wanted = public_id(database, table, "globex") if whose == "globex" else f"{table.__name__.lower()}_unknown"
    answer = client.get(file_link(acme, kind, wanted, NOW))
    assert answer.status_code == 404
    assert answer.json() == {"code": "not_found", "message": f"{table.__name__} not found", "http_status_code": 404}


@pytest.mark.parametrize("seconds", [60, 61, 3600, 10**6])
def test_after_its_minute_a_link_is_worth_nothing(client, acme, monkeypatch, seconds):
    link = file_link(acme, FileKind.INVOICES_CSV, "", NOW)
    monkeypatch.setattr("portal_app.clock.utc_now", lambda: NOW + timedelta(seconds=seconds))
    answer = client.get(link)
    assert (answer.status_code, answer.json()) == (404, GONE)


@pytest.mark.threat("T7")
def test_when_its_session_was_revoked_a_link_is_worth_nothing(client, acme, database):
    link = file_link(acme, FileKind.INVOICES_CSV, "", NOW)
    assert client.get(link).status_code == 200
    with database.writing() as session:
        revoke_session(session, acme.jti, "tests", "tests", NOW)
    answer = client.get(link)
    assert (answer.status_code, answer.json()) == (404, GONE)


@pytest.mark.threat("T7")
def test_when_its_session_has_ended_a_link_is_worth_nothing(client, acme, monkeypatch):
    late = NOW + timedelta(minutes=59, seconds=50)
    link = file_link(acme, FileKind.INVOICES_CSV, "", late)
    monkeypatch.setattr("portal_app.clock.utc_now", lambda: late + timedelta(seconds=20))
    assert client.get(link).json() == GONE


@pytest.mark.threat("T7")
def test_when_its_customer_was_archived_a_link_is_worth_nothing(client, acme, database):
    link = file_link(acme, FileKind.INVOICES_CSV, "", NOW)
    with database.writing() as session:
        row = session.exec(select(Customer).where(Customer.external_id == "acme")).one()
        row.status = RecordStatus.ARCHIVED
        session.add(row)
    assert client.get(link).json() == GONE


def signed(purpose: Purpose, **own: str) -> str:
    """Sign a link with a key of ours, of whatever purpose, about whatever."""
    key = derive_key(get_settings().secret_key.get_secret_value(), purpose)
    own = {"file": "invoices.csv", "query": "", "locale": "en_US", "session": "j"} | own
    return sign(DOWNLOAD, {KEY_ID: key}, Claims("cust_1", "j", NOW, NOW + timedelta(seconds=60), own))


@pytest.mark.threat("T3")
def test_what_is_not_a_link_of_ours_is_worth_nothing(client, acme, database):
    link = file_link(acme, FileKind.INVOICES_CSV, "", NOW).removeprefix("/files/")
    header, claims, signature = link.split(".")
    wrong = [
        "x", "a" * 5000, f"{link}x", link[:-1], link[1:], f"{claims}.{header}.{signature}", f"{header}.{claims}.",
        f"{link}=", link.swapcase(), f"{link}%00", f"%20{link}", "%ED%A0%80", "null", corpus.good_token(),
        cast.mint(database).token, cast.api_key(database, Scope.ADMIN), signed(Purpose.DOWNLOADS),
        signed(Purpose.DOWNLOADS, session=acme.jti), signed(Purpose.COOKIES, session=acme.jti),
        signed(Purpose.DOWNLOADS, file="../../etc/passwd"), signed(Purpose.DOWNLOADS, more="x"),
    ]  # fmt: skip
    answers = {token[:40]: client.get(f"/files/{token}") for token in wrong}
    assert {(answer.status_code, answer.json()["code"]) for answer in answers.values()} == {(404, "not_found")}


@pytest.mark.threat("T1", "T2", "T4")
def test_no_forgery_of_the_corpus_opens_a_file(client):
    tokens = [token for _, token in corpus.cases() if isinstance(token, str) and token and len(token) < 10_000]
    usable = [token for token in tokens if token.isprintable() and token.isascii() and not set("/?#% \\") & set(token)]
    assert len(usable) > 300
    assert {client.get(f"/files/{token}").status_code for token in usable} == {404}


@pytest.mark.threat("T3", "T34")
def test_no_token_of_a_customer_is_a_key_of_the_operator(client, acme, database):
    link = file_link(acme, FileKind.INVOICES_CSV, "", NOW).removeprefix("/files/")
    for token in (cast.mint(database).token, link):
        for header in ("x-api-key", "X-Session-Token", "Authorization"):
            answer = client.post("/v1/customers/portal/acme", headers={header: token})
            assert answer.status_code == 401
