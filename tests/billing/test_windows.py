"""Windows cut a range on the local clock and calendar, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.periods import (
    GRID,
    Preset,
    TimeRange,
    Window,
    WindowSize,
    days,
    floor_to_grid,
    is_on_grid,
    known_zones,
    local_midnight,
    preset_range,
    whole_windows,
    window_at,
    windows,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLOCK_STEPS = {
    WindowSize.MINUTE: MINUTE,
    WindowSize.QUARTER_HOUR: GRID,
    WindowSize.HALF_HOUR: 30 * MINUTE,
    WindowSize.HOUR: HOUR,
    WindowSize.THREE_HOURS: 3 * HOUR,
    WindowSize.SIX_HOURS: 6 * HOUR,
    WindowSize.TWELVE_HOURS: 12 * HOUR,
}
ON_THE_GRID = [size for size in WindowSize if size is not WindowSize.MINUTE]
LATER = datetime(2099, 1, 1, tzinfo=UTC)
CLOCK_CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Chatham", date(2026, 4, 5)),  # at 2:45
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("Africa/Casablanca", date(2026, 2, 15)),  # Ramadan
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Havana", date(2026, 11, 1)),  # midnight comes twice
    ("Africa/Cairo", date(2026, 4, 24)),  # midnight is skipped
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Caracas", date(2016, 5, 1)),
    ("Australia/Eucla", date(2009, 3, 29)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Antarctica/Troll", date(2026, 3, 29)),  # two hours
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Asia/Pyongyang", date(2018, 5, 4)),
    ("Pacific/Apia", date(2011, 12, 29)),  # the next day never was
    ("Asia/Kathmandu", date(2026, 7, 1)),  # no change, but 5:45 from UTC
    ("Asia/Kolkata", date(2026, 7, 1)),
]
LONG_DAYS = {HOUR * 24, HOUR * 25, HOUR * 23, HOUR * 24.5, HOUR * 23.5, HOUR * 22, HOUR * 26}

at_changes = pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
zones = st.sampled_from(sorted(known_zones())).map(ZoneInfo)
instants = st.datetimes(datetime(2000, 1, 9), datetime(2037, 12, 1), timezones=st.just(UTC))


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)


def cut(span: TimeRange, size: WindowSize, zone: str, now: datetime = LATER, anchor_at: datetime | None = None):
    return list(windows(span, size, ZoneInfo(zone), now, anchor_at))


def lengths(found: list[Window]) -> list[timedelta]:
    return [window.end_at - window.start_at for window in found]


def read_off_the_clock(span: TimeRange, size: WindowSize, zone: ZoneInfo, step: timedelta):
    """The slow truth: look at the local clock every `step`, and begin a window when its rule says so."""
    starts, latest, at = [], None, span.start_at
    while at < span.end_at:
        wall = at.astimezone(zone).replace(tzinfo=None)
        midnight = wall.replace(hour=0, minute=0)
        if size in CLOCK_STEPS:
            label = midnight + (wall - midnight) // CLOCK_STEPS[size] * CLOCK_STEPS[size]
        elif size is WindowSize.WEEK:
            label = midnight - timedelta(days=wall.weekday())
        else:
            label = midnight.replace(day=1) if size is WindowSize.MONTH else midnight
        begins_again = label == wall and CLOCK_STEPS.get(size, DAY) <= HOUR
        if latest is None or label > latest or begins_again:
            starts.append(at)
            latest = max(label, latest or label)
        at += step
    return list(pairwise([*starts, span.end_at]))


def clock_changes_of_every_zone() -> list[tuple[ZoneInfo, date]]:
    """Days since 2000 on which a clock changed: one for each kind of change, and for zones that share their offsets."""
    samples = [utc(2000, 1, 1) + timedelta(weeks=3 * n) for n in range(17 * 38)]
    seen, changes = set(), {}
    for zone in map(ZoneInfo, sorted(known_zones())):
        offsets = tuple(at.astimezone(zone).utcoffset() for at in samples)
        if offsets in seen:
            continue
        seen.add(offsets)
        for at, kind in zip(samples, pairwise(offsets), strict=False):
            if len(set(kind)) > 1 and (zone, *kind) not in changes:
                hours = [(at + n * HOUR).astimezone(zone) for n in range(21 * 24 + 1)]
                changed = next(two for one, two in pairwise(hours) if one.utcoffset() != two.utcoffset())
                changes[zone, *kind] = (zone, changed.date())
    return list(changes.values())


ALL_CHANGES = clock_changes_of_every_zone()


@pytest.mark.parametrize("size", list(WindowSize))
@at_changes
def test_windows_are_those_that_a_reader_of_the_local_clock_sees_minute_by_minute(zone, day, size):
    span = days(day - DAY, day + DAY, ZoneInfo(zone))
    found = [(window.start_at, window.end_at) for window in cut(span, size, zone)]
    assert found == read_off_the_clock(span, size, ZoneInfo(zone), MINUTE)


@given(st.sampled_from(ALL_CHANGES), st.sampled_from(ON_THE_GRID))
def test_at_any_clock_change_a_quarter_hour_belongs_to_the_window_of_the_clock_at_its_start(change, size):
    zone, day = change
    span = days(day - DAY, day + DAY, zone)
    found = [(window.start_at, window.end_at) for window in windows(span, size, zone, LATER)]
    assert found == read_off_the_clock(span, size, zone, GRID)


@given(instants, st.timedeltas(timedelta(0), 2 * DAY), st.sampled_from(WindowSize), zones)
def test_windows_are_the_whole_span_without_gap_or_overlap(start_at, length, size, zone):
    span = TimeRange(start_at, start_at + length * (1 if size in CLOCK_STEPS else 100))
    found = list(windows(span, size, zone, LATER))
    edges = [span.start_at, *(window.end_at for window in found)]
    assert [(window.start_at, window.end_at) for window in found] == list(pairwise(edges))
    assert edges[-1] == span.end_at
    assert all(window.start_at < window.end_at for window in found)


@given(instants, st.sampled_from(WindowSize), zones)
def test_the_window_at_an_instant_is_the_one_that_cutting_finds_there(at, size, zone):
    whole = window_at(at, size, zone)
    assert whole.start_at <= at < whole.end_at
    (cut_short,) = windows(TimeRange(at, at + timedelta(microseconds=1)), size, zone, LATER)
    assert cut_short.start_at == at
    (found,) = windows(whole, size, zone, LATER)
    assert (found.start_at, found.end_at) == (whole.start_at, whole.end_at)


def test_windows_from_15_minutes_up_lie_on_the_utc_grid_at_each_clock_change_of_each_zone_since_2000():
    off_the_grid = [
        (zone, size, window.start_at)
        for zone, day in ALL_CHANGES
        for size in (*CLOCK_STEPS, WindowSize.DAY)
        if size not in {WindowSize.MINUTE, WindowSize.QUARTER_HOUR}
        for window in windows(days(day, day, zone), size, zone, LATER)
        if not is_on_grid(window.start_at)
    ]
    assert off_the_grid == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("America/New_York", date(2026, 7, 1), 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 24),
    ],
)
def test_a_day_has_as_many_hours_as_its_clock_shows(zone, day, hours):
    assert len(cut(days(day, day, ZoneInfo(zone)), WindowSize.HOUR, zone)) == hours


def test_an_hour_that_comes_twice_is_two_windows():
    hours = cut(
        days(date(2026, 11, 1), date(2026, 11, 1), ZoneInfo("America/New_York")), WindowSize.HOUR, "America/New_York"
    )
    on_the_clock = [window.start_at.astimezone(ZoneInfo("America/New_York")).hour for window in hours]
    assert on_the_clock[:5] == [0, 1, 1, 2, 3]
    assert set(lengths(hours)) == {HOUR}


def test_half_an_hour_that_comes_twice_lengthens_its_hour():
    hours = cut(
        days(date(2026, 4, 5), date(2026, 4, 5), ZoneInfo("Australia/Lord_Howe")),
        WindowSize.HOUR,
        "Australia/Lord_Howe",
    )
    assert lengths(hours)[:3] == [HOUR, 1.5 * HOUR, HOUR]


@at_changes
def test_every_day_has_four_windows_of_six_hours_however_long_it_is(zone, day):
    today = days(day, day, ZoneInfo(zone))
    found = cut(today, WindowSize.SIX_HOURS, zone)
    assert len(found) == 4
    assert today.end_at - today.start_at in LONG_DAYS


@given(instants, instants, st.sampled_from([WindowSize.DAY, WindowSize.WEEK, WindowSize.MONTH]), zones)
def test_whole_windows_are_those_of_the_span_with_its_ends_completed(one, other, size, zone):
    span = TimeRange(min(one, other), max(one, other))
    whole = list(islice(whole_windows(span, size, zone), 50))
    cut_short = list(islice(windows(span, size, zone, LATER), 50))
    assert [window.overlap(span) for window in whole] == [TimeRange(w.start_at, w.end_at) for w in cut_short]
    assert all(window_at(window.start_at, size, zone) == window for window in whole)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (TimeRange(utc(2026, 1, 1, 2), utc(2026, 1, 1, 5)), TimeRange(utc(2026, 1, 1, 2), utc(2026, 1, 1, 4))),
        (TimeRange(utc(2026, 1, 1), utc(2026, 1, 2)), TimeRange(utc(2026, 1, 1, 1), utc(2026, 1, 1, 4))),
        (TimeRange(utc(2026, 1, 1, 4), utc(2026, 1, 1, 5)), None),
        (TimeRange(utc(2026, 1, 1, 2), utc(2026, 1, 1, 2)), None),
    ],
)
def test_two_spans_share_what_lies_in_both(other, shared):
    span = TimeRange(utc(2026, 1, 1, 1), utc(2026, 1, 1, 4))
    assert (span.overlap(other), other.overlap(span)) == (shared, shared)


@pytest.mark.parametrize(
    ("at", "floor"),
    [
        (utc(2026, 1, 6, 10, 14, 59, 999_999), utc(2026, 1, 6, 10)),
        (utc(2026, 1, 6, 10, 15), utc(2026, 1, 6, 10, 15)),
        (datetime(2026, 1, 6, 10, 14, tzinfo=ZoneInfo("Asia/Kathmandu")), utc(2026, 1, 6, 4, 15)),
        (utc(1969, 12, 31, 23, 59), utc(1969, 12, 31, 23, 45)),
    ],
)
def test_an_instant_is_rounded_down_to_the_quarter_hour(at, floor):
    assert floor_to_grid(at) == floor
    assert is_on_grid(floor)


def test_hours_begin_a_quarter_past_in_utc_where_the_zone_is_a_quarter_off():
    assert window_at(utc(2026, 7, 1, 12), WindowSize.HOUR, ZoneInfo("Asia/Kathmandu")) == TimeRange(
        utc(2026, 7, 1, 11, 15), utc(2026, 7, 1, 12, 15)
    )


def test_weeks_are_monday_to_sunday():
    weeks = cut(
        days(date(2026, 11, 1), date(2026, 11, 30), ZoneInfo("Europe/Berlin")), WindowSize.WEEK, "Europe/Berlin"
    )
    begun = [window.start_at.astimezone(ZoneInfo("Europe/Berlin")).date() for window in weeks]
    assert begun == [date(2026, 11, 1), *(date(2026, 11, day) for day in (2, 9, 16, 23, 30))]
    assert lengths(weeks)[1:5] == [7 * DAY] * 4


def test_months_begin_on_the_first():
    months = cut(days(date(2026, 1, 1), date(2026, 3, 31), ZoneInfo("Asia/Tokyo")), WindowSize.MONTH, "Asia/Tokyo")
    assert lengths(months) == [31 * DAY, 28 * DAY, 31 * DAY]


def test_months_honour_the_billing_anchor_and_end_early_where_its_day_is_missing():
    zone, anchor_at = ZoneInfo("Europe/Berlin"), utc(2026, 1, 31, 9, 7, 30)
    span = TimeRange(utc(2026, 1, 31, 9), utc(2026, 5, 1))
    months = cut(span, WindowSize.MONTH, "Europe/Berlin", anchor_at=anchor_at)
    begun = [f"{window.start_at.astimezone(zone):%d %b %H:%M}" for window in months]
    assert begun == ["31 Jan 10:00", "28 Feb 10:00", "31 Mar 10:00", "30 Apr 10:00"]


def test_an_anchor_is_for_months_only():
    span, anchor_at = TimeRange(utc(2026, 1, 1), utc(2026, 2, 1)), utc(2026, 1, 17, 5)
    assert cut(span, WindowSize.WEEK, "UTC", anchor_at=anchor_at) == cut(span, WindowSize.WEEK, "UTC")


def test_a_skipped_day_has_no_window():
    span = days(date(2011, 12, 28), date(2012, 1, 1), ZoneInfo("Pacific/Apia"))
    begun = [w.start_at.astimezone(ZoneInfo("Pacific/Apia")).day for w in cut(span, WindowSize.DAY, "Pacific/Apia")]
    assert begun == [28, 29, 31, 1]


def test_the_windows_of_an_empty_span_are_none():
    assert cut(TimeRange(utc(2026, 1, 1), utc(2026, 1, 1)), WindowSize.HOUR, "UTC") == []


def test_a_span_of_minutes_without_end_gives_its_first_windows_at_once():
    forever = windows(TimeRange(utc(2000, 1, 1, 0, 0, 30), LATER), WindowSize.MINUTE, ZoneInfo("UTC"), LATER)
    assert [window.start_at.second for window in islice(forever, 3)] == [30, 0, 0]


def test_windows_that_have_not_begun_are_left_out_and_the_running_one_is_unfinished():
    found = cut(
        days(date(2026, 1, 20), date(2026, 1, 20), ZoneInfo("UTC")), WindowSize.SIX_HOURS, "UTC", utc(2026, 1, 20, 7)
    )
    assert [(window.start_at.hour, window.is_unfinished) for window in found] == [(0, False), (6, True)]


def test_a_window_is_finished_at_its_end_and_unfinished_from_its_start():
    now = utc(2026, 1, 20, 6)
    found = cut(days(date(2026, 1, 20), date(2026, 1, 20), ZoneInfo("UTC")), WindowSize.SIX_HOURS, "UTC", now)
    assert [window.is_unfinished for window in found] == [False, True]


def test_a_running_window_that_the_span_cuts_short_is_still_unfinished():
    now = utc(2026, 1, 20, 10, 37)
    *_, last = cut(TimeRange(now - 6 * HOUR, now), WindowSize.HOUR, "UTC", now)
    assert last == Window(utc(2026, 1, 20, 10), now, is_unfinished=True)


@given(instants, zones, st.sampled_from([(Preset.LAST_DAY, 24), (Preset.LAST_WEEK, 28), (Preset.LAST_MONTH, 30)]))
def test_presets_are_24_hours_7_days_by_six_hours_and_30_days_in_every_zone(now, zone, preset_and_count):
    preset, count = preset_and_count
    span = preset_range(preset, now, zone)
    assert len(list(windows(span, preset.size, zone, LATER))) == count


@given(instants, zones, st.sampled_from(Preset))
def test_of_a_preset_only_the_last_window_is_unfinished_and_it_holds_now(now, zone, preset):
    *finished, last = windows(preset_range(preset, now, zone), preset.size, zone, now)
    assert last.start_at <= now < last.end_at
    assert last.is_unfinished
    assert not any(window.is_unfinished for window in finished)


@pytest.mark.parametrize(
    ("preset", "start_at", "end_at"),
    [
        (Preset.LAST_DAY, utc(2026, 1, 19, 15), utc(2026, 1, 20, 15)),
        (Preset.LAST_WEEK, utc(2026, 1, 13, 23), utc(2026, 1, 20, 23)),
        (Preset.LAST_MONTH, utc(2025, 12, 21, 23), utc(2026, 1, 20, 23)),
    ],
)
def test_presets_end_with_the_local_hour_or_day_of_now(preset, start_at, end_at):
    assert preset_range(preset, utc(2026, 1, 20, 14, 5), ZoneInfo("Europe/Berlin")) == TimeRange(start_at, end_at)


def test_a_preset_reaches_back_whole_days_late_in_a_week_with_a_long_day():
    zone, now = ZoneInfo("America/New_York"), utc(2026, 11, 6, 4, 30)  # 23:30 on the 5th; the 1st had 25 hours
    assert preset_range(Preset.LAST_WEEK, now, zone) == days(date(2026, 10, 30), date(2026, 11, 5), zone)


def test_a_preset_counts_only_days_that_were():
    zone = ZoneInfo("Pacific/Apia")
    span = preset_range(Preset.LAST_WEEK, utc(2012, 1, 2), zone)
    assert span.start_at == local_midnight(date(2011, 12, 26), zone)


def test_today_is_the_day_that_has_begun_even_when_the_clock_went_back_to_yesterday():
    zone, now = ZoneInfo("America/St_Johns"), utc(2010, 11, 7, 3)  # 23:30 on the 6th, half an hour after the 7th began
    today = days(date(2010, 11, 7), date(2010, 11, 7), zone)
    assert window_at(now, WindowSize.DAY, zone) == today
    assert preset_range(Preset.LAST_MONTH, now, zone).end_at == today.end_at


def test_presets_are_called_as_in_the_url():
    assert [str(preset) for preset in Preset] == ["1d", "7d", "30d"]
    assert Preset("7d") is Preset.LAST_WEEK
