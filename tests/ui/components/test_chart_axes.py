"""Where things stand on a chart: round values, and windows in minutes, however the clock changes."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.periods import Preset, preset_range, windows
from portal_app.display import make_display
from portal_app.ui.components.chart_axes import time_axis, value_ticks


def axis(preset, zone, now, locale="en_US"):
    span = preset_range(preset, now, ZoneInfo(zone))
    cut = list(windows(span, preset.size, ZoneInfo(zone), now))
    return time_axis(cut, span, preset.size, make_display(locale, zone))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        (["0"], ["0", "1"]),
        (["1", "3"], ["0", "1", "2", "3"]),
        (["427"], ["0", "100", "200", "300", "400", "500"]),
        (["0.3", "0.9"], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (["-3", "4"], ["-4", "-2", "0", "2", "4"]),
        (["-5"], ["-5", "-4", "-3", "-2", "-1", "0"]),
        (["11"], ["0", "5", "10", "15"]),
    ],
)
def test_values_stand_between_round_numbers_from_zero(values, ticks):
    assert value_ticks([Decimal(value) for value in values]) == [Decimal(tick) for tick in ticks]


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20)))
def test_any_values_stand_between_a_few_even_ticks_with_zero(values):
    ticks = value_ticks(values)
    assert 2 <= len(ticks) <= 8
    assert ticks[0] <= min([Decimal(0), *values]) <= max([Decimal(0), *values]) <= ticks[-1]
    assert Decimal(0) in ticks
    assert len({later - earlier for earlier, later in pairwise(ticks)}) == 1


def test_thirty_days_are_a_grid_with_a_few_dates():
    days = axis(Preset.LAST_MONTH, "Europe/Berlin", datetime(2026, 1, 20, 12, tzinfo=UTC))
    assert (days.starts[0], days.step, days.last) == (0, 1440, 29 * 1440)
    assert [label for _, label in days.ticks][:2] == ["Dec 22", "Dec 26"]
    assert len(days.ticks) == 8
    assert days.titles[0] == "Dec 22, 2025 (UTC+1)"
    assert days.titles[-1] == "Jan 20, 2026 (UTC+1), so far"
    assert days.is_unfinished


def test_a_clock_change_breaks_the_grid_of_days_but_not_that_of_hours():
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    days = axis(Preset.LAST_MONTH, "Europe/Berlin", now)
    assert days.step is None
    assert {later - earlier for earlier, later in pairwise(days.starts)} == {1440, 1380}
    assert axis(Preset.LAST_DAY, "Europe/Berlin", datetime(2026, 3, 29, 12, tzinfo=UTC)).step == 60


def test_an_hour_that_comes_again_is_named_apart():
    hours = axis(Preset.LAST_DAY, "Europe/Berlin", datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert len(set(hours.titles)) == 24
    assert "Oct 25, 2026, 2:00\u202fAM (UTC+2) – 2:00\u202fAM (UTC+1)" in hours.titles
    assert "Oct 25, 2026, 2:00\u202fAM – 3:00\u202fAM (UTC+1)" in hours.titles


def test_half_an_hour_of_lord_howe_breaks_the_grid_of_hours():
    hours = axis(Preset.LAST_DAY, "Australia/Lord_Howe", datetime(2026, 4, 4, 20, tzinfo=UTC))
    assert hours.step is None


@pytest.mark.parametrize("preset", Preset)
def test_a_customer_in_kathmandu_has_windows_of_its_own_clock(preset):
    there = axis(preset, "Asia/Kathmandu", datetime(2026, 1, 20, 12, tzinfo=UTC))
    assert there.step is not None
    assert all("UTC+5:45" in title for title in there.titles)


def test_a_week_ends_with_a_gap_for_what_has_not_happened():
    week = axis(Preset.LAST_WEEK, "Europe/Berlin", datetime(2026, 1, 20, 7, tzinfo=UTC))
    assert len(week.starts) == 6 * 4 + 2
    assert week.last == 27 * 360
    assert week.starts[-1] == 25 * 360
    assert [label for _, label in week.ticks] == [f"Jan {day}" for day in range(14, 21)]


def test_hours_are_marked_every_third_hour_and_midnight_by_its_day():
    hours = axis(Preset.LAST_DAY, "Asia/Tokyo", datetime(2026, 1, 20, 3, 30, tzinfo=UTC), "de_DE")
    evening, morning = ["15:00", "18:00", "21:00"], ["03:00", "06:00", "09:00", "12:00"]
    assert [label for _, label in hours.ticks] == [*evening, "20. Jan.", *morning]
