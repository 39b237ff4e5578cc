"""Where local days begin, in every zone there is, and how long months are."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.periods import days, known_zones, last_of_month, local_midnight

DAYS = st.dates(date(1901, 1, 1), date(2100, 1, 1))
ZONES = st.sampled_from(sorted(known_zones())).map(ZoneInfo)


@pytest.mark.parametrize(
    ("zone", "day", "begins_at"),
    [
        ("UTC", date(2026, 1, 6), datetime(2026, 1, 6, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 7, 1), datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2026, 1, 6), datetime(2026, 1, 5, 18, 15, tzinfo=UTC)),
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),  # 0:00 to 1:00 was skipped
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # 0:00 came twice
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # the day that never was
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_local_day_begins_with_its_first_existing_minute(zone, day, begins_at):
    assert local_midnight(day, ZoneInfo(zone)) == begins_at


@given(DAYS, ZONES)
def test_the_instant_a_day_begins_is_on_it_and_the_one_before_is_not(day, zone):
    begins = local_midnight(day, zone)
    if begins != local_midnight(day + timedelta(days=1), zone):  # skipped days have no instant of their own
        assert begins.astimezone(zone).date() == day
    assert (begins - timedelta(microseconds=1)).astimezone(zone).date() < day


@given(DAYS, st.integers(1, 40), ZONES)
def test_days_partition_time_without_gap_or_overlap(first, count, zone):
    each = [days(first + timedelta(days=n), first + timedelta(days=n), zone) for n in range(count)]
    assert all(earlier.end_at == later.start_at for earlier, later in pairwise(each))
    together = days(first, first + timedelta(days=count - 1), zone)
    assert (each[0].start_at, each[-1].end_at) == (together.start_at, together.end_at)


@pytest.mark.parametrize(
    ("year", "month", "last"), [(2026, 1, 31), (2026, 2, 28), (2024, 2, 29), (1900, 2, 28), (2026, 4, 30)]
)
def test_the_last_day_of_a_month(year, month, last):
    assert last_of_month(year, month) == date(year, month, last)


@given(DAYS)
def test_after_the_last_day_of_a_month_comes_the_first_of_the_next(day):
    last = last_of_month(day.year, day.month)
    assert last >= day
    assert (last + timedelta(days=1)).day == 1


def test_zones_are_iana_names():
    assert {"UTC", "Europe/Berlin", "Australia/Lord_Howe"} <= known_zones()
    assert "Mars/Olympus" not in known_zones()
