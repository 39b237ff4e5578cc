"""What a wallet is worth at this moment: its credits less the usage of the running periods."""

from datetime import timedelta
from decimal import Decimal

import cast
from cast import NOW, days_ago
from usage_cast import add_feature, add_usage_price, ingest, sent

from portal_app.queries.wallet_balance import pending_usage


def test_a_period_that_begins_between_quarter_hours_costs_its_minimum_and_its_first_minutes(session, acme):
    start = days_ago(3) + timedelta(minutes=7)
    plan, calls = cast.add_plan(session, fee=None), add_feature(session)
    dates = {"start_at": days_ago(90), "billing_anchor_at": start, "current_period_start_at": start}
    cast.add_subscription(session, acme, plan, **dates, current_period_end_at=start + timedelta(days=31))
    add_usage_price(session, plan, calls, "2", min_quantity=Decimal(5))
    assert pending_usage(session, acme, NOW) == {"usd": 10}
    ingest(session, sent("e1", at=start - timedelta(minutes=5), n=6))
    assert pending_usage(session, acme, NOW) == {"usd": 12}


def test_a_subscription_that_ends_in_the_quarter_hour_it_began_costs_nothing(session, acme):
    start = days_ago(3)
    plan, calls = cast.add_plan(session, fee=None), add_feature(session)
    dates = {"start_at": start, "current_period_start_at": start, "current_period_end_at": start + timedelta(minutes=7)}
    cast.add_subscription(session, acme, plan, **dates, end_at=start + timedelta(minutes=7))
    add_usage_price(session, plan, calls, "2", min_quantity=Decimal(5))
    assert pending_usage(session, acme, NOW) == {}
