"""What a customer used: windows of its zone, every aggregation, exact costs that explain themselves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import cast
import pytest
from cast import NOW, days_ago
from statements import counted
from usage_cast import add_feature, add_meter, add_usage_price, ingest, sent

from portal_app.billing.metering import AggregationType, ResetUsage
from portal_app.billing.money import Money
from portal_app.billing.periods import Preset, TimeRange, WindowSize
from portal_app.billing.statuses import BillingModel, RecordStatus, SubscriptionStatus, TierMode
from portal_app.errors import Invalid, NotFound
from portal_app.models.catalog import Group, Meter, PriceTier
from portal_app.queries import usage_events, usage_slices
from portal_app.queries.usage import Slice, UsageQuestion, usage_of_preset, usage_report
from portal_app.queries.usage_breakdown import usage_breakdown
from portal_app.queries.wallet_balance import pending_usage

SUM, MAX, COUNT = AggregationType.SUM, AggregationType.MAX, AggregationType.COUNT
LAST_DAYS = TimeRange(days_ago(3), NOW)


def ask(session, customer, span=LAST_DAYS, size=None, **more):
    return usage_report(session, customer, UsageQuestion(span, size, **more), NOW)


def used_points(series):
    return {point.window.start_at: point.quantity for point in series.points if point.events}


def usd(amount):
    return Money(Decimal(amount), "usd")


@pytest.fixture
def calls(session, acme):
    return add_feature(session)


@pytest.fixture
def priced(session, acme, calls):
    """Acme pays $0.25 for a call, since 6 January."""
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    return add_usage_price(session, plan, calls)


# windows


@pytest.mark.parametrize(("preset", "count"), [(Preset.LAST_DAY, 24), (Preset.LAST_WEEK, 27), (Preset.LAST_MONTH, 30)])
def test_presets_have_a_point_for_every_window_that_has_begun_and_the_last_is_unfinished(
    session, acme, calls, preset, count
):
    ingest(session, sent("e1", n=1), sent("e2", at=NOW - timedelta(hours=5), n=2))
    report = usage_of_preset(session, acme, preset, NOW)
    (series,) = report.series
    assert len(report.windows) == len(series.points) == count
    assert [window.is_unfinished for window in report.windows] == [False] * (count - 1) + [True]
    assert report.windows[-1].start_at <= NOW < report.windows[-1].end_at
    assert sum(point.quantity for point in series.points) == series.quantity == 3


def test_days_are_the_customers(session, acme, calls):
    before, after = datetime(2026, 1, 18, 22, 59, 59, tzinfo=UTC), datetime(2026, 1, 18, 23, tzinfo=UTC)
    ingest(session, sent("e1", at=before, n=1), sent("e2", at=after, n=10))
    (series,) = usage_of_preset(session, acme, Preset.LAST_MONTH, NOW).series
    assert used_points(series) == {datetime(2026, 1, 17, 23, tzinfo=UTC): 1, after: 10}


def test_a_day_on_which_the_clock_falls_back_has_25_hours(session):
    customer = cast.add_customer(session, "new-york", timezone="America/New_York")
    add_feature(session)
    midnight = datetime(2025, 11, 2, 4, tzinfo=UTC)
    ingest(session, *(sent(f"e{n}", at=midnight + timedelta(hours=n), customer="new-york", n=1) for n in range(26)))
    (series,) = ask(session, customer, TimeRange(midnight, midnight + timedelta(hours=26)), WindowSize.DAY).series
    assert [point.quantity for point in series.points] == [25, 1]


def test_minutes_are_counted_from_events(session, acme, calls):
    ingest(
        session,
        sent("e1", at=NOW - timedelta(minutes=7, seconds=1), n=1),
        sent("e2", at=NOW - timedelta(minutes=7), n=2),
    )
    (series,) = ask(session, acme, TimeRange(NOW - timedelta(hours=1), NOW), WindowSize.MINUTE).series
    assert used_points(series) == {NOW - timedelta(minutes=8): 1, NOW - timedelta(minutes=7): 2}


@pytest.mark.parametrize("aggregation", AggregationType)
def test_a_span_that_cuts_quarter_hours_counts_what_is_inside(session, acme, aggregation):
    add_feature(session, aggregation)
    start = NOW - timedelta(hours=2, minutes=3)
    ingest(
        session,
        sent("before", at=start - timedelta(microseconds=1), n=100),
        sent("first", at=start, n=4),
        sent("middle", at=start + timedelta(minutes=30), n=2),
        sent("last", at=NOW - timedelta(minutes=4, microseconds=1), n=3),
        sent("after", at=NOW - timedelta(minutes=4), n=200),
    )
    (series,) = ask(session, acme, TimeRange(start, NOW - timedelta(minutes=4))).series
    expected = {
        "COUNT": 3, "SUM": 9, "AVG": 3, "COUNT_UNIQUE": 3, "LATEST": 3, "SUM_WITH_MULTIPLIER": Decimal("4.5"), "MAX": 4,
    }  # fmt: skip
    assert series.events == 3
    assert aggregation == "WEIGHTED_SUM" or series.quantity == expected[aggregation]


def test_the_latest_of_two_events_at_the_same_instant_is_that_with_the_greater_id(session, acme):
    add_feature(session, AggregationType.LATEST)
    ingest(session, sent("e-9", n=9), sent("e-é", n=7), sent("e-a", n=8))
    assert ask(session, acme, TimeRange(days_ago(1), NOW + timedelta(minutes=1))).series[0].quantity == 7


def test_a_sum_weighted_by_time_counts_what_is_left_of_the_billing_period(session):
    """The example of the documented API: a period from 31 July to 31 August 2025, 18:30 UTC."""
    customer = cast.add_customer(session, "customer_123", timezone="UTC")
    period = datetime(2025, 7, 31, 18, 30, tzinfo=UTC), datetime(2025, 8, 31, 18, 30, tzinfo=UTC)
    plan = cast.add_plan(session, fee=None)
    dates = {"start_at": period[0], "current_period_start_at": period[0], "current_period_end_at": period[1]}
    cast.add_subscription(session, customer, plan, **dates)
    storage = add_feature(session, AggregationType.WEIGHTED_SUM)
    add_usage_price(session, plan, storage, "2")
    for day, gb in ((16, 20), (18, 10), (20, 10), (25, 5)):
        ingest(session, sent(f"e{day}", at=f"2025-08-{day}T00:00:00Z", customer="customer_123", n=gb))
    (series,) = usage_report(
        session, customer, UsageQuestion(TimeRange(*period), WindowSize.DAY, with_costs=True), NOW
    ).series
    seconds_left = {
        day: int((period[1] - datetime(2025, 8, day, tzinfo=UTC)).total_seconds()) for day in (16, 18, 20, 25)
    }
    parts = [gb * seconds_left[day] for day, gb in ((16, 20), (18, 10), (20, 10), (25, 5))]
    assert series.quantity == (Decimal(sum(parts)) / 2_678_400).quantize(Decimal("1e-12"))
    assert sum(point.quantity for point in series.points) == series.quantity
    assert series.costs[0].exact.amount == series.quantity * 2


# questions that cannot be answered


def test_a_customer_that_does_not_exist_is_not_found(session):
    with pytest.raises(NotFound):
        ask(session, 404)


def test_an_empty_span_is_refused(session, acme):
    with pytest.raises(Invalid, match="end_time: must be after start_time"):
        ask(session, acme, TimeRange(NOW, NOW))


def test_more_points_than_anyone_can_read_are_refused(session, acme):
    with pytest.raises(Invalid, match="window_size: makes more than 5000 points of this range"):
        ask(session, acme, TimeRange(days_ago(4), NOW), WindowSize.MINUTE)


def test_more_events_than_can_be_read_one_by_one_are_refused(session, acme, calls, monkeypatch):
    monkeypatch.setattr(usage_events, "MAX_EVENTS", 2)
    ingest(session, *(sent(f"e{n}", at=days_ago(1), n=1) for n in range(3)))
    assert ask(session, acme).series[0].quantity == 3
    with pytest.raises(Invalid, match="start_time: the range holds more than 2 events to read one by one"):
        ask(session, acme, only=Slice(labels=("source",)))


# whose usage, and which features


def test_nothing_of_another_customer_is_counted(session, acme, globex, calls, priced):
    ingest(session, sent("e1", at=days_ago(1), n=1), sent("e1", at=days_ago(1), customer="globex", n=1000))
    assert ask(session, acme).series[0].quantity == 1
    assert ask(session, globex).series[0].costs == ()
    assert ask(session, acme, only=Slice(labels=("source",))).series[0].quantity == 1


def test_only_features_with_usage_in_the_span_are_listed_in_the_order_of_names(session, acme):
    for name in ("b", "c", "a"):
        add_feature(session, add_meter(session, event_name=name), name)
    ingest(
        session,
        *(sent(name, at=days_ago(1), name=name, n=1) for name in "ab"),
        sent("c", at=days_ago(4), name="c", n=1),
    )
    assert [series.feature.name for series in ask(session, acme).series] == ["a", "b"]


def test_only_the_features_named_are_listed(session, acme, calls):
    other = add_feature(session, COUNT, "Other")
    ingest(session, sent("e1", at=days_ago(1), n=5))
    assert [series.feature.name for series in ask(session, acme, feature_ids=frozenset({other.public_id})).series] == [
        "Other"
    ]
    assert ask(session, acme, feature_ids=frozenset({"feat_unknown"})).series == ()


def test_what_is_dated_later_than_now_does_not_count_yet(session, acme, calls):
    ingest(session, sent("e1", at=NOW + timedelta(minutes=14), n=1), sent("e2", at=NOW + timedelta(minutes=15), n=10))
    span = TimeRange(days_ago(1), NOW + timedelta(days=1))
    assert ask(session, acme, span).series[0].quantity == 1
    assert ask(session, acme, span, WindowSize.DAY).series[0].points[-1].quantity == 1


# costs


def test_a_cost_counts_from_the_periods_start_and_its_windows_add_up(session, acme, priced):
    ingest(session, *(sent(f"e{n}", at=days_ago(n), n=Decimal("1.111111")) for n in range(20)))
    (series,) = ask(
        session, acme, TimeRange(days_ago(20), NOW + timedelta(minutes=1)), WindowSize.DAY, with_costs=True
    ).series
    assert series.quantity == 20 * Decimal("1.111111")
    (cost,) = series.costs
    assert cost.exact == usd("4.16666625")
    assert cost.shown == usd("4.17")
    assert sum(point.costs[0].shown.amount for point in series.points) == Decimal("4.17")
    assert sum(point.costs[0].exact.amount for point in series.points) == cost.exact.amount
    assert sum(charge.amount for charge in series.charged[0].cost.charges) == cost.exact.amount


def test_tiers_count_from_the_periods_start_whatever_span_is_asked_for(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    tiers = [PriceTier(up_to=Decimal(10), unit_amount=Decimal(0)), PriceTier(unit_amount=Decimal("0.5"))]
    add_usage_price(session, plan, calls, tiers=tiers, tier_mode=TierMode.SLAB)
    ingest(session, sent("e1", at=days_ago(10), n=8), sent("e2", at=days_ago(1), n=4))
    assert ask(session, acme).series[0].costs[0].exact == usd(1)
    assert ask(session, acme, TimeRange(days_ago(12), days_ago(5))).series[0].costs[0].exact == usd(0)


def test_usage_outside_of_any_subscription_or_without_a_price_is_listed_without_a_cost(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    ingest(session, sent("e1", at=days_ago(1), n=8))
    (series,) = ask(session, acme).series
    assert (series.quantity, series.costs, series.charged) == (8, (), ())


def test_a_price_in_another_currency_than_the_subscriptions_is_not_charged(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, calls, "9", currency="eur")
    ingest(session, sent("e1", at=days_ago(1), n=8))
    assert ask(session, acme).series[0].costs == ()


def test_a_price_of_the_subscription_stands_instead_of_its_plans(session, acme, globex, calls, priced):
    own = cast.add_subscription(session, globex, session.get(cast.Plan, priced.plan_id))
    add_usage_price(session, session.get(cast.Plan, priced.plan_id), calls, "0.1", subscription_id=own.id)
    ingest(session, sent("e1", at=days_ago(1), n=8), sent("e1", at=days_ago(1), customer="globex", n=8))
    assert ask(session, acme).series[0].costs[0].exact == usd(2)
    assert ask(session, globex).series[0].costs[0].exact == usd("0.8")


def test_a_new_price_takes_the_place_of_one_that_nobody_ended(session, acme, calls, priced):
    add_usage_price(session, session.get(cast.Plan, priced.plan_id), calls, "1", start_at=days_ago(2))
    ingest(session, sent("e1", at=days_ago(2.5), n=4), sent("e2", at=days_ago(1), n=4))
    assert ask(session, acme).series[0].costs[0].exact == usd(5)


@pytest.mark.parametrize(
    ("more", "charged_days"),
    [
        ({}, 10),
        ({"end_at": days_ago(5)}, 5),
        ({"trial_end_at": days_ago(5)}, 5),
        ({"subscription_status": SubscriptionStatus.CANCELLED, "cancelled_at": days_ago(6)}, 4),
        ({"subscription_status": SubscriptionStatus.DRAFT}, None),
        ({"cancel_at_period_end": True, "cancelled_at": days_ago(6)}, 10),
        ({"cancel_at": days_ago(3)}, 7),
        ({"subscription_status": SubscriptionStatus.PAUSED}, 10),
    ],
)
def test_a_subscription_charges_from_its_start_or_the_end_of_its_trial_to_its_end(
    session, acme, calls, more, charged_days
):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan, start_at=days_ago(10), **more)
    add_usage_price(session, plan, calls, "1")
    ingest(session, *(sent(f"e{n}", at=days_ago(n - 0.5), n=1) for n in range(1, 21)))
    costs = ask(session, acme, TimeRange(days_ago(21), NOW)).series[0].costs
    assert [cost.exact.amount for cost in costs] == ([] if charged_days is None else [charged_days])


def test_two_subscriptions_both_charge_and_each_currency_is_summed_for_itself(session, acme, calls, priced):
    euro = cast.add_plan(session, "Plan Euro", fee=None)
    cast.add_subscription(session, acme, euro, currency="eur")
    add_usage_price(session, euro, calls, "0.1", currency="eur")
    cast.add_subscription(session, acme, session.get(cast.Plan, priced.plan_id))
    ingest(session, sent("e1", at=days_ago(1), n=4))
    (series,) = ask(session, acme).series
    assert [cost.exact for cost in series.costs] == [usd(2), Money(Decimal("0.4"), "eur")]
    assert len(series.charged) == 3


def test_of_several_features_with_one_meter_the_first_that_was_made_bears_its_cost(session, acme, calls, priced):
    also = add_feature(session, session.get(Meter, calls.meter_id), "Also")
    ingest(session, sent("e1", at=days_ago(1), n=4))
    report = ask(session, acme)
    assert [(one.feature.name, one.quantity, len(one.costs)) for one in report.series] == [
        ("Also", 4, 0),
        ("Calls", 4, 1),
    ]
    assert [total.exact for total in usage_breakdown(report).costs] == [usd(1)]
    assert pending_usage(session, acme, NOW) == {"usd": 1}
    (alone,) = ask(session, acme, feature_ids=frozenset({also.public_id})).series
    assert alone.costs == ()
    calls.status = RecordStatus.DELETED
    session.flush()
    assert [one.costs[0].exact for one in ask(session, acme).series] == [usd(1)]


def test_a_minimum_is_charged_without_any_usage(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, calls, "2", min_quantity=Decimal(5))
    (series,) = ask(session, acme, TimeRange(days_ago(15), NOW)).series
    assert (series.quantity, series.events, series.costs[0].exact) == (0, 0, usd(10))


def test_a_minimum_is_not_due_before_its_period_or_its_price_has_begun(session, acme, calls):
    later = NOW + timedelta(hours=5)
    plan, other = (cast.add_plan(session, name, fee=None) for name in ("Plan Base", "Plan Later"))
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, calls, "2", end_at=later)
    add_usage_price(session, plan, calls, "2", start_at=later, min_quantity=Decimal(5))
    dates = {"start_at": later, "current_period_start_at": later, "current_period_end_at": later + timedelta(days=30)}
    cast.add_subscription(session, acme, other, **dates)
    add_usage_price(session, other, calls, "3", min_quantity=Decimal(5))
    span = TimeRange(days_ago(1), NOW + timedelta(hours=20))
    assert ask(session, acme, span).series == ()
    ingest(session, sent("e1", at=days_ago(0.5), n=1))
    (series,) = ask(session, acme, span, WindowSize.HOUR, with_costs=True).series
    assert (
        series.costs[0].exact == sum((cost.exact for point in series.points for cost in point.costs), usd(0)) == usd(2)
    )
    assert [len(charged.periods) for charged in series.charged] == [1, 0]


def test_a_meter_that_never_resets_fills_its_tiers_from_the_subscriptions_start(session, acme):
    meter = add_meter(session, reset_usage=ResetUsage.NEVER)
    calls = add_feature(session, meter)
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan, start_at=days_ago(80))
    tiers = [PriceTier(up_to=Decimal(10), unit_amount=Decimal(0)), PriceTier(unit_amount=Decimal(1))]
    add_usage_price(session, plan, calls, tiers=tiers, tier_mode=TierMode.SLAB)
    ingest(session, sent("e1", at=days_ago(70), n=9), sent("e2", at=days_ago(1), n=4))
    assert ask(session, acme).series[0].costs[0].exact == usd(3)


def test_packages_are_sold_whole(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, calls, "0.5", billing_model=BillingModel.PACKAGE, divide_by=Decimal(10))
    ingest(session, sent("e1", at=days_ago(1), n=21))
    assert ask(session, acme).series[0].costs[0].exact == usd("1.5")


# groups


def test_the_breakdown_stands_under_groups_that_sum_costs_and_never_quantities(session, acme, priced):
    groups = [
        cast._added(session, Group(name=name, lookup_key=name, entity_type="feature", created_at=NOW, updated_at=NOW))
        for name in ("Zeta", "Alpha")
    ]
    for name, group in (("z", groups[0]), ("a1", groups[1]), ("a2", groups[1])):
        feature = add_feature(session, add_meter(session, event_name=name), name, group_id=group.id)
        add_usage_price(session, session.get(cast.Plan, priced.plan_id), feature, "1.005")
    ingest(
        session,
        sent("e", at=days_ago(1), n=2),
        *(sent(name, at=days_ago(1), name=name, n=1) for name in ("z", "a1", "a2")),
    )
    breakdown = usage_breakdown(ask(session, acme))
    rows = [
        (group.group and group.group.name, [row.feature.name for row in group.rows], group.costs[0].shown)
        for group in breakdown.groups
    ]
    assert rows == [("Alpha", ["a1", "a2"], usd("2.02")), ("Zeta", ["z"], usd("1.01")), (None, ["Calls"], usd("0.50"))]
    assert breakdown.costs[0].shown == usd("3.53")
    assert breakdown.costs[0].exact == usd("3.515")


# slices


@pytest.fixture
def regions(session, acme, priced):
    ingest(
        session,
        sent("e1", at=days_ago(2), source="api", n=1, region="eu", deep={"er": 1}),
        sent("e2", at=days_ago(1), source="sdk", n=2, region="us"),
        sent("e3", at=days_ago(1), n=Decimal("3.5"), region="eu"),
        sent("e4", at=days_ago(8), source="api", n=100, region="eu"),
    )


def slices(report):
    return {series.labels: (series.quantity, series.events, series.costs[0].exact.amount) for series in report.series}


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (("source",), {("",): ("3.5", 1, "0.875"), ("api",): ("1", 1, "0.25"), ("sdk",): ("2", 1, "0.5")}),
        (("properties.region",), {("eu",): ("4.5", 2, "1.125"), ("us",): ("2", 1, "0.5")}),
        (("properties.deep.er",), {("1",): ("1", 1, "0.25"), ("",): ("5.5", 2, "1.375")}),
        (("properties.region", "source"),
         {("eu", "api"): ("1", 1, "0.25"), ("eu", ""): ("3.5", 1, "0.875"), ("us", "sdk"): ("2", 1, "0.5")}),
    ],
)  # fmt: skip
def test_usage_is_told_apart_by_source_and_properties_and_each_part_costs_its_share(
    session, acme, regions, labels, found
):
    report = ask(session, acme, only=Slice(labels=labels))
    assert slices(report) == {key: (Decimal(q), events, Decimal(cost)) for key, (q, events, cost) in found.items()}


def test_usage_of_some_sources_or_properties_alone(session, acme, regions):
    assert slices(ask(session, acme, only=Slice(sources=frozenset({"api", "sdk"})))) == {(): (3, 2, Decimal("0.75"))}
    eu = Slice(filters=(("region", frozenset({"eu"})),))
    assert slices(ask(session, acme, only=eu)) == {(): (Decimal("4.5"), 2, Decimal("1.125"))}
    assert ask(session, acme, only=Slice(sources=frozenset({"none"}))).series == ()


def test_the_points_of_a_slice_add_up_to_it_and_the_slices_to_the_whole(session, acme, regions):
    question = {"size": WindowSize.SIX_HOURS, "with_costs": True}
    whole = ask(session, acme, **question).series[0]
    parts = ask(session, acme, only=Slice(labels=("properties.region",)), **question).series
    for part in parts:
        assert sum(point.quantity for point in part.points) == part.quantity
        assert sum(point.costs[0].exact.amount for point in part.points) == part.costs[0].exact.amount
        assert sum(point.costs[0].shown.amount for point in part.points) == part.costs[0].shown.amount
    assert sum(part.costs[0].exact.amount for part in parts) == whole.costs[0].exact.amount
    assert sum(part.costs[0].shown.amount for part in parts) == whole.costs[0].shown.amount


def test_slices_of_a_greatest_value_cost_by_their_events(session, acme):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, add_feature(session, MAX), "1")
    ingest(session, *(sent(f"e{n}", at=days_ago(1), source="a" if n else "b", n=n) for n in range(4)))
    report = ask(session, acme, only=Slice(labels=("source",)))
    assert slices(report) == {("a",): (3, 3, Decimal("2.25")), ("b",): (0, 1, Decimal("0.75"))}


def test_slices_of_nothing_share_a_minimum_by_their_events(session, acme, calls):
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, calls, "2", min_quantity=Decimal(5))
    ingest(session, *(sent(f"e{n}", at=days_ago(1), source="a" if n else "b", n=0) for n in range(4)))
    report = ask(session, acme, TimeRange(days_ago(15), NOW), only=Slice(labels=("source",)))
    assert slices(report) == {("a",): (0, 3, Decimal("7.5")), ("b",): (0, 1, Decimal("2.5"))}


def test_slices_that_make_more_points_than_can_be_held_are_refused(session, acme, calls, monkeypatch):
    monkeypatch.setattr(usage_slices, "MAX_POINTS", 300)
    ingest(session, *(sent(f"e{n}", at=days_ago(1), request=f"r{n}", n=1) for n in range(6)))
    question = {"only": Slice(labels=("properties.request",)), "span": TimeRange(days_ago(2), NOW)}
    assert len(ask(session, acme, size=WindowSize.HOUR, **question).series) == 6
    with pytest.raises(Invalid, match="group_by: makes more than 300 points of this range"):
        ask(session, acme, size=WindowSize.HALF_HOUR, **question)


# effort


def test_a_range_costs_the_same_few_statements_however_many_features_and_events(session, acme, calls, priced):
    ingest(session, *(sent(f"e{n}", at=days_ago(n % 3 + 0.1), n=1) for n in range(50)))
    with counted(session) as first:
        usage_of_preset(session, acme, Preset.LAST_MONTH, NOW)
    for name in ("more", "and more"):
        add_feature(session, COUNT, name)
    ingest(session, *(sent(f"f{n}", at=days_ago(n % 3 + 0.1), n=1) for n in range(50)))
    with counted(session) as second:
        usage_of_preset(session, acme, Preset.LAST_MONTH, NOW)
    assert len(first) == len(second) == 7
