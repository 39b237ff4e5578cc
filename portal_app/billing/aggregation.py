"""Cells: what is kept of the events of a quarter hour, so that any longer window follows from its cells exactly.

A cell is a sum of its events, and cells add up: in whatever order, groups or portions events arrive, the same
events make the same cell. So an average is a sum and a count, a unique count a set, and the latest value knows
its instant. What cannot be taken away again (a greatest value, say) is why corrections rebuild their cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from portal_app.billing.instants import QUARTER_HOUR, micros
from portal_app.billing.metering import QUANTITY_SCALE, AggregationType
from portal_app.billing.money import exact
from portal_app.billing.periods import TimeRange

DERIVED_SCALE = 12
"""Decimals of a quantity that is a quotient: an average, or a sum weighted by time. Rounded half up, once."""
SECOND = 1_000_000
_LIMB = 32

ADDITIVE = frozenset({AggregationType.COUNT, AggregationType.SUM, AggregationType.SUM_WITH_MULTIPLIER})
"""Aggregations whose quantity over a span is the sum of its parts', whatever the parts."""


@dataclass(slots=True)
class Cell:
    """What is kept of some events of one meter. Values are in units of 10⁻⁶.

    Only what the meter's aggregation needs is there: `moment` is Σ value × whole seconds since 1970, `last` the
    instant (microseconds), id and value of the latest event; of two at the same instant the greater id is later.
    """

    events: int = 0
    total: int = 0
    moment: int | None = None
    peak: int | None = None
    last: tuple[int, str, int] | None = None
    texts: set[str] | None = None

    def take(self, aggregation: AggregationType, value: int | str, at: int, event_id: str) -> None:
        """Count one event; `at` in microseconds since 1970."""
        self.events += 1
        if isinstance(value, str):
            self.texts = self.texts or set()
            self.texts.add(value)
        elif aggregation is AggregationType.MAX:
            self.peak = value if self.peak is None else max(self.peak, value)
        elif aggregation is AggregationType.LATEST:
            seen = (at, event_id, value)
            self.last = seen if self.last is None else max(self.last, seen)
        elif aggregation is not AggregationType.COUNT:
            self.total += value
            if aggregation is AggregationType.WEIGHTED_SUM:
                self.moment = (self.moment or 0) + value * (at // SECOND)

    def add(self, other: Cell) -> None:
        """Count the other cell's events, too."""
        self.events += other.events
        self.total += other.total
        if other.moment is not None:
            self.moment = other.moment + (self.moment or 0)
        if other.peak is not None:
            self.peak = other.peak if self.peak is None else max(self.peak, other.peak)
        if other.last is not None:
            self.last = other.last if self.last is None else max(self.last, other.last)
        if other.texts is not None:
            self.texts = self.texts or set()
            self.texts |= other.texts


def merged(cells: Iterable[Cell]) -> Cell:
    """Return one cell of all the events; an empty one if there are none."""
    together = Cell()
    for cell in cells:
        together.add(cell)
    return together


def quantity(
    cell: Cell,
    aggregation: AggregationType,
    multiplier: Decimal = Decimal(1),
    period: TimeRange | None = None,
) -> Decimal:
    """Return what a cell's events amount to; zero if there are none.

    WEIGHTED_SUM counts each value for the part of `period` that was left when its event happened: 20 GB added
    half-way through are 10. All of the cell's events lie in that period.

    Raises:
        ValueError: a WEIGHTED_SUM without its period.
    """
    match aggregation:
        case AggregationType.COUNT:
            return Decimal(cell.events)
        case AggregationType.COUNT_UNIQUE:
            return Decimal(len(cell.texts or ()))
        case AggregationType.AVG:
            return _quotient(cell.total, cell.events)
        case AggregationType.WEIGHTED_SUM:
            return _weighted(cell, period)
        case _:
            return _number(cell, aggregation, multiplier)


def _number(cell: Cell, aggregation: AggregationType, multiplier: Decimal) -> Decimal:
    units = cell.total
    if aggregation is AggregationType.MAX:
        units = cell.peak or 0
    elif aggregation is AggregationType.LATEST:
        units = cell.last[2] if cell.last else 0
    if aggregation is AggregationType.SUM_WITH_MULTIPLIER:
        with exact():
            return _decimal(units) * multiplier
    return _decimal(units)


def _decimal(units: int) -> Decimal:
    return Decimal(f"{units}E-{QUANTITY_SCALE}")


def _weighted(cell: Cell, period: TimeRange | None) -> Decimal:
    if period is None:
        raise ValueError("a sum weighted by time needs its period")
    start, end = micros(period.start_at) // SECOND, micros(period.end_at) // SECOND
    return _quotient(cell.total * end - (cell.moment or 0), end - start)


def _quotient(units: int, divisor: int) -> Decimal:
    """Divide units of 10⁻⁶, and round half up (away from zero) to `DERIVED_SCALE` decimals."""
    if divisor == 0:
        return Decimal(0)
    whole, rest = divmod(abs(units) * 10 ** (DERIVED_SCALE - QUANTITY_SCALE), divisor)
    rounded = whole + (2 * rest >= divisor)
    return Decimal(f"{-rounded if units < 0 else rounded}E-{DERIVED_SCALE}")


def split(number: int) -> tuple[int, int]:
    """Return a number as a high and a low part, which add up in 64 bits where the number itself would not."""
    return number >> _LIMB, number & (1 << _LIMB) - 1


def joined(high: int, low: int) -> int:
    """Return the number whose parts, or sums of parts, these are."""
    return (high << _LIMB) + low


def moment_within(cell: Cell, bucket: int) -> int | None:
    """Return a cell's moment counted from its quarter hour's start, which keeps it small."""
    return None if cell.moment is None else cell.moment - cell.total * _seconds(bucket)


def moment_since_1970(within: int, total: int, bucket: int) -> int:
    """Return the moment of a cell's quarter hour, and sum, counted from 1970."""
    return within + total * _seconds(bucket)


def _seconds(bucket: int) -> int:
    return bucket * (QUARTER_HOUR // SECOND)
