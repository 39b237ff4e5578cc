"""Which price programs are told of, and that what they are told is exact."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import cast
import pytest
from cast import NOW, days_ago
from usage_cast import add_usage_price, ingest, sent

from portal_app.api.wire.analytics import cost_analytics_wire, subscription_usage_wire, usage_analytics_wire
from portal_app.api.wire.analytics_requests import AnalyticsRequest, CostRequest, SubscriptionUsageRequest
from portal_app.billing.periods import TimeRange
from portal_app.errors import Invalid
from portal_app.queries.usage import UsageQuestion
from portal_app.queries.usage_analytics import analyse_usage, subscription_usage

LAST_WEEK = TimeRange(days_ago(7), NOW)


@pytest.fixture
def subscription(session, acme, plan):
    return cast.add_subscription(session, acme, plan).public_id


@pytest.fixture
def named(session, acme, subscription):
    """The price that every answer about Acme's last week, or another span, names."""

    def ask(span=LAST_WEEK):
        ends = {"start_time": span.start_at, "end_time": span.end_at}
        analysis = analyse_usage(session, acme, UsageQuestion(span), NOW)
        usage = usage_analytics_wire(analysis, AnalyticsRequest(**ends, expand=["price"]))
        costs = cost_analytics_wire(analysis, CostRequest(**ends, expand=["price"]), with_cost=True)
        charged = subscription_usage(session, acme, subscription, *ends.values(), NOW)
        [item], [cost], [charge] = usage.items, costs.cost_analytics, subscription_usage_wire(charged).charges
        assert item.price_id == (item.price and item.price.id)
        assert item.price == cost.price == charge.price
        return item.price_id

    return ask


@pytest.fixture
def three_prices(session, plan, calls):
    changes = [None, days_ago(10), days_ago(-5), None]
    return [
        add_usage_price(session, plan, calls, start_at=start, end_at=end).public_id for start, end in pairwise(changes)
    ]


def test_the_price_that_is_named_is_the_one_that_charged(session, three_prices, named):
    ingest(session, sent("e1", at=days_ago(12), n=1000), sent("e2", at=days_ago(5), n=1))
    assert named() == three_prices[1]
    assert named(TimeRange(days_ago(13), days_ago(6))) == three_prices[0]


def test_where_nothing_was_charged_it_is_the_last_one_valid_in_the_span(session, three_prices, named):
    ingest(session, sent("e1", at=days_ago(5), n=0))
    assert named() == three_prices[1]
    assert named(TimeRange(days_ago(7), days_ago(-6))) == three_prices[2]


def test_a_price_that_begins_after_the_subscription_has_ended_is_not_named(session, acme, plan, calls):
    ended = cast.add_subscription(session, acme, plan, end_at=days_ago(2))
    add_usage_price(session, plan, calls, start_at=days_ago(1))
    ingest(session, sent("e1", at=days_ago(5), n=1))
    (charge,) = subscription_usage(session, acme, ended.public_id, LAST_WEEK.start_at, LAST_WEEK.end_at, NOW).charges
    assert (charge.price, charge.charged.cost.exact.amount) == (None, 0)


def test_what_a_subscription_charges_is_exact_to_the_last_digit(session, acme, subscription, plan, calls):
    add_usage_price(session, plan, calls, "0.123456789012")
    ingest(session, sent("e1", at=days_ago(1), n="9000000000000.000001"), sent("e2", at=NOW - timedelta(hours=1), n=1))
    seen = subscription_usage_wire(subscription_usage(session, acme, subscription, None, None, NOW))
    assert seen.amount == seen.charges[0].amount == Decimal("1111111101108.123456912468789012")


@pytest.mark.parametrize("times", [{}, {"start_time": days_ago(5)}])
def test_a_subscriptions_usage_is_not_asked_for_until_far_ahead(times):
    asked = SubscriptionUsageRequest(subscription_id="subs_1", end_time=datetime(8999, 1, 1, tzinfo=UTC), **times)
    with pytest.raises(Invalid, match=r"^(end_time: is more than a day ahead|start_time: is more than 1100 days)"):
        asked.bounded(NOW)


def test_a_subscription_that_begins_between_quarter_hours_charges_from_the_one_before(session, acme, plan, calls):
    start = days_ago(3) + timedelta(minutes=7)
    dates = {"start_at": start, "current_period_start_at": start, "current_period_end_at": start + timedelta(days=31)}
    begun = cast.add_subscription(session, acme, plan, **dates).public_id
    add_usage_price(session, plan, calls, "2", min_quantity=Decimal(5))
    ingest(session, sent("e1", at=start - timedelta(minutes=5), n=1))
    charged = subscription_usage(session, acme, begun, None, None, NOW)
    assert charged.span == TimeRange(days_ago(3), days_ago(-28))
    assert charged.charges[0].charged.cost.exact.amount == 10
