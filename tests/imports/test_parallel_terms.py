"""Files that meet terms which are set over REST at the same time, on PostgreSQL: a meter has one price at a time."""

from decimal import Decimal

import pytest
from cast import NOW
from operator_files import CUSTOMERS, FEATURES, METERS, PLANS, SUBSCRIPTIONS, csv, told
from postgres import while_open
from sqlmodel import select

from portal_app.billing.metering import FeatureType
from portal_app.billing.prices import PriceModel
from portal_app.billing.statuses import BillingModel, BillingPeriod, PriceType
from portal_app.commands.entitlements import NewEntitlement, create_entitlements
from portal_app.commands.prices import NewPrice, create_price
from portal_app.models.catalog import Feature, Meter, Plan
from portal_app.models.subscription import Subscription

PRICES = csv("external_id,plan,type,billing_period,currency,amount,meter", "p,base,USAGE,MONTHLY,USD,1,calls")


@pytest.fixture
def database(postgres_database):
    """SQLite has one writer at a time."""
    return postgres_database


@pytest.fixture
def bring_while(database, bring):
    """Import files while what sets terms is not finished, and return what the run objects to."""
    bring(customers=CUSTOMERS, plans=PLANS, meters=METERS, features=FEATURES, subscriptions=SUBSCRIPTIONS)
    return lambda command, **files: told(while_open(database, command, lambda: bring(**files)))


def id_of(session, table):
    return session.exec(select(table.public_id)).one()


def test_a_price_that_is_being_made_is_seen_by_an_import(bring_while):
    def price(session):
        model, of = PriceModel(BillingModel.FLAT_FEE, Decimal(1)), {"meter_id": id_of(session, Meter)}
        new = NewPrice(PriceType.USAGE, "usd", BillingPeriod.MONTHLY, model, plan_id=id_of(session, Plan), **of)
        create_price(session, new, "tests", NOW)

    (problem,) = bring_while(price, prices=PRICES)
    assert problem.endswith("is valid at the same time; end it first")


@pytest.mark.parametrize(("table", "column"), [(Plan, ""), (Subscription, "sub")])
def test_an_entitlement_that_is_being_made_is_seen_by_an_import(bring_while, table, column):
    def entitle(session):
        of = {f"{table.__tablename__}_id": id_of(session, table)}
        new = NewEntitlement(id_of(session, Feature), FeatureType.METERED, **of)
        create_entitlements(session, [new], "tests", NOW)

    rows = csv("external_id,plan,subscription,feature", f"e,base,{column},calls")
    assert bring_while(entitle, entitlements=rows) == [
        "entitlements.csv:2: feature: another entitlement says already what may be used of it"
    ]
