"""Half-open time ranges, and where local days, months and years begin in a customer's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A span of time `[start_at, end_at)` in UTC; None leaves that end open."""

    start_at: datetime | None
    end_at: datetime | None


@cache
def known_zones() -> frozenset[str]:
    """Return the IANA names this machine's time zone data has."""
    return frozenset(available_timezones())


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`.

    Where a clock change skips midnight, the day begins with its first existing minute: the shift of
    a non-existing wall time by `zoneinfo` (PEP 495, fold=0) is just that.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def days(first: date, last: date, zone: ZoneInfo) -> TimeRange:
    """Return the local days `first` to `last`, both included, as a UTC range."""
    return TimeRange(local_midnight(first, zone), local_midnight(last + timedelta(days=1), zone))


def last_of_month(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
