"""One meter's usage, cut at given instants: what it amounts to between any two of them, and since a period began."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
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


class Metered:
    """A meter's cells between `cuts` (microseconds since 1970, in order), as quantities."""

    def __init__(
        self, rule: MeterRule, cuts: Sequence[int], cells: Sequence[Cell], weighed: Sequence[Weighed] = ()
    ) -> None:
        """Hold the cells; `weighed` belongs to WEIGHTED_SUM alone, whose parts' ends are among the cuts."""
        self._rule, self._cuts, self._cells, self._weighed = rule, cuts, cells, weighed
        self._grown: dict[datetime, tuple[int, Cell]] = {}
        self._known: dict[tuple[TimeRange, datetime], Decimal] = {}

    def events(self, span: TimeRange) -> int:
        """Return how many events count."""
        return sum(cell.events for cell in self._between(span))

    def quantity(self, span: TimeRange) -> Decimal:
        """Return what a span amounts to; zero if there are no events in it."""
        if self._rule.aggregation is not AggregationType.WEIGHTED_SUM:
            return self._amount(merged(self._between(span)))
        with exact():
            return sum((self._weighed_amount(span, weighed) for weighed in self._weighed), Decimal(0))

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
        first, last = bisect_left(self._cuts, micros(start_at)), bisect_left(self._cuts, micros(at))
        place, cell = self._grown.get(start_at, (first, Cell()))
        if place > last:
            place, cell = first, Cell()
        for later in self._cells[place:last]:
            cell.add(later)
        self._grown[start_at] = last, cell
        return cell

    def _between(self, span: TimeRange) -> Sequence[Cell]:
        first, last = (bisect_left(self._cuts, micros(at)) for at in (span.start_at, span.end_at))
        return self._cells[first:last]

    def _amount(self, cell: Cell, period: TimeRange | None = None) -> Decimal:
        return quantity(cell, self._rule.aggregation, self._rule.multiplier, period)
