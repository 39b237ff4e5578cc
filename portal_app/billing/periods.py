"""Half-open time ranges, the local windows that usage is shown in, and the periods that subscriptions repeat in.

Everything that cuts usage lies on the 15-minute UTC grid: local midnights, hours and half hours of every zone
since 2000, and billing anchors, which are rounded down to it. So 15-minute cells never need splitting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import count, pairwise, takewhile
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from portal_app.billing.statuses import BillingCycle, BillingPeriod

GRID = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MONDAY = datetime(2000, 1, 3)  # noqa: DTZ001 (a wall time, of any zone)
_FIRST_OF_MONTH = datetime(2000, 1, 1)  # noqa: DTZ001 (a wall time, of any zone)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A span of time `[start_at, end_at)` in UTC."""

    start_at: datetime
    end_at: datetime

    def overlap(self, other: TimeRange) -> TimeRange | None:
        """Return the time that both share, or None if they share none."""
        start_at, end_at = max(self.start_at, other.start_at), min(self.end_at, other.end_at)
        return TimeRange(start_at, end_at) if start_at < end_at else None


@dataclass(frozen=True, slots=True)
class Window(TimeRange):
    """One point of a series. `is_unfinished` says that more usage may still happen in it: it counts "so far"."""

    is_unfinished: bool


class WindowSize(StrEnum):
    """How long a window is, on the local clock and calendar; the words are those of the documented API."""

    MINUTE = "MINUTE"
    QUARTER_HOUR = "15MIN"
    HALF_HOUR = "30MIN"
    HOUR = "HOUR"
    THREE_HOURS = "3HOUR"
    SIX_HOURS = "6HOUR"
    TWELVE_HOURS = "12HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


_UTC_STEPS = {WindowSize.MINUTE: timedelta(minutes=1), WindowSize.QUARTER_HOUR: GRID}
_CLOCK_STEPS = {
    WindowSize.HALF_HOUR: _HOUR / 2,
    WindowSize.HOUR: _HOUR,
    WindowSize.THREE_HOURS: 3 * _HOUR,
    WindowSize.SIX_HOURS: 6 * _HOUR,
    WindowSize.TWELVE_HOURS: 12 * _HOUR,
}


class Preset(StrEnum):
    """A range that every selector offers: the last `length` local hours or days, today's included, cut by `size`."""

    length: int
    unit: WindowSize
    size: WindowSize

    LAST_DAY = "1d", 24, WindowSize.HOUR, WindowSize.HOUR
    LAST_WEEK = "7d", 7, WindowSize.DAY, WindowSize.SIX_HOURS
    LAST_MONTH = "30d", 30, WindowSize.DAY, WindowSize.DAY

    def __new__(cls, value: str, length: int, unit: WindowSize, size: WindowSize) -> Self:
        """Make the member: its value is the word in the URL."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.length, member.unit, member.size = length, unit, size
        return member


def preset_range(preset: Preset, now: datetime, zone: ZoneInfo) -> TimeRange:
    """Return the preset's range: it ends with the local hour or day that `now` is in, part of which lies ahead.

    Days that a zone skipped (Apia's 30 December 2011) are not counted.
    """
    nominal = _HOUR if preset.unit is WindowSize.HOUR else _DAY
    reach = TimeRange(now - (preset.length + 1) * nominal, now + 2 * nominal)
    recent = list(windows(reach, preset.unit, zone, now))[-preset.length :]
    return TimeRange(recent[0].start_at, recent[-1].end_at)


def windows(
    span: TimeRange, size: WindowSize, zone: ZoneInfo, now: datetime, anchor_at: datetime | None = None
) -> Iterator[Window]:
    """Cut `span` into the local windows of `zone`, in order, without those that begin after `now`.

    Together they are the span until then: its ends cut the first and the last window short. The iterator
    is lazy, as a long span of minutes has no end worth waiting for.

    - Up to 12 hours, windows begin where the local clock shows a multiple of their length since midnight.
      An hour or half hour that the clock repeats is a window again; longer windows grow and shrink instead,
      so a day has four windows of six hours, whatever its length.
    - WEEK begins on Mondays; MONTH on the first, or on the local day and time of `anchor_at`.
    """
    begun = takewhile(lambda whole: whole.start_at <= now, whole_windows(span, size, zone, anchor_at))
    for whole in begun:
        start_at, end_at = max(whole.start_at, span.start_at), min(whole.end_at, span.end_at)
        yield Window(start_at, end_at, is_unfinished=whole.end_at > now)


def whole_windows(
    span: TimeRange, size: WindowSize, zone: ZoneInfo, anchor_at: datetime | None = None
) -> Iterator[TimeRange]:
    """Return the windows of `zone` that `windows` would cut short at the ends of `span`, in order and whole."""
    return _overlapping(_starts(span.start_at, size, zone, anchor_at), span)


def window_at(at: datetime, size: WindowSize, zone: ZoneInfo, anchor_at: datetime | None = None) -> TimeRange:
    """Return the whole window of `zone` that holds `at`."""
    return next(whole_windows(TimeRange(at, at + timedelta.resolution), size, zone, anchor_at))


def _overlapping(starts: Iterator[datetime], span: TimeRange) -> Iterator[TimeRange]:
    """Return those ranges from each start to the next that share time with `span`."""
    ranges = (TimeRange(*ends) for ends in pairwise(starts))
    begun = takewhile(lambda whole: whole.start_at < span.end_at, ranges)
    return (whole for whole in begun if whole.overlap(span))


def _starts(at: datetime, size: WindowSize, zone: ZoneInfo, anchor_at: datetime | None) -> Iterator[datetime]:
    """Where windows begin, from some start at or before `at` without end."""
    if size in _UTC_STEPS:
        step = _UTC_STEPS[size]
        first = floor_to_grid(at, step)
        return (first + step * index for index in count())
    if size in _CLOCK_STEPS:
        midnights = pairwise(_calendar(WindowSize.DAY, zone, None).starts_from(at))
        return (start for day in midnights for start in _clock_starts(*day, _CLOCK_STEPS[size], zone))
    return _calendar(size, zone, anchor_at).starts_from(at)


def _clock_starts(midnight: datetime, next_midnight: datetime, step: timedelta, zone: ZoneInfo) -> Iterator[datetime]:
    """Where the windows of one local day begin: a grid cell belongs to the window of the clock at its start."""
    length = next_midnight - midnight
    if length == _DAY:  # the clock did not change
        yield from (midnight + step * index for index in range(_DAY // step))
        return
    latest = datetime.min  # noqa: DTZ901 (a wall time)
    for index in range(length // GRID):
        at = midnight + GRID * index
        wall = at.astimezone(zone).replace(tzinfo=None)
        begun = wall - (wall - datetime.min) % step  # noqa: DTZ901 (a wall time)
        if begun > latest or (wall == begun and step <= _HOUR):
            latest = begun
            yield at


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A calendar rhythm: every so many local `months` or `days`, counted both ways from the wall time `first`.

    Months shorter than the first one's day end it early: from 31 January, 28 February, 31 March. A wall
    time that the clock skips moves on by the gap, one that it repeats counts the first time (PEP 495).
    """

    first: datetime
    zone: ZoneInfo
    months: int = 0
    days: int = 0

    def containing(self, at: datetime) -> TimeRange:
        """Return the period that holds `at`."""
        index = self._index(at)
        return TimeRange(self._start(index), self._start(index + 1))

    def ordinal(self, at: datetime) -> int:
        """Return the number of the period that holds `at`, counted from 0: the one that `first` begins."""
        return self._index(at)

    def after(self, period: TimeRange) -> TimeRange:
        """Return the period that follows `period`."""
        return self.containing(period.end_at)

    def before(self, period: TimeRange) -> TimeRange:
        """Return the period that `period` follows."""
        return self.containing(period.start_at - GRID)

    def overlapping(self, span: TimeRange) -> Iterator[TimeRange]:
        """Return the periods that share time with `span`, in order, whole."""
        return _overlapping(self.starts_from(span.start_at), span)

    def starts_from(self, at: datetime) -> Iterator[datetime]:
        """Return where periods start, from the one that holds `at`, without end; not where the calendar skips one."""
        starts = pairwise(self._start(index) for index in count(self._index(at)))
        return (start_at for start_at, next_start_at in starts if start_at < next_start_at)

    def _index(self, at: datetime) -> int:
        wall = at.astimezone(self.zone)
        if self.months:
            index = (12 * (wall.year - self.first.year) + wall.month - self.first.month) // self.months
        else:
            index = (wall.date() - self.first.date()).days // self.days
        while self._start(index) > at:
            index -= 1
        while self._start(index + 1) <= at:
            index += 1
        return index

    def _start(self, index: int) -> datetime:
        if not self.months:
            return _to_utc(self.first + index * self.days * _DAY, self.zone)
        year, month = divmod(12 * self.first.year + self.first.month - 1 + index * self.months, 12)
        day = min(self.first.day, last_of_month(year, month + 1).day)
        return _to_utc(self.first.replace(year=year, month=month + 1, day=day), self.zone)


_MONTHS = {
    BillingPeriod.MONTHLY: 1,
    BillingPeriod.QUARTERLY: 3,
    BillingPeriod.HALF_YEARLY: 6,
    BillingPeriod.ANNUAL: 12,
}
_DAYS = {BillingPeriod.DAILY: 1, BillingPeriod.WEEKLY: 7}


def billing_recurrence(
    period: BillingPeriod, length: int, cycle: BillingCycle, anchor_at: datetime, zone: ZoneInfo
) -> Recurrence:
    """Return the periods of a subscription: `length` times `period`, in its own zone.

    Anniversary periods repeat the local day and time of `anchor_at`, rounded down to the 15-minute grid.
    Calendar periods begin at local midnight of a day, Monday, month, quarter, half year or year; the
    one that holds `anchor_at` is the first, so that every second month is counted from there.

    Raises:
        ValueError: `period` is ONETIME, which does not repeat, or `length` is not positive.
    """
    if period not in _MONTHS | _DAYS or length < 1:
        raise ValueError(f"{length} × {period} does not repeat")
    wall = floor_to_grid(anchor_at).astimezone(zone).replace(tzinfo=None)
    if cycle is BillingCycle.CALENDAR:
        wall = datetime.combine(wall, time.min)
        if period in _MONTHS:
            wall = wall.replace(day=1, month=wall.month - (wall.month - 1) % _MONTHS[period])
        if period is BillingPeriod.WEEKLY:
            wall -= wall.weekday() * _DAY
    return Recurrence(wall, zone, months=_MONTHS.get(period, 0) * length, days=_DAYS.get(period, 0) * length)


def _calendar(size: WindowSize, zone: ZoneInfo, anchor_at: datetime | None) -> Recurrence:
    """Return the rhythm of the windows of a day and longer."""
    if size is WindowSize.MONTH and anchor_at is not None:
        return billing_recurrence(BillingPeriod.MONTHLY, 1, BillingCycle.ANNIVERSARY, anchor_at, zone)
    if size is WindowSize.MONTH:
        return Recurrence(_FIRST_OF_MONTH, zone, months=1)
    return Recurrence(_MONDAY, zone, days=7 if size is WindowSize.WEEK else 1)


def floor_to_grid(at: datetime, step: timedelta = GRID) -> datetime:
    """Round an instant down to the 15-minute UTC grid, where usage can be cut; or to another step."""
    return at.astimezone(UTC) - (at - _EPOCH) % step


def on_grid(span: TimeRange) -> TimeRange:
    """Return a billing period as its usage is counted: with its ends rounded down to the grid, but never to nothing."""
    start_at = floor_to_grid(span.start_at)
    return TimeRange(start_at, max(floor_to_grid(span.end_at), start_at + GRID))


def is_on_grid(at: datetime) -> bool:
    """Tell whether an instant lies on the 15-minute UTC grid, where prices may change."""
    return floor_to_grid(at) == at


@cache
def known_zones() -> frozenset[str]:
    """Return the IANA names this machine's time zone data has."""
    return frozenset(available_timezones())


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the UTC instant at which `day` begins in `zone`.

    Where a clock change skips midnight, the day begins with its first existing minute: the shift of
    a non-existing wall time by `zoneinfo` (PEP 495, fold=0) is just that.
    """
    return _to_utc(datetime.combine(day, time.min), zone)


def days(first: date, last: date, zone: ZoneInfo) -> TimeRange:
    """Return the local days `first` to `last`, both included, as a UTC range."""
    return TimeRange(local_midnight(first, zone), local_midnight(last + timedelta(days=1), zone))


def last_of_month(year: int, month: int) -> date:
    """Return the last day of a month."""
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)
