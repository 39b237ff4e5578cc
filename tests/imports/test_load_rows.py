"""Customers, plans, prices, subscriptions and wallets: added, changed, or left alone."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from operator_files import CUSTOMERS, PLANS, WALLETS, counts, csv, told
from sqlmodel import select

from portal_app.models.catalog import Price
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet

PRICE = "external_id,plan,billing_period,currency,amount,start_at,end_at"
SUBSCRIPTION = (
    "external_id,customer,plan,subscription_status,currency,billing_period,start_at,current_period_start_at,"
    "current_period_end_at"
)
MONTH = "2026-01-06T00:00Z,2026-01-06T00:00Z,2026-02-06T00:00Z"


@pytest.fixture
def stored(database):
    """Read the one row of a table, or the one with this external id."""

    def read(table, external_id=None):
        with database.reading() as session:
            rows = session.exec(select(table)).all()
        return next(row for row in rows if external_id in {None, row.external_id})

    return read


def test_every_column_reaches_its_place(bring, stored):
    head = (
        "external_id,name,email,address_line1,address_line2,address_city,address_state,address_postal_code,"
        "address_country,tax_id,timezone,locale,status"
    )
    row = "acme,Acme Corp,a@b.example,Torstraße 1,2nd floor,Berlin,BE,10119,de,DE8,Europe/Berlin,de-DE,archived"
    assert told(bring(customers=csv(head, row))) == []
    acme = stored(Customer)
    assert [getattr(acme, name) for name in head.split(",")] == [
        *row.split(",")[:8], "DE", "DE8", "Europe/Berlin", "de_DE", "archived",
    ]  # fmt: skip
    assert acme.public_id.startswith("cust_")


def test_an_empty_cell_is_the_default(bring, stored):
    assert told(bring(customers="external_id,name,email,timezone,status\nacme,Acme,,,\n")) == []
    acme = stored(Customer)
    assert (acme.email, acme.timezone, acme.status) == ("", "UTC", "published")


def test_a_changed_row_is_changed_and_stamped_and_the_others_are_not(bring, database):
    bring(customers=CUSTOMERS)
    with database.reading() as session:
        before = {row.external_id: row for row in session.exec(select(Customer))}
    assert counts(bring(customers=CUSTOMERS.replace("Acme Corp", "Acme Inc")))["customers"] == (0, 1, 1)
    with database.reading() as session:
        after = {row.external_id: row for row in session.exec(select(Customer))}
    assert after["acme"].name == "Acme Inc"
    assert after["acme"].public_id == before["acme"].public_id
    assert after["globex"] == before["globex"]


def test_a_column_that_a_file_leaves_out_is_left_as_it_is(bring, stored):
    bring(customers="external_id,name,email,timezone\nacme,Acme,a@b,Asia/Tokyo\n")
    assert counts(bring(customers="external_id,name,timezone\nacme,Acme Inc,\n"))["customers"] == (0, 1, 0)
    acme = stored(Customer)
    assert (acme.name, acme.email, acme.timezone) == ("Acme Inc", "a@b", "UTC")


def test_a_key_that_one_line_of_json_leaves_out_is_left_as_it_is(bring, stored):
    bring(customers__jsonl='{"external_id": "acme", "name": "Acme", "email": "a@b", "tax_id": "T"}\n')
    bring(customers__jsonl='{"external_id": "acme", "name": "Acme", "tax_id": null}\n')
    acme = stored(Customer)
    assert (acme.email, acme.tax_id) == ("a@b", "")


def test_a_reference_that_leads_nowhere_is_told(bring):
    outcome = bring(customers=CUSTOMERS, wallets=csv("external_id,customer,currency", "w,acmee,USD"))
    assert told(outcome) == ["wallets.csv:2: customer: there is no customer 'acmee'"]


def test_a_reference_may_lead_to_an_earlier_import(bring, folder):
    bring(customers=CUSTOMERS)
    (folder / "customers.csv").unlink()
    assert told(bring(wallets=WALLETS)) == []


def test_a_wallet_cannot_move_to_another_customer(bring, stored):
    bring(customers=CUSTOMERS, wallets=WALLETS)
    outcome = bring(wallets=csv("external_id,customer,currency", "w-acme,globex,USD"))
    assert told(outcome) == ["wallets.csv:2: customer: this wallet has another customer, which cannot change"]
    assert stored(Wallet, "w-acme").customer_id == stored(Customer, "acme").id


def test_a_wallet_cannot_change_its_currency(bring):
    bring(customers=CUSTOMERS, wallets=WALLETS)
    outcome = bring(wallets=csv("external_id,customer,currency", "w-acme,acme,EUR"))
    assert told(outcome) == ["wallets.csv:2: currency: is usd already and cannot become eur"]


def test_a_topup_costs_what_credits_are_worth_unless_it_is_said(bring, stored):
    bring(customers=CUSTOMERS, wallets=WALLETS)
    wallet = stored(Wallet, "w-acme")
    assert (wallet.conversion_rate, wallet.topup_conversion_rate) == (Decimal("0.1"), Decimal("0.1"))
    head = "external_id,customer,currency,conversion_rate,topup_conversion_rate"
    bring(wallets=csv(head, "w-acme,acme,USD,0.1,0.12"))
    assert stored(Wallet, "w-acme").topup_conversion_rate == Decimal("0.12")


def test_a_price_keeps_twelve_decimals(bring, stored):
    bring(plans=PLANS, prices=csv(PRICE, "p,base,MONTHLY,USD,0.000000000025,,"))
    assert stored(Price).amount == Decimal("0.000000000025")


@pytest.mark.parametrize("end", ["2026-01-01T00:00Z", "2025-12-31T00:00Z"])
def test_a_price_ends_after_it_starts(bring, end):
    outcome = bring(plans=PLANS, prices=csv(PRICE, f"p,base,MONTHLY,USD,1,2026-01-01T00:00Z,{end}"))
    assert told(outcome) == ["prices.csv:2: end_at: is not after start_at"]


def test_a_check_between_cells_sees_what_is_stored(bring):
    bring(plans=PLANS, prices=csv(PRICE, "p,base,MONTHLY,USD,1,2026-01-01T00:00Z,"))
    head = "external_id,plan,billing_period,currency,amount,end_at"
    outcome = bring(prices=csv(head, "p,base,MONTHLY,USD,1,2025-01-01T00:00Z"))
    assert told(outcome) == ["prices.csv:2: end_at: is not after start_at"]


def test_a_subscription_reaches_its_place(bring, stored):
    head = f"{SUBSCRIPTION},trial_end_at,cancel_at_period_end"
    row = f"s,acme,base,trialing,usd,MONTHLY,{MONTH},2026-01-20T00:00+01:00,yes"
    assert told(bring(customers=CUSTOMERS, plans=PLANS, subscriptions=csv(head, row))) == []
    subscription = stored(Subscription)
    assert subscription.trial_end_at == datetime(2026, 1, 19, 23, tzinfo=UTC)
    assert subscription.cancel_at_period_end is True
    assert subscription.customer_id == stored(Customer, "acme").id


def test_a_subscription_may_change_its_plan_but_not_its_customer(bring):
    plans = PLANS + "team,Plan Team\n"
    bring(customers=CUSTOMERS, plans=plans, subscriptions=csv(SUBSCRIPTION, f"s,acme,base,active,usd,MONTHLY,{MONTH}"))
    changed = bring(subscriptions=csv(SUBSCRIPTION, f"s,acme,team,active,usd,MONTHLY,{MONTH}"))
    assert counts(changed)["subscriptions"] == (0, 1, 0)
    moved = bring(subscriptions=csv(SUBSCRIPTION, f"s,globex,team,active,usd,MONTHLY,{MONTH}"))
    assert told(moved) == ["subscriptions.csv:2: customer: this subscription has another customer, which cannot change"]


def test_a_period_that_ends_before_it_starts_is_told(bring):
    row = "s,acme,base,active,usd,MONTHLY,2026-01-06T00:00Z,2026-02-06T00:00Z,2026-02-06T00:00Z"
    outcome = bring(
        customers=CUSTOMERS, plans=PLANS, subscriptions=csv(f"{SUBSCRIPTION},end_at", f"{row},2025-01-01T00:00Z")
    )
    assert told(outcome) == [
        "subscriptions.csv:2: current_period_end_at: is not after current_period_start_at",
        "subscriptions.csv:2: end_at: is before start_at",
    ]


def test_dates_before_1970_stay_what_they_are(bring, stored):
    row = "p,base,MONTHLY,USD,1,1901-12-13T20:45:51Z,1969-12-31T23:59:59.999999Z"
    bring(plans=PLANS, prices=csv(PRICE, row))
    price = stored(Price)
    assert price.start_at == datetime(1901, 12, 13, 20, 45, 51, tzinfo=UTC)
    assert price.end_at == datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def test_more_rows_than_a_batch_are_all_loaded(bring, database):
    rows = [f"c{number},Customer {number}" for number in range(1201)]
    assert counts(bring(customers=csv("external_id,name", *rows)))["customers"] == (1201, 0, 0)
    assert counts(bring())["customers"] == (0, 0, 1201)
