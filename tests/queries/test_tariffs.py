"""What a subscription charges when it has prices of its own: these while they are valid, else its plan's."""

from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from usage_cast import add_usage_price, ingest, sent

from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.billing.statuses import TierMode
from portal_app.models.catalog import PriceTier
from portal_app.queries.usage import UsageQuestion, usage_report

WHOLE = TimeRange(days_ago(14), NOW)


@pytest.fixture
def subscription(session, acme, plan):
    return cast.add_subscription(session, acme, plan)


@pytest.fixture
def own_price(session, plan, calls, subscription):
    """Add a price of Acme's subscription alone."""

    def add(amount="0.1", **more):
        return add_usage_price(session, plan, calls, amount, subscription_id=subscription.id, **more)

    return add


@pytest.fixture
def charges(session, acme):
    """What Acme's whole period cost, charge by charge: units, how much each, since and until when."""

    def ask(span=WHOLE):
        (series,) = usage_report(session, acme, UsageQuestion(span, WindowSize.DAY, with_costs=True), NOW).series
        (cost,), (charged,) = series.costs, series.charged
        assert sum(point.costs[0].exact.amount for point in series.points) == cost.exact.amount
        assert sum(charge.amount for charge in charged.cost.charges) == cost.exact.amount
        return [
            (charge.units, charge.unit_amount, charge.price.start_at, charge.price.end_at)
            for charge in charged.cost.charges
        ]

    return ask


def two_calls_a_day(session):
    ingest(session, *(sent(f"e{n}", at=days_ago(n - 0.5), n=2) for n in range(1, 15)))


@pytest.mark.parametrize(
    "ends",
    [
        {"cancel_at": days_ago(5), "end_at": days_ago(-3)},
        {"cancel_at": days_ago(5), "cancel_at_period_end": True},
        {"subscription_status": "cancelled", "cancelled_at": days_ago(5)},
        {"subscription_status": "cancelled", "cancel_at": days_ago(5), "cancel_at_period_end": True},
        {"subscription_status": "cancelled", "current_period_end_at": days_ago(5)},
    ],
)
def test_a_subscription_charges_until_the_first_of_its_ends(session, acme, plan, calls, charges, ends):
    cast.add_subscription(session, acme, plan, **ends)
    add_usage_price(session, plan, calls, "0.25")
    two_calls_a_day(session)
    assert charges() == [(18, Decimal("0.25"), None, None)]


def test_before_and_after_a_price_of_its_own_a_subscription_pays_its_plans(session, plan, calls, own_price, charges):
    add_usage_price(session, plan, calls, "0.25")
    own_price(start_at=days_ago(10), end_at=days_ago(4))
    two_calls_a_day(session)
    assert charges() == [
        (8, Decimal("0.25"), None, days_ago(10)),
        (12, Decimal("0.1"), days_ago(10), days_ago(4)),
        (8, Decimal("0.25"), days_ago(4), None),
    ]


def test_a_price_of_its_own_that_begins_later_leaves_the_past_as_it_was(session, plan, calls, own_price, charges):
    add_usage_price(session, plan, calls, "0.25")
    two_calls_a_day(session)
    before = [(units, each) for units, each, _, _ in charges()]
    own_price(start_at=NOW + timedelta(days=1))
    assert [(units, each) for units, each, _, _ in charges()] == before == [(28, Decimal("0.25"))]


def test_each_price_of_the_plan_applies_wherever_none_of_its_own_does(session, plan, calls, own_price, charges):
    add_usage_price(session, plan, calls, "1", end_at=days_ago(9))
    add_usage_price(session, plan, calls, "2", start_at=days_ago(9), end_at=days_ago(6))
    add_usage_price(session, plan, calls, "3", start_at=days_ago(6), end_at=days_ago(2))
    own_price("0.1", start_at=days_ago(12), end_at=days_ago(8))
    own_price("0.2", start_at=days_ago(5), end_at=days_ago(4))
    own_price("0.3", start_at=days_ago(4), end_at=days_ago(3))
    two_calls_a_day(session)
    assert [(units / 2, each) for units, each, _, _ in charges()] == [
        (2, 1), (4, Decimal("0.1")), (2, 2), (1, 3), (1, Decimal("0.2")), (1, Decimal("0.3")), (1, 3),
    ]  # fmt: skip


def test_tiers_of_the_plan_fill_on_through_a_price_of_its_own(session, plan, calls, own_price, charges):
    tiers = [
        PriceTier(up_to=Decimal(24), unit_amount=Decimal(1), flat_amount=Decimal(5)),
        PriceTier(unit_amount=Decimal("0.5"), flat_amount=Decimal(7)),
    ]
    add_usage_price(session, plan, calls, tiers=tiers, tier_mode=TierMode.SLAB)
    own_price(start_at=days_ago(10), end_at=days_ago(4))
    two_calls_a_day(session)
    assert [(units, each) for units, each, _, _ in charges()] == [
        (8, 1), (0, 5), (12, Decimal("0.1")), (4, 1), (4, Decimal("0.5")), (0, 7),
    ]  # fmt: skip
    assert [(units, each) for units, each, _, _ in charges(TimeRange(days_ago(11), days_ago(3)))] == [
        (2, 1), (12, Decimal("0.1")), (2, 1),
    ]  # fmt: skip


def test_what_a_span_after_a_price_of_its_own_costs_is_explained_by_the_plans_price(
    session, plan, calls, own_price, charges
):
    add_usage_price(session, plan, calls, "0.25")
    own_price(start_at=days_ago(10), end_at=days_ago(4))
    two_calls_a_day(session)
    after = TimeRange(days_ago(3), NOW)
    assert charges(after) == [(6, Decimal("0.25"), days_ago(4), None)]


def test_a_price_of_its_own_without_ends_leaves_nothing_to_the_plan(session, plan, calls, own_price, charges):
    add_usage_price(session, plan, calls, "0.25", start_at=days_ago(10))
    own_price()
    two_calls_a_day(session)
    assert charges() == [(28, Decimal("0.1"), None, None)]
