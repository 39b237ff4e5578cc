"""What time alone brings about: expiries, new periods, ends, credits that are given."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from sqlmodel import select

from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import BillingPeriod, GrantCadence, GrantExpiration, SubscriptionStatus
from portal_app.commands.customers import update_customer
from portal_app.commands.give_grants import due_gifts
from portal_app.commands.grant_rules import NewGrantRule, create_grant_rule, delete_grant_rule
from portal_app.commands.subscriptions import (
    Cancellation,
    NewSubscription,
    cancel_subscription,
    create_subscription,
    pause_subscription,
)
from portal_app.commands.upkeep import (
    due_expiries,
    due_moves,
    expire_credits,
    give_credits,
    move_subscription_on,
)
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import WalletTransaction
from portal_app.queries.grant_rules import upcoming_grants
from portal_app.queries.invariants import all_violations
from portal_app.queries.wallets import get_wallet

LATER = NOW + timedelta(days=45)
STARTED_AT = datetime(2026, 1, 6, tzinfo=UTC)
SIXTH_OF_JULY = datetime(2026, 7, 6, tzinfo=UTC)
"""When the seventh period begins of what started on the sixth of January, seen from UTC."""
MONTHLY = {"cadence": GrantCadence.RECURRING, "period": BillingPeriod.MONTHLY}


@pytest.fixture
def plan(session):
    return cast.add_plan(session)


@pytest.fixture
def subscribe(session, acme, plan):
    def create(**more):
        new = NewSubscription(plan.public_id, "usd", BillingPeriod.MONTHLY, **more)
        public_id = create_subscription(session, acme, new, "tests", NOW)
        return session.exec(select(Subscription).where(Subscription.public_id == public_id)).one()

    return create


def expire_all(session, now):
    return sum(expire_credits(session, wallet, now) for wallet in due_expiries(session, now))


def move_all_on(session, now):
    return sum(move_subscription_on(session, key, now) for key in due_moves(session, now))


def give_all(session, now):
    return sum(give_credits(session, key, now) for key in due_gifts(session, now))


def ledger(session):
    rows = session.exec(select(WalletTransaction).order_by(WalletTransaction.id)).all()
    return [(row.transaction_reason, row.credit_amount, row.credit_balance_after, row.created_at) for row in rows]


def test_expired_credits_get_a_row_of_their_own_at_the_instant_they_expired(session, acme):
    wallet = cast.add_wallet(session, acme)
    ended = cast.GrantTerms(expires_at=days_ago(2))
    lasting = cast.GrantTerms(expires_at=days_ago(-2))
    cast.post(
        session, wallet, cast.credit("50", days_ago(9), grant=ended), cast.credit("30", days_ago(8), grant=lasting)
    )
    assert expire_all(session, NOW) == 1
    assert ledger(session)[-1] == ("CREDIT_EXPIRED", 50, 30, days_ago(2))
    assert expire_all(session, NOW) == 0
    assert get_wallet(session, acme, wallet.public_id, NOW).credits == 30
    assert list(all_violations(session)) == []


def test_what_was_imported_is_left_to_where_it_comes_from(session, acme, plan):
    wallet = cast.add_wallet(session, acme, external_id="w1")
    cast.post(session, wallet, cast.credit("50", days_ago(9), grant=cast.GrantTerms(expires_at=days_ago(2))))
    imported = cast.add_subscription(session, acme, plan, current_period_end_at=days_ago(1))
    assert expire_all(session, NOW) == 0
    assert move_all_on(session, NOW) == 0
    assert imported.current_period_end_at == days_ago(1)


def test_a_period_that_is_over_makes_way_for_the_one_that_holds_now(session, subscribe):
    row = subscribe()
    first = (row.current_period_start_at, row.current_period_end_at)
    assert move_all_on(session, NOW) == 0
    assert move_all_on(session, LATER) == 1
    assert first[1] == row.current_period_start_at <= LATER < row.current_period_end_at
    assert move_all_on(session, LATER) == 0


def test_a_trial_ends_in_a_running_subscription(session, subscribe):
    row = subscribe(trial=timedelta(days=14))
    assert row.subscription_status is SubscriptionStatus.TRIALING
    move_all_on(session, LATER)
    assert row.subscription_status is SubscriptionStatus.ACTIVE
    assert row.current_period_start_at <= LATER < row.current_period_end_at


@pytest.mark.parametrize("how", [Cancellation.END_OF_PERIOD, Cancellation.SCHEDULED])
def test_an_end_that_was_set_comes(session, acme, subscribe, how):
    row = subscribe()
    ends_at = row.current_period_end_at if how is Cancellation.END_OF_PERIOD else days_ago(-7)
    cancel_subscription(session, acme, row.public_id, how, days_ago(-7), "tests", NOW)
    move_all_on(session, ends_at - timedelta(seconds=1))
    assert row.subscription_status is SubscriptionStatus.ACTIVE
    move_all_on(session, ends_at)
    assert (row.subscription_status, row.cancelled_at) == (SubscriptionStatus.CANCELLED, ends_at)


def test_a_subscription_is_over_with_its_end_date_even_while_it_rests(session, acme, subscribe):
    ends_at = days_ago(-10)
    running, resting = subscribe(end_at=ends_at), subscribe(end_at=ends_at)
    pause_subscription(session, acme, resting.public_id, None, "tests", NOW)
    assert move_all_on(session, ends_at - timedelta(seconds=1)) == 0
    assert move_all_on(session, LATER) == 2
    for row in (running, resting):
        assert (row.subscription_status, row.cancelled_at) == (SubscriptionStatus.CANCELLED, ends_at)
    assert move_all_on(session, LATER) == 0


@pytest.mark.parametrize(("end_day", "cancel_day"), [(10, 7), (7, 10)])
def test_of_two_ends_the_earlier_one_comes(session, acme, subscribe, end_day, cancel_day):
    row = subscribe(end_at=days_ago(-end_day))
    cancel_subscription(session, acme, row.public_id, Cancellation.SCHEDULED, days_ago(-cancel_day), "tests", NOW)
    move_all_on(session, LATER)
    assert row.cancelled_at == days_ago(-7)


def test_a_pause_ends_when_it_was_said_to_and_else_lasts(session, acme, subscribe):
    short, long = subscribe(), subscribe()
    pause_subscription(session, acme, short.public_id, days_ago(-7), "tests", NOW)
    pause_subscription(session, acme, long.public_id, None, "tests", NOW)
    assert move_all_on(session, LATER) == 1
    assert (short.subscription_status, long.subscription_status) == ("active", "paused")


def rule(plan, **more):
    return NewGrantRule("Included", Decimal(100), plan_id=plan.public_id, **more)


def test_a_plan_gives_its_credits_once_to_each_subscription(session, plan, subscribe):
    create_grant_rule(session, rule(plan), "tests", NOW)
    subscribe()
    assert [row[:3] for row in ledger(session)] == [("SUBSCRIPTION_CREDIT_GRANT", 100, 100)]
    give_all(session, LATER)
    assert len(ledger(session)) == 1
    assert list(all_violations(session)) == []


def test_recurring_credits_are_given_in_each_period_and_end_with_it(session, acme, plan, subscribe):
    terms = {"cadence": GrantCadence.RECURRING, "period": BillingPeriod.WEEKLY}
    subscribe()
    gives = create_grant_rule(session, rule(plan, **terms, expiration=GrantExpiration.BILLING_CYCLE), "tests", NOW)
    for day in (0, 1, 6, 7, 13):
        give_all(session, NOW + timedelta(days=day))
    assert [row[:3] for row in ledger(session)] == [
        ("SUBSCRIPTION_CREDIT_GRANT", 100, 100),
        ("CREDIT_EXPIRED", 100, 0),
        ("SUBSCRIPTION_CREDIT_GRANT", 100, 100),
    ]
    delete_grant_rule(session, gives, "tests", NOW)
    give_all(session, LATER)
    assert len(ledger(session)) == 3


def test_an_imported_subscription_is_given_and_promised_what_its_own_rules_say_and_not_what_its_plans_do(
    session, acme, plan
):
    imported = cast.add_subscription(session, acme, plan)
    create_grant_rule(session, rule(plan, **MONTHLY), "tests", NOW)
    assert (give_all(session, LATER), upcoming_grants(session, acme, NOW)) == (0, [])
    own = NewGrantRule("Own", Decimal(7), subscription_id=imported.public_id, **MONTHLY)
    create_grant_rule(session, own, "tests", NOW)
    (promised,) = upcoming_grants(session, acme, NOW)
    give_all(session, promised.at)
    assert [(credits_, at) for _reason, credits_, _balance, at in ledger(session)] == [(7, NOW), (7, promised.at)]


def test_nothing_is_given_from_the_end_on_though_nothing_has_moved_it_there_yet(session, acme, plan, subscribe):
    subscribe(end_at=days_ago(-10))
    create_grant_rule(session, rule(plan, cadence=GrantCadence.RECURRING, period=BillingPeriod.WEEKLY), "tests", NOW)
    assert [grant.at for grant in upcoming_grants(session, acme, NOW)] == [days_ago(-7)]
    assert upcoming_grants(session, acme, days_ago(-8)) == []
    give_all(session, days_ago(-10))
    assert ledger(session) == []


@pytest.mark.parametrize("zones", [("UTC", "Europe/Berlin"), ("Europe/Berlin", "UTC"), ("UTC", "America/New_York")])
def test_who_moves_to_another_time_zone_is_given_each_period_once(session, acme, plan, subscribe, zones):
    update_customer(session, acme, {"timezone": zones[0]}, "tests", NOW)
    create_grant_rule(session, rule(plan, **MONTHLY), "tests", NOW)
    subscribe(start_at=STARTED_AT)
    for hour in (-3, -2, -1, 0, 1):
        give_all(session, SIXTH_OF_JULY + timedelta(hours=hour))
    update_customer(session, acme, {"timezone": zones[1]}, "tests", NOW)
    given = len(ledger(session))
    for hour in (1, 6, 24, 240):
        give_all(session, SIXTH_OF_JULY + timedelta(hours=hour))
    assert len(ledger(session)) == given == 3  # of January, when it began, of June, of July
    assert give_all(session, SIXTH_OF_JULY + timedelta(days=31, hours=5)) == 1


def test_in_whatever_hour_somebody_moves_no_period_is_given_twice_or_left_out(session, acme, plan, subscribe):
    create_grant_rule(session, rule(plan, **MONTHLY), "tests", NOW)
    subscribe(start_at=STARTED_AT)
    for hour, zone in zip(range(-3, 9), ["Europe/Berlin", "UTC", "America/New_York"] * 4, strict=True):
        update_customer(session, acme, {"timezone": zone}, "tests", NOW)
        give_all(session, SIXTH_OF_JULY + timedelta(hours=hour))
    assert len(ledger(session)) == 3


@pytest.mark.parametrize(
    ("zone", "key"), [("UTC", "20260705T2300"), ("UTC", "20260706T0000"), ("Europe/Berlin", "20260706T0000")]
)
def test_what_was_given_under_a_key_with_the_start_of_its_period_is_not_given_again(
    session, acme, plan, subscribe, zone, key
):
    update_customer(session, acme, {"timezone": zone}, "tests", NOW)
    row = subscribe(start_at=STARTED_AT)
    gives = create_grant_rule(session, rule(plan, **MONTHLY), "tests", NOW)
    wallet = cast.add_wallet(session, acme)
    before = cast.credit("100", SIXTH_OF_JULY, idempotency_key=f"{gives}:{row.public_id}:{key}")
    cast.post(session, wallet, before)
    assert give_all(session, SIXTH_OF_JULY + timedelta(hours=1)) == 0
    assert give_all(session, SIXTH_OF_JULY + timedelta(days=30)) == 0
    assert give_all(session, SIXTH_OF_JULY + timedelta(days=31)) == 1


def test_a_period_whose_credits_would_have_expired_already_is_given_none_and_the_next_its_own(session, plan, subscribe):
    lasts = {"expiration": GrantExpiration.DURATION, "expires_after_days": 7}
    create_grant_rule(session, rule(plan, **MONTHLY, **lasts), "tests", NOW)
    subscribe(start_at=days_ago(14))
    assert give_all(session, NOW) == 0
    assert ledger(session) == []
    assert give_all(session, days_ago(-18)) == 1


def test_a_paused_or_later_subscription_is_given_nothing_yet(session, acme, plan, subscribe):
    create_grant_rule(session, rule(plan, start_at=days_ago(-30)), "tests", NOW)
    row = subscribe(start_at=days_ago(-10))
    give_all(session, days_ago(-11))
    pause_subscription(session, CustomerId(row.customer_id), row.public_id, None, "tests", NOW)
    give_all(session, days_ago(-40))
    assert ledger(session) == []
