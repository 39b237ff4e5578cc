"""Customers: their own profile, and the operator's way to them."""

import cast
import pytest
from statements import counted

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import RecordStatus
from portal_app.errors import CustomerNotFound, NotFound
from portal_app.models.customer import Customer
from portal_app.queries.customers import (
    count_customers_of_operator,
    get_profile,
    get_published_customer_of_operator,
    names_of_operator,
)


def test_a_profile_says_who_and_where(session, globex):
    acme = cast.add_customer(
        session, "acme", public_id="cust_acme", email="billing@acme.example", address_line1="Torstraße 1",
        address_line2="2. Hof", address_postal_code="10119", address_city="Berlin", address_state="Berlin",
        address_country="DE", tax_id="DE811111111", locale="de_DE",
    )  # fmt: skip
    profile = get_profile(session, acme)
    assert (profile.public_id, profile.external_id, profile.name) == ("cust_acme", "acme", "Acme Corp")
    assert (profile.email, profile.tax_id) == ("billing@acme.example", "DE811111111")
    assert (profile.address, profile.country) == (("Torstraße 1", "2. Hof", "10119 Berlin", "Berlin"), "DE")
    assert (profile.timezone, profile.locale) == ("Europe/Berlin", "de_DE")


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, ()),
        ({"address_city": "Berlin"}, ("Berlin",)),
        ({"address_postal_code": "10119"}, ("10119",)),
        ({"address_line2": "2. Hof", "address_country": "DE"}, ("2. Hof",)),
    ],
)
def test_an_address_has_no_empty_lines(session, fields, lines):
    assert get_profile(session, cast.add_customer(session, "acme", **fields)).address == lines


def test_a_profile_is_one_statement_at_most(session, acme):
    session.expire_all()
    with counted(session) as statements:
        get_profile(session, acme)
    assert len(statements) == 1


def test_nobody_has_no_profile(session, acme):
    with pytest.raises(NotFound, match="Customer not found"):
        get_profile(session, CustomerId(acme + 1))


def test_the_operators_name_leads_to_a_published_customer(session, acme, globex):
    row = session.get_one(Customer, acme)
    assert get_published_customer_of_operator(session, "acme") == (acme, row.public_id)


@pytest.mark.parametrize("status", [RecordStatus.ARCHIVED, RecordStatus.DELETED])
def test_it_does_not_lead_to_one_that_is_gone(session, acme, status):
    session.get_one(Customer, acme).status = status
    with pytest.raises(CustomerNotFound):
        get_published_customer_of_operator(session, "acme")


@pytest.mark.parametrize("name", ["ac", "acme ", "Acme", "%", "acme\0", "\udc00"])
def test_a_name_leads_somewhere_only_if_it_is_exactly_the_name(session, acme, name):
    with pytest.raises(CustomerNotFound):
        get_published_customer_of_operator(session, name)


def test_the_operator_counts_everyone(session, acme, globex):
    session.get_one(Customer, globex).status = RecordStatus.ARCHIVED
    assert count_customers_of_operator(session) == 2


def test_names_are_of_those_that_exist(session, acme, globex):
    assert names_of_operator(session, ("acme", "nobody")) == {"acme": "Acme Corp"}
    assert names_of_operator(session, ()) == {}
