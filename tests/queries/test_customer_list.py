"""The operator's list of customers: found by words, sorted, paged, at the same cost however many there are."""

from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from sqlalchemy import insert
from statements import counted

from portal_app.access.principal import Principal
from portal_app.access.tokens import SESSION, verify
from portal_app.billing.money import Money
from portal_app.billing.statuses import RecordStatus, SubscriptionStatus, WalletStatus
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.commands.use_session import note_opened
from portal_app.models.columns import new_public_id
from portal_app.models.customer import Customer
from portal_app.queries import customer_list
from portal_app.queries.customer_list import CustomerOrder, CustomerSearch, search_customers_of_operator

NOW = cast.NOW


def found(session, text="", number=1, **more):
    page = search_customers_of_operator(session, CustomerSearch(text, **more), NOW, number)
    return [customer.external_id for customer in page.items]


@pytest.fixture
def some(session):
    cast.add_customer(session, "acme", name="Acme Corp", email="ada@acme.example")
    cast.add_customer(session, "globex", name="Globex Corp", email="bob@globex.example")
    cast.add_customer(session, "z-9", name="Öresund Straße", email="")
    cast.add_customer(session, "gone", name="Gone Ltd", status=RecordStatus.ARCHIVED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme", ["acme"]),
        ("ACM", ["acme"]),
        ("corp", ["acme", "globex"]),
        ("corp glo", ["globex"]),
        ("bob@globex.ex", ["globex"]),
        ("z-9", ["z-9"]),
        ("STRASSE", ["z-9"]),
        ("öre", ["z-9"]),
        ("orp", []),
        ("corp acme globex", []),
        ("%", []),
        ("_", []),
        ("\0", []),
        ("gone", []),
    ],
)
def test_every_word_typed_must_begin_a_word_of_the_customer(session, some, text, expected):
    assert found(session, text) == expected


def test_the_archived_are_found_where_they_are_asked_for(session, some):
    assert found(session, status=RecordStatus.ARCHIVED) == ["gone"]
    assert found(session, status=None) == ["acme", "globex", "gone", "z-9"]


@pytest.mark.parametrize("order", CustomerOrder)
def test_every_order_has_its_reverse(session, some, order):
    forward = found(session, status=None, order=order)
    assert found(session, status=None, order=order, ascending=False) == forward[::-1]


def test_a_row_says_what_is_left_which_plans_and_when_the_last_visit_was(session, settings, acme):
    for currency, credits_ in (("usd", "434.2"), ("eur", "10")):
        cast.post(session, cast.add_wallet(session, acme, currency), cast.credit(credits_, cast.days_ago(1)))
    frozen = cast.add_wallet(session, acme, "gbp", wallet_status=WalletStatus.FROZEN)
    cast.post(session, frozen, cast.credit("5", cast.days_ago(1)))
    plan = cast.add_plan(session)
    cast.add_subscription(session, acme, plan)
    cast.add_subscription(session, acme, plan, subscription_status=SubscriptionStatus.CANCELLED)
    for minutes, is_preview in ((5, False), (9, True)):
        minted = mint_session(session, settings, "acme", "t", NOW, MintTerms(is_preview=is_preview))
        claims = verify(SESSION, settings.signing_keys(), minted.token, NOW)
        principal = Principal(acme, claims.subject, claims.jti, claims.expires_at)
        note_opened(session, principal, NOW + timedelta(minutes=minutes))
    (row,) = search_customers_of_operator(session, CustomerSearch(), NOW).items
    assert row.balances == (Money(Decimal("1.00"), "eur"), Money(Decimal("43.42"), "usd"))
    assert row.frozen == (Money(Decimal("0.50"), "gbp"),)
    assert row.plans == ("Plan Base",)
    assert row.last_visit_at == NOW + timedelta(minutes=5)


def add_many(session, count):
    rows = [
        {"public_id": new_public_id("cust"), "external_id": f"c{n:05}", "name": f"Customer {n:05}", "email": "",
         "status": "published", "created_at": NOW, "updated_at": NOW, "metadata": {}}
        for n in range(count)
    ]  # fmt: skip
    table = Customer.__table__
    defaults = {c.name: "" for c in table.columns if c.name.startswith("address_")}
    more = {"tax_id": "", "timezone": "UTC", "locale": ""}
    session.execute(insert(table), [defaults | more | row for row in rows])


def test_pages_put_together_are_the_whole_list(session):
    add_many(session, 60)
    pages = [found(session, number=number) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [25, 25, 10]
    assert [one for page in pages for one in page] == [f"c{n:05}" for n in range(60)]


def test_a_page_beyond_the_last_is_empty(session, some):
    assert found(session, number=9) == []


def test_no_more_than_a_thousand_are_counted(session, monkeypatch):
    add_many(session, 30)
    monkeypatch.setattr(customer_list, "MOST_COUNTED", 20)
    page = search_customers_of_operator(session, CustomerSearch(), NOW)
    assert (page.total, page.has_more) == (20, True)


def test_a_page_takes_the_same_few_statements_however_many_it_shows(session, some):
    with counted(session) as few:
        found(session, "acme")
    add_many(session, 40)
    with counted(session) as many:
        found(session)
    assert (len(few), len(many)) == (7, 6)  # one more finds the words
