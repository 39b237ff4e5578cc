"""Billing periods repeat from an anchor or with the calendar, in the subscription's own zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.periods import (
    Recurrence,
    TimeRange,
    billing_recurrence,
    is_on_grid,
    known_zones,
    local_midnight,
)
from portal_app.billing.statuses import BillingCycle, BillingPeriod

BERLIN = ZoneInfo("Europe/Berlin")
REPEATING = [period for period in BillingPeriod if period is not BillingPeriod.ONETIME]
recurrences = st.builds(
    billing_recurrence,
    period=st.sampled_from(REPEATING),
    length=st.integers(1, 5),
    cycle=st.sampled_from(BillingCycle),
    anchor_at=st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(sorted(known_zones())).map(ZoneInfo),
)
instants = st.datetimes(datetime(2000, 1, 9), datetime(2036, 12, 1), timezones=st.just(UTC))


def repeating(period: BillingPeriod, anchor_at: datetime, cycle: BillingCycle, length: int = 1) -> Recurrence:
    return billing_recurrence(period, length, cycle, anchor_at.replace(tzinfo=BERLIN), BERLIN)


def starts(recurrence: Recurrence, at: datetime, count: int) -> list[str]:
    first = recurrence.starts_from(at.replace(tzinfo=BERLIN))
    return [f"{start_at.astimezone(BERLIN):%Y-%m-%d %H:%M}" for start_at in islice(first, count)]


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (BillingPeriod.DAILY, ["2026-03-28 10:00", "2026-03-29 10:00", "2026-03-30 10:00"]),
        (BillingPeriod.WEEKLY, ["2026-03-28 10:00", "2026-04-04 10:00", "2026-04-11 10:00"]),
        (BillingPeriod.MONTHLY, ["2026-02-28 10:00", "2026-03-31 10:00", "2026-04-30 10:00"]),
        (BillingPeriod.QUARTERLY, ["2026-01-31 10:00", "2026-04-30 10:00", "2026-07-31 10:00"]),
        (BillingPeriod.HALF_YEARLY, ["2026-01-31 10:00", "2026-07-31 10:00", "2027-01-31 10:00"]),
        (BillingPeriod.ANNUAL, ["2026-01-31 10:00", "2027-01-31 10:00", "2028-01-31 10:00"]),
    ],
)
def test_anniversary_periods_repeat_the_anchors_local_day_and_time(period, expected):
    recurrence = repeating(period, datetime(2026, 1, 31, 10), BillingCycle.ANNIVERSARY)
    assert starts(recurrence, datetime(2026, 3, 28, 12), 3) == expected


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        (BillingPeriod.DAILY, ["2026-11-24 00:00", "2026-11-25 00:00"]),
        (BillingPeriod.WEEKLY, ["2026-11-23 00:00", "2026-11-30 00:00"]),
        (BillingPeriod.MONTHLY, ["2026-11-01 00:00", "2026-12-01 00:00"]),
        (BillingPeriod.QUARTERLY, ["2026-10-01 00:00", "2027-01-01 00:00"]),
        (BillingPeriod.HALF_YEARLY, ["2026-07-01 00:00", "2027-01-01 00:00"]),
        (BillingPeriod.ANNUAL, ["2026-01-01 00:00", "2027-01-01 00:00"]),
    ],
)
def test_calendar_periods_begin_with_the_calendar(period, expected):
    recurrence = repeating(period, datetime(2025, 5, 17, 10, 7), BillingCycle.CALENDAR)
    assert starts(recurrence, datetime(2026, 11, 24, 15), 2) == expected


@given(recurrences, instants)
def test_periods_are_numbered_in_their_order_from_the_one_that_begins_first(recurrence, at):
    here = recurrence.containing(at)
    number = recurrence.ordinal(at)
    assert recurrence.ordinal(here.start_at) == number
    assert recurrence.ordinal(recurrence.before(here).start_at) < number < recurrence.ordinal(here.end_at)
    assert recurrence.ordinal(recurrence.first.replace(tzinfo=recurrence.zone).astimezone(UTC)) == 0


def test_every_second_calendar_month_is_counted_from_the_anchors():
    recurrence = repeating(BillingPeriod.MONTHLY, datetime(2026, 2, 17), BillingCycle.CALENDAR, length=2)
    assert starts(recurrence, datetime(2026, 5, 1), 2) == ["2026-04-01 00:00", "2026-06-01 00:00"]


def test_every_second_week_is_counted_from_the_anchors_and_backwards_too():
    recurrence = repeating(BillingPeriod.WEEKLY, datetime(2026, 11, 24), BillingCycle.CALENDAR, length=2)
    assert starts(recurrence, datetime(2026, 11, 8), 3) == ["2026-10-26 00:00", "2026-11-09 00:00", "2026-11-23 00:00"]


def test_a_subscription_from_a_leap_day_renews_on_28_february_until_the_next_one():
    recurrence = repeating(BillingPeriod.ANNUAL, datetime(2024, 2, 29), BillingCycle.ANNIVERSARY)
    begun = starts(recurrence, datetime(2025, 6, 1), 4)
    assert begun == ["2025-02-28 00:00", "2026-02-28 00:00", "2027-02-28 00:00", "2028-02-29 00:00"]


def test_an_anchor_between_quarter_hours_is_rounded_down():
    recurrence = repeating(BillingPeriod.MONTHLY, datetime(2026, 1, 6, 10, 14, 59), BillingCycle.ANNIVERSARY)
    assert starts(recurrence, datetime(2026, 1, 7), 1) == ["2026-01-06 10:00"]


def test_the_days_around_a_skipped_one_follow_each_other():
    zone = ZoneInfo("Pacific/Apia")
    anchor_at = local_midnight(date(2011, 12, 1), zone)
    daily = billing_recurrence(BillingPeriod.DAILY, 1, BillingCycle.ANNIVERSARY, anchor_at, zone)
    last = daily.containing(local_midnight(date(2011, 12, 29), zone))
    assert daily.after(last).start_at.astimezone(zone).date() == date(2011, 12, 31)
    assert daily.before(daily.after(last)) == last
    assert list(daily.overlapping(TimeRange(last.start_at, daily.after(last).end_at))) == [last, daily.after(last)]


def test_a_day_holds_the_hour_in_which_the_clock_is_back_in_the_day_before():
    zone = ZoneInfo("America/St_Johns")
    midnight = local_midnight(date(2010, 11, 7), zone)
    daily = billing_recurrence(BillingPeriod.DAILY, 1, BillingCycle.CALENDAR, midnight, zone)
    assert daily.containing(midnight + timedelta(minutes=30)).start_at == midnight


@given(recurrences, instants)
def test_a_period_holds_the_instant_it_was_asked_for_and_lies_on_the_grid(recurrence, at):
    period = recurrence.containing(at)
    assert period.start_at <= at < period.end_at
    assert is_on_grid(period.start_at)


@given(recurrences, instants)
def test_the_next_and_the_previous_period_touch_and_lead_back(recurrence, at):
    period = recurrence.containing(at)
    following = recurrence.after(period)
    assert following.start_at == period.end_at
    assert recurrence.before(following) == period


@given(recurrences, instants, st.timedeltas(timedelta(microseconds=1), timedelta(days=100)))
def test_the_periods_that_overlap_a_span_cover_it_and_no_more(recurrence, start_at, length):
    span = TimeRange(start_at, start_at + length)
    periods = list(recurrence.overlapping(span))
    assert all(one.end_at == two.start_at for one, two in pairwise(periods))
    assert all(period.start_at < span.end_at and period.end_at > span.start_at for period in periods)
    assert periods[0].start_at <= span.start_at < span.end_at <= periods[-1].end_at


@given(recurrences)
def test_the_anchor_lies_in_a_period_that_begins_with_it_or_with_its_calendar(recurrence):
    first = recurrence.first.replace(tzinfo=recurrence.zone).astimezone(UTC)
    assert recurrence.containing(first).start_at == first


@pytest.mark.parametrize("years", [-25, 400])
@pytest.mark.parametrize("length", [1, 5])
@pytest.mark.parametrize("period", REPEATING)
def test_a_period_far_away_is_found_as_soon_as_a_near_one(period, length, years, monkeypatch):
    recurrence = repeating(period, datetime(2026, 11, 24, 10), BillingCycle.ANNIVERSARY, length)
    tried, start = [], Recurrence._start
    monkeypatch.setattr(Recurrence, "_start", lambda self, index: start(self, tried.append(index) or index))
    at = datetime(2026 + years, 3, 7, 12, tzinfo=BERLIN)
    period = recurrence.containing(at)
    assert period.start_at <= at < period.end_at
    assert len(tried) <= 5


@pytest.mark.parametrize(("period", "length"), [(BillingPeriod.ONETIME, 1), (BillingPeriod.MONTHLY, 0)])
def test_what_does_not_repeat_has_no_periods(period, length):
    with pytest.raises(ValueError, match="does not repeat"):
        repeating(period, datetime(2026, 1, 6), BillingCycle.ANNIVERSARY, length)
