"""Where things stand on a chart: time from left to right, quantity from zero upwards, and the words beside both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from portal_app.billing.money import exact
from portal_app.billing.periods import TimeRange, Window, WindowSize, whole_windows
from portal_app.display import Display
from portal_app.texts import gettext as _

MOST_TICKS = 8
INTERVALS = 5
"""How many parts a value axis has at most, without what rounding adds."""
_MINUTE = timedelta(minutes=1)
_TICK_HOURS = 3


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Windows on an axis that counts minutes since the range began.

    `starts` and `titles` are one for each window that has begun; `last` is where the range's last window begins, which
    may still lie ahead. `ticks` are few, for the eye. `length` is the last begun window's.
    """

    starts: tuple[int, ...]
    titles: tuple[str, ...]
    ticks: tuple[tuple[int, str], ...]
    last: int
    length: int
    is_unfinished: bool

    @property
    def step(self) -> int | None:
        """The distance between neighbours if it is always the same; a clock change breaks it for days, say."""
        steps = {later - earlier for earlier, later in pairwise(self.starts)}
        return steps.pop() if len(steps) == 1 else None


def time_axis(windows: Sequence[Window], span: TimeRange, size: WindowSize, display: Display) -> TimeAxis:
    """Return the axis of a span that is cut into windows of `size` in the reader's zone."""
    starts = tuple(_minutes(span, window.start_at) for window in windows)
    *_before, final = whole_windows(span, size, display.zone)
    return TimeAxis(
        starts=starts,
        titles=tuple(window_title(window, display) for window in windows),
        ticks=tuple(_ticks(windows, starts, size, display)),
        last=_minutes(span, max(final.start_at, span.start_at)),
        length=(windows[-1].end_at - windows[-1].start_at) // _MINUTE,
        is_unfinished=windows[-1].is_unfinished,
    )


def window_title(window: Window, display: Display) -> str:
    """Return a window in words; one that is not over says that it counts so far."""
    title = display.window(window)
    return _("{window}, so far").format(window=title) if window.is_unfinished else title


def value_ticks(values: Iterable[Decimal]) -> list[Decimal]:
    """Return round numbers, in order, between which zero and all values lie; whole ones if all values are whole."""
    values = [Decimal(0), *values]
    low, high = min(values), max(values)
    with exact():
        step = _round_step((high - low) / INTERVALS or Decimal(1), whole=all(value % 1 == 0 for value in values))
        first = int((low / step).to_integral_value(ROUND_FLOOR))
        last = int((high / step).to_integral_value(ROUND_CEILING))
        return [step * place for place in range(first, max(last, first + 1) + 1)]


def _round_step(least: Decimal, *, whole: bool) -> Decimal:
    """Return the next of 1, 2, 2.5 and 5, times some power of ten."""
    if whole and least <= 1:
        return Decimal(1)
    power = Decimal(1).scaleb(least.adjusted())
    steps = (power * factor for factor in (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10)))
    return next(step for step in steps if step >= least and (step % 1 == 0 or not whole))


def _ticks(
    windows: Sequence[Window], starts: Sequence[int], size: WindowSize, display: Display
) -> Iterable[tuple[int, str]]:
    marks = [
        (start, label)
        for window, start in zip(windows, starts, strict=True)
        if (label := _tick_label(window, size, display))
    ]
    return marks[:: -(-len(marks) // MOST_TICKS) or 1]


def _tick_label(window: Window, size: WindowSize, display: Display) -> str:
    """Return the day where one begins, and the time at every third hour of a range of hours; else nothing."""
    local = display.local(window.start_at)
    if size is WindowSize.DAY or (local.hour, local.minute) == (0, 0):
        return display.day_of_month(local)
    is_marked = size is WindowSize.HOUR and local.hour % _TICK_HOURS == 0 and local.minute == 0
    return display.time(local) if is_marked else ""


def _minutes(span: TimeRange, at: datetime) -> int:
    return (at - span.start_at) // _MINUTE
