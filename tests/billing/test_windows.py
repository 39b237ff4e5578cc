"""Windows cut a range on the local clock and calendar, whatever the clock does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal_app.billing.periods import (
    TimeRange,
    WindowSize,
    days,
    windows,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STEPS = {
    WindowSize.MINUTE: MINUTE,
    WindowSize.QUARTER_HOUR: 15 * MINUTE,
    WindowSize.HALF_HOUR: 30 * MINUTE,
    WindowSize.HOUR: HOUR,
    WindowSize.THREE_HOURS: 3 * HOUR,
    WindowSize.SIX_HOURS: 6 * HOUR,
    WindowSize.TWELVE_HOURS: 12 * HOUR,
}
LATER = datetime(2099, 1, 1, tzinfo=UTC)
CLOCK_CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/Havana", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Santiago", date(2026, 4, 4)),
    ("America/Santiago", date(2026, 9, 6)),
    ("America/Caracas", date(2016, 5, 1)),
    ("Australia/Eucla", date(2009, 3, 29)),
    ("Pacific/Apia", date(2011, 12, 29)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Kathmandu", date(2026, 7, 1)),
    ("Asia/Kolkata", date(2026, 7, 1)),
]


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)


def cut(span, size, zone, now=LATER, anchor_at=None):
    return list(windows(span, size, ZoneInfo(zone), now, anchor_at))


def minute_by_minute(span: TimeRange, size: WindowSize, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The slow truth: read the local clock at every minute, and begin a window where its rule says so."""
    starts, latest, at = [], None, span.start_at
    while at < span.end_at:
        wall = at.astimezone(zone).replace(tzinfo=None)
        midnight = wall.replace(hour=0, minute=0)
        if size is WindowSize.DAY:
            label = midnight
        elif size is WindowSize.WEEK:
            label = midnight - timedelta(days=wall.weekday())
        elif size is WindowSize.MONTH:
            label = midnight.replace(day=1)
        else:
            label = midnight + (wall - midnight) // STEPS[size] * STEPS[size]
        repeated = label == wall and STEPS.get(size, timedelta(days=1)) <= HOUR
        if latest is None or label > latest or repeated:
            starts.append(at)
            latest = label if latest is None else max(label, latest)
        at += MINUTE
    return list(zip(starts, [*starts[1:], span.end_at], strict=True))


@pytest.mark.parametrize("size", list(WindowSize))
@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_windows_are_those_of_a_reader_of_the_local_clock(zone, day, size):
    span = days(day - timedelta(days=1), day + timedelta(days=1), ZoneInfo(zone))
    found = [(window.start_at, window.end_at) for window in cut(span, size, zone)]
    assert found == minute_by_minute(span, size, ZoneInfo(zone))
