"""Two who change the same terms at once on PostgreSQL: the second waits, and then sees what the first one did."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from postgres import while_open
from usage_cast import add_feature, add_usage_price

from portal_app.billing.metering import FeatureType
from portal_app.billing.prices import PriceModel
from portal_app.billing.statuses import BillingModel, BillingPeriod, PriceType
from portal_app.commands.entitlements import NewEntitlement, create_entitlements
from portal_app.commands.prices import NewPrice, create_price, create_prices, end_price, update_price
from portal_app.errors import EntitlementExists, Invalid, NotFound
from portal_app.models.catalog import Meter

LATER, LATEST = days_ago(-1), days_ago(-2)


@pytest.fixture
def terms(postgres_database):
    """A plan with an ended price for calls, Acme's subscription to it, and what is told apart by them."""
    with postgres_database.writing() as session:
        acme = cast.add_customer(session)
        plan, other = cast.add_plan(session, fee=None), cast.add_plan(session, "Plan Other", fee=None)
        calls, seats = add_feature(session), add_feature(session, name="Seats")
        return {
            "plan": plan.public_id,
            "other": other.public_id,
            "subscription": cast.add_subscription(session, acme, plan).public_id,
            "feature": calls.public_id,
            "meter": session.get(Meter, calls.meter_id).public_id,
            "price": add_usage_price(session, plan, calls, end_at=LATER).public_id,
            "future": add_usage_price(session, plan, seats, start_at=LATER).public_id,
        }


@pytest.fixture
def second(postgres_database):
    """Do something in two transactions: the second begins while the first is open, which ends once the other waits."""

    def at_once(first, then):
        def alone():
            with postgres_database.writing() as session:
                return then(session)

        return while_open(postgres_database, first, alone)

    return at_once


def price_of(entity, terms):
    asked = NewPrice(
        PriceType.USAGE, "usd", BillingPeriod.MONTHLY, PriceModel(BillingModel.FLAT_FEE, Decimal(1)),
        meter_id=terms["meter"], start_at=LATER, **{f"{entity}_id": terms[entity]},
    )  # fmt: skip
    return lambda session: create_price(session, asked, "tests", NOW)


@pytest.mark.parametrize("entity", ["plan", "subscription"])
def test_of_two_equal_prices_one_is_made(terms, second, entity):
    with pytest.raises(Invalid, match="is valid at the same time"):
        second(price_of(entity, terms), price_of(entity, terms))


@pytest.mark.parametrize("entity", ["plan", "subscription"])
def test_of_two_entitlements_to_one_feature_one_is_made(terms, second, entity):
    asked = [NewEntitlement(terms["feature"], FeatureType.METERED, **{f"{entity}_id": terms[entity]})]
    with pytest.raises(EntitlementExists):
        second(*[lambda session: create_entitlements(session, asked, "tests", NOW)] * 2)


def test_the_end_of_a_price_does_not_move_over_one_that_is_being_made(terms, second):
    with pytest.raises(Invalid, match=r"^end_date: the price .* is valid at the same time"):
        second(
            price_of("plan", terms),
            lambda session: update_price(session, terms["price"], {"end_at": LATEST}, "tests", NOW),
        )


def test_a_price_that_is_being_deleted_does_not_change(terms, second):
    with pytest.raises(NotFound):
        second(
            lambda session: end_price(session, terms["future"], "tests", NOW),
            lambda session: update_price(session, terms["future"], {"display_name": "Late"}, "tests", NOW),
        )


def test_prices_of_several_plans_are_made_in_any_order_by_many_at_once(postgres_database, terms):
    fee = PriceModel(BillingModel.FLAT_FEE, Decimal(1))
    asked = [NewPrice(PriceType.FIXED, "usd", BillingPeriod.MONTHLY, fee, terms[plan]) for plan in ("plan", "other")]

    def make(turned):
        with postgres_database.writing() as session:
            return create_prices(session, asked[::-1] if turned else asked, "tests", NOW)

    with ThreadPoolExecutor(8) as threads:
        made = [one for both in threads.map(make, [False, True] * 20) for one in both]
    assert len(set(made)) == 80
