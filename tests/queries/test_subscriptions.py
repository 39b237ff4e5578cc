"""Subscriptions: what a customer is on, until when, and what comes next."""

from datetime import timedelta
from decimal import Decimal

import cast
import pytest
from statements import counted

from portal_app.billing.states import SubscriptionState
from portal_app.billing.statuses import BillingModel, BillingPeriod, PriceType, SubscriptionStatus
from portal_app.queries.listing import Listing
from portal_app.queries.subscriptions import RecurringFee, list_subscriptions, list_subscriptions_of_operator

NOW, DAY = cast.NOW, timedelta(days=1)
PERIOD_END = NOW + 17 * DAY
S, SS = SubscriptionStatus, SubscriptionState


@pytest.fixture
def plan(session):
    return cast.add_plan(session, "Plan Base", description="Compute and storage")


def only(session, customer):
    (found,) = list_subscriptions(session, customer, NOW)
    return found


def test_a_subscription_says_its_plan_its_period_and_its_fee(session, acme, plan):
    row = cast.add_subscription(session, acme, plan)
    found = only(session, acme)
    assert (found.public_id, found.plan_name, found.plan_description) == (
        row.public_id,
        "Plan Base",
        "Compute and storage",
    )
    assert (found.state, found.started_at) == (SS.ACTIVE, cast.days_ago(14))
    assert (found.period_start_at, found.period_end_at) == (cast.days_ago(14), PERIOD_END)
    assert (found.next_billing_at, found.ends_at, found.trial_end_at, found.resumes_at) == (
        PERIOD_END,
        None,
        None,
        None,
    )
    assert found.fees == (RecurringFee(Decimal(20), "usd", BillingPeriod.MONTHLY, 1),)


@pytest.mark.parametrize(
    ("more", "state", "next_billing_at", "ends_at"),
    [
        ({}, SS.ACTIVE, PERIOD_END, None),
        ({"cancel_at_period_end": True}, SS.CANCELLING, None, PERIOD_END),
        ({"cancel_at": PERIOD_END}, SS.CANCELLING, None, PERIOD_END),
        ({"cancel_at": NOW + 3 * DAY}, SS.CANCELLING, None, NOW + 3 * DAY),
        # it is billed until it ends
        ({"cancel_at": NOW + 90 * DAY}, SS.CANCELLING, PERIOD_END, NOW + 90 * DAY),
        ({"end_at": NOW + 90 * DAY}, SS.ACTIVE, PERIOD_END, NOW + 90 * DAY),
        ({"end_at": PERIOD_END}, SS.ACTIVE, None, PERIOD_END),
        ({"end_at": NOW + 90 * DAY, "cancel_at_period_end": True}, SS.CANCELLING, None, PERIOD_END),
        ({"end_at": NOW + 3 * DAY, "cancel_at": NOW + 9 * DAY}, SS.CANCELLING, None, NOW + 3 * DAY),
        # an end that has passed is an end, whatever the status still says
        ({"cancel_at": NOW - DAY}, SS.ENDED, None, NOW - DAY),
        ({"end_at": NOW}, SS.ENDED, None, NOW),
        ({"current_period_end_at": NOW - DAY, "cancel_at_period_end": True}, SS.ENDED, None, NOW - DAY),
        (
            {"subscription_status": S.TRIALING, "trial_end_at": NOW + 9 * DAY},
            SS.TRIALING,
            NOW + 9 * DAY,
            None,
        ),
        ({"subscription_status": S.TRIALING}, SS.TRIALING, PERIOD_END, None),
        (
            {"subscription_status": S.TRIALING, "trial_end_at": NOW + 9 * DAY, "cancel_at": NOW + 9 * DAY},
            SS.CANCELLING,
            None,
            NOW + 9 * DAY,
        ),
        ({"subscription_status": S.PAUSED, "resumes_at": NOW + 20 * DAY}, SS.PAUSED, None, None),
        ({"subscription_status": S.INCOMPLETE}, SS.INCOMPLETE, None, None),
        ({"subscription_status": S.CANCELLED, "cancelled_at": NOW - 5 * DAY}, SS.CANCELLED, None, NOW - 5 * DAY),
        ({"subscription_status": S.CANCELLED, "end_at": NOW - 4 * DAY}, SS.CANCELLED, None, NOW - 4 * DAY),
        # without a date it was over with its period, or with what ended it before
        ({"subscription_status": S.CANCELLED, "current_period_end_at": NOW - DAY}, SS.CANCELLED, None, NOW - DAY),
        (
            {"subscription_status": S.CANCELLED, "cancelled_at": NOW - DAY, "end_at": NOW - 2 * DAY},
            SS.CANCELLED,
            None,
            NOW - 2 * DAY,
        ),
    ],
)
def test_what_comes_next_is_told_truthfully(session, acme, plan, more, state, next_billing_at, ends_at):
    cast.add_subscription(session, acme, plan, **more)
    found = only(session, acme)
    assert (found.state, found.next_billing_at, found.ends_at) == (state, next_billing_at, ends_at)
    assert found.resumes_at == more.get("resumes_at")
    assert found.is_past == (state in {SS.CANCELLED, SS.ENDED})


def test_current_ones_come_first_and_each_part_newest_first(session, acme, plan):
    for name, start, status in [
        ("old", 300, S.ACTIVE),
        ("gone lately", 20, S.CANCELLED),
        ("new", 30, S.PAUSED),
        ("gone long", 900, S.CANCELLED),
    ]:
        cast.add_subscription(
            session, acme, plan, subscription_status=status, start_at=cast.days_ago(start), public_id=name
        )
    names = [found.public_id for found in list_subscriptions(session, acme, NOW)]
    assert names == ["new", "old", "gone lately", "gone long"]


def test_a_draft_is_never_shown(session, acme, plan):
    cast.add_subscription(session, acme, plan, subscription_status=S.DRAFT)
    assert list_subscriptions(session, acme, NOW) == []


def test_another_customers_subscription_never_appears(session, acme, globex, plan):
    cast.add_subscription(session, globex, plan)
    assert list_subscriptions(session, acme, NOW) == []


def test_a_subscription_shows_the_fees_of_its_own_currency_and_period(session, acme, plan):
    cast.add_price(session, plan, "18", currency="eur")
    cast.add_price(session, plan, "200", billing_period=BillingPeriod.ANNUAL)
    cast.add_price(session, plan, "55", billing_period_count=3)
    cast.add_price(session, plan, "50", billing_period=BillingPeriod.ONETIME)
    cast.add_price(session, plan, "0.01", type=PriceType.USAGE)
    cast.add_price(session, plan, "7", billing_model=BillingModel.PACKAGE)
    cast.add_subscription(session, acme, plan)
    cast.add_subscription(session, acme, plan, billing_period=BillingPeriod.ANNUAL, start_at=cast.days_ago(15))
    cast.add_subscription(session, acme, plan, billing_period_count=3, start_at=cast.days_ago(16))
    cast.add_subscription(session, acme, plan, currency="eur", start_at=cast.days_ago(17))
    fees = [[fee.amount for fee in found.fees] for found in list_subscriptions(session, acme, NOW)]
    assert fees == [[20, 50], [200, 50], [55, 50], [18]]


def test_a_fee_of_its_own_is_shown_instead_of_the_plans_that_is_due_as_often(session, acme, globex, plan):
    cast.add_price(session, plan, "50", billing_period=BillingPeriod.ONETIME)
    mine, other = (cast.add_subscription(session, customer, plan) for customer in (acme, globex))
    cast.add_price(session, plan, "14", subscription_id=mine.id)
    cast.add_price(session, plan, "7", subscription_id=mine.id, billing_period=BillingPeriod.ANNUAL)
    cast.add_price(session, plan, "99", subscription_id=mine.id, end_at=NOW)
    cast.add_price(session, plan, "1", subscription_id=other.id, billing_period=BillingPeriod.ONETIME)
    listed = list_subscriptions_of_operator(session, Listing(limit=9), NOW).items
    for found in (only(session, acme), next(one for one in listed if one.public_id == mine.public_id)):
        assert [fee.amount for fee in found.fees] == [14, 7, 50]
    assert [fee.amount for fee in only(session, globex).fees] == [1, 20]


@pytest.mark.parametrize(
    ("valid", "is_shown"),
    [
        ({"start_at": NOW}, True),
        ({"start_at": NOW + timedelta(microseconds=1)}, False),
        ({"end_at": NOW}, False),
        ({"end_at": NOW + timedelta(microseconds=1)}, True),
    ],
)
def test_a_fee_is_shown_while_it_is_valid(session, acme, valid, is_shown):
    plan = cast.add_plan(session, fee=None)
    cast.add_price(session, plan, "30", **valid)
    cast.add_subscription(session, acme, plan)
    assert [fee.amount for fee in only(session, acme).fees] == ([30] if is_shown else [])


def test_a_plan_without_a_fee_has_none(session, acme):
    cast.add_subscription(session, acme, cast.add_plan(session, fee=None))
    assert only(session, acme).fees == ()


def test_any_number_of_subscriptions_are_two_statements_and_none_is_one(session, acme, globex, plan):
    for _ in range(7):
        cast.add_subscription(session, acme, plan)
    with counted(session) as statements:
        list_subscriptions(session, acme, NOW)
    assert len(statements) == 2
    with counted(session) as statements:
        list_subscriptions(session, globex, NOW)
    assert len(statements) == 1
