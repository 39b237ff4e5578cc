"""One meter's usage, cut at given instants: what it amounts to between any two of them, and since a period began."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from portal_app.billing.aggregation import Cell, merged, quantity
from portal_app.billing.instants import micros
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.money import exact
from portal_app.billing.periods import TimeRange, WindowSize, whole_windows


@dataclass(frozen=True, slots=True)
class Weighed:
    """A part of a span whose events WEIGHTED_SUM weighs by one period."""

    part: TimeRange
    period: TimeRange


def weighing(span: TimeRange, periods: Sequence[TimeRange], zone: ZoneInfo) -> tuple[Weighed, ...]:
    """Return by what the events of `span` are weighed: their billing period, or, outside of any, their local month.

    Parts begin with their period, or their month, if need be before the span: what accrued is rounded, not differences.
    """
    month = next(whole_windows(span, WindowSize.MONTH, zone))
    reach = TimeRange(min(month.start_at, span.start_at), span.end_at)
    outside = [
        Weighed(shared, whole)
        for part in _without(reach, periods)
        for whole in whole_windows(part, WindowSize.MONTH, zone)
        if (shared := part.overlap(whole))
    ]
    inside = [Weighed(period, period) for period in periods]
    return tuple(sorted([*inside, *outside], key=lambda weighed: weighed.part.start_at))


def _without(span: TimeRange, periods: Sequence[TimeRange]) -> Iterator[TimeRange]:
    """Yield the parts of a span that are in none of the periods, which are in order."""
    start_at = span.start_at
    for period in periods:
        if start_at < period.start_at:
            yield TimeRange(start_at, min(period.start_at, span.end_at))
        start_at = max(start_at, period.end_at)
    if start_at < span.end_at:
        yield TimeRange(start_at, span.end_at)


class Cuts:
    """The instants at which usage is cut, in order."""

    def __init__(self, instants: Iterable[datetime]) -> None:
        """Put them in order."""
        self.micros = sorted({micros(at) for at in instants})

    def place(self, at: datetime) -> int:
        """Return how many gaps lie before an instant that is a cut, or after all of them."""
        return bisect_left(self.micros, micros(at))

    def gaps(self, span: TimeRange) -> slice:
        """Return which gaps make up a span."""
        return slice(self.place(span.start_at), self.place(span.end_at))


class Metered:
    """A meter's cells in the gaps between cuts, as quantities."""

    def __init__(self, rule: MeterRule, cuts: Cuts, cells: Sequence[Cell], weighed: Sequence[Weighed] = ()) -> None:
        """Hold the cells; `weighed` belongs to WEIGHTED_SUM alone, whose parts' ends are among the cuts."""
        self._rule, self._cuts, self._cells, self._weighed = rule, cuts, cells, weighed
        self._grown: dict[datetime, tuple[int, Cell]] = {}
        self._known: dict[tuple[TimeRange, datetime], Decimal] = {}

    def used(self, span: TimeRange, gaps: slice) -> tuple[Decimal, int]:
        """Return what a span, which is these gaps, amounts to, and how many events that is; zero if there are none."""
        cells = self._cells[gaps]
        cell = cells[0] if len(cells) == 1 else merged(cells)
        if self._rule.aggregation is not AggregationType.WEIGHTED_SUM:
            return self._amount(cell), cell.events
        with exact():
            return sum((self._weighed_amount(span, weighed) for weighed in self._weighed), Decimal(0)), cell.events

    def since(self, period: TimeRange, at: datetime) -> Decimal:
        """Return the quantity from a billing period's start until an instant in it: what rating asks for."""
        key = period, at
        if key not in self._known:
            self._known[key] = self._amount(self._grow(period.start_at, at), period)
        return self._known[key]

    def _weighed_amount(self, span: TimeRange, weighed: Weighed) -> Decimal:
        """A difference of amounts since the part began, so that windows add up to the span to the last digit."""
        part = weighed.part
        shared = span.overlap(part)
        if shared is None:
            return Decimal(0)
        ends = shared.start_at, shared.end_at
        before, after = (self._amount(self._grow(part.start_at, at), weighed.period) for at in ends)
        return after - before

    def _grow(self, start_at: datetime, at: datetime) -> Cell:
        """Return what happened from `start_at` until `at`; instants are mostly asked for in order."""
        first, last = self._cuts.place(start_at), self._cuts.place(at)
        place, cell = self._grown.get(start_at, (first, Cell()))
        if place > last:
            place, cell = first, Cell()
        for later in self._cells[place:last]:
            cell.add(later)
        self._grown[start_at] = last, cell
        return cell

    def _amount(self, cell: Cell, period: TimeRange | None = None) -> Decimal:
        return quantity(cell, self._rule.aggregation, self._rule.multiplier, period)
