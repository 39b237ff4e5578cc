"""Prices end, or are taken back before they begin; what a price charged is never another amount afterwards."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from sqlmodel import select
from usage_cast import add_feature, add_usage_price, ingest, sent

from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import PriceModel
from portal_app.billing.statuses import BillingModel, BillingPeriod, PriceType
from portal_app.commands.prices import NewPrice, create_price, end_price, update_price
from portal_app.errors import Invalid, NotFound
from portal_app.models.catalog import Meter
from portal_app.models.subscription import Subscription
from portal_app.queries.prices import get_price_of_operator
from portal_app.queries.usage import UsageQuestion, usage_report

PERIOD = TimeRange(days_ago(14), days_ago(-17))
SOON = datetime(2026, 1, 23, tzinfo=UTC)
GRID = timedelta(minutes=15)


@pytest.fixture
def calls(session, acme):
    return add_feature(session)


@pytest.fixture
def plan(session, acme):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    return plan


@pytest.fixture
def price(session, plan, calls):
    """A call costs $0.02; Acme made a thousand a fortnight ago."""
    ingest(session, sent("e1", at=days_ago(13), n=1000))
    return add_usage_price(session, plan, calls, "0.02").public_id


@pytest.fixture
def create(session, plan, calls):
    """Create a price of the plan for calls."""
    meter = session.get(Meter, calls.meter_id).public_id

    def new(**more):
        model = PriceModel(BillingModel.FLAT_FEE, Decimal(9), min_quantity=more.pop("least", Decimal(0)))
        asked = NewPrice(
            PriceType.USAGE, "usd", BillingPeriod.MONTHLY, model, plan_id=plan.public_id, meter_id=meter, **more
        )
        return create_price(session, asked, "tests", NOW)

    return new


@pytest.fixture
def cost(session, acme):
    def ask():
        return usage_report(session, acme, UsageQuestion(PERIOD), NOW).series[0].costs[0].exact.amount

    return ask


def test_a_price_that_is_deleted_before_it_begins_never_charges_and_leaves_its_time_free(session, price, create, cost):
    update_price(session, price, {"end_at": SOON}, "tests", NOW)
    wrong = create(start_at=SOON, least=Decimal(5000))
    end_price(session, wrong, "tests", NOW)
    with pytest.raises(NotFound):
        get_price_of_operator(session, wrong)
    session.flush()
    assert cost() == 20
    create(start_at=SOON)


@pytest.mark.parametrize("begun", [None, NOW, days_ago(1)])
def test_a_price_that_has_begun_ends_with_the_quarter_hour(session, plan, calls, begun):
    price = add_usage_price(session, plan, calls, start_at=begun).public_id
    end_price(session, price, "tests", NOW + timedelta(minutes=1))
    assert get_price_of_operator(session, price).end_at == NOW + GRID


@pytest.mark.parametrize("end_at", [days_ago(13.5), NOW - GRID])
def test_a_price_does_not_end_in_the_past(session, price, cost, end_at):
    with pytest.raises(Invalid, match=r"^end_date: cannot be in the past"):
        update_price(session, price, {"end_at": end_at}, "tests", NOW)
    assert cost() == 20


@pytest.mark.parametrize("end_at", [None, days_ago(12.5), NOW, SOON])
def test_an_end_that_has_passed_does_not_move(session, plan, calls, end_at):
    price = add_usage_price(session, plan, calls, end_at=days_ago(13.5)).public_id
    with pytest.raises(Invalid, match=r"^end_date: has passed"):
        update_price(session, price, {"end_at": end_at}, "tests", NOW)


def test_a_price_that_has_ended_is_renamed_with_its_end_as_it_is(session, plan, calls):
    price = add_usage_price(session, plan, calls, end_at=days_ago(13.5)).public_id
    update_price(session, price, {"end_at": days_ago(13.5), "display_name": "Old"}, "tests", NOW)
    assert get_price_of_operator(session, price).display_name == "Old"


def test_an_end_to_come_moves_and_is_lifted(session, plan, calls):
    price = add_usage_price(session, plan, calls, end_at=SOON).public_id
    for end_at in (NOW, NOW + GRID, None):
        update_price(session, price, {"end_at": end_at}, "tests", NOW - GRID)
        assert get_price_of_operator(session, price).end_at == end_at


@pytest.fixture
def create_own(session, acme, plan, price, calls):
    """Create a price of Acme's subscription alone, which is in its second period."""
    row = session.exec(select(Subscription).where(Subscription.customer_id == acme)).one()
    row.start_at, row.current_period_start_at = days_ago(40), days_ago(10)
    session.flush()
    model = PriceModel(BillingModel.FLAT_FEE, Decimal("0.05"))
    meter = session.get(Meter, calls.meter_id).public_id

    def new(**more):
        asked = {"subscription_id": row.public_id, "meter_id": meter} | more
        return create_price(session, NewPrice(PriceType.USAGE, "usd", BillingPeriod.MONTHLY, model, **asked), "us", NOW)

    return new


@pytest.mark.parametrize("start_at", [None, days_ago(50), days_ago(13), days_ago(13) - GRID])
def test_what_the_plan_charged_in_a_period_that_is_over_stays_charged(create_own, cost, start_at):
    with pytest.raises(Invalid, match=r"^start_date: cannot be before 2026-01-10T12:00Z"):
        create_own(start_at=start_at)
    assert cost() == 20


@pytest.mark.parametrize("dates", [{"start_at": days_ago(10)}, {"start_at": days_ago(12)}, {"end_at": days_ago(14)}])
def test_an_own_price_begins_where_it_changes_nothing_that_was_charged(create_own, cost, dates):
    create_own(**dates)
    assert cost() == 20


def test_the_running_period_may_be_charged_anew(session, acme, create_own, cost):
    row = session.exec(select(Subscription).where(Subscription.customer_id == acme)).one()
    row.current_period_start_at = days_ago(14)
    create_own()
    assert cost() == 50


def test_a_subscriptions_own_price_is_in_its_currency_since_another_would_never_charge(session, acme, plan):
    subscription = session.exec(select(Subscription)).one()

    def own(currency):
        model = PriceModel(BillingModel.FLAT_FEE, Decimal(9))
        asked = NewPrice(
            PriceType.FIXED, currency, BillingPeriod.MONTHLY, model, subscription_id=subscription.public_id
        )
        return create_price(session, asked, "tests", NOW)

    with pytest.raises(Invalid, match="currency: must be usd, as the subscription's is"):
        own("eur")
    assert own("usd")
