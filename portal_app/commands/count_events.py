"""From events to cells: what ingestion counts of new events, and a rebuild of those that are kept, is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal_app.billing.aggregation import Cell, moment_within, split
from portal_app.billing.instants import QUARTER_HOUR
from portal_app.billing.metering import MeterRule, Unusable
from portal_app.commands.usage_tables import Row, Rows
from portal_app.database import Session

_CELLS = Rows(
    "usage_cell",
    """ON CONFLICT (customer_id, meter_id, bucket) DO UPDATE SET
    events = usage_cell.events + excluded.events,
    high = usage_cell.high + excluded.high,
    low = usage_cell.low + excluded.low,
    moment_high = usage_cell.moment_high + excluded.moment_high,
    moment_low = usage_cell.moment_low + excluded.moment_low,
    value = CASE
      WHEN excluded.last_at IS NULL AND excluded.value <= usage_cell.value
        OR (excluded.last_at, excluded.last_event_id) <= (usage_cell.last_at, usage_cell.last_event_id)
      THEN usage_cell.value ELSE excluded.value END,
    last_at = CASE
      WHEN (excluded.last_at, excluded.last_event_id) > (usage_cell.last_at, usage_cell.last_event_id)
      THEN excluded.last_at ELSE usage_cell.last_at END,
    last_event_id = CASE
      WHEN (excluded.last_at, excluded.last_event_id) > (usage_cell.last_at, usage_cell.last_event_id)
      THEN excluded.last_event_id ELSE usage_cell.last_event_id END""",
)
_TEXTS = Rows("usage_text", "ON CONFLICT DO NOTHING")
_PROBLEMS = Rows("usage_problem", "ON CONFLICT DO NOTHING")


class Counted(NamedTuple):
    """An event on its way into cells; `at` in microseconds since 1970."""

    customer_id: int
    at: int
    event_id: str
    name: str
    properties: Mapping[str, Any]


@dataclass(slots=True)
class Count:
    """Cells by (customer, meter, quarter hour), and the values that meters could not use."""

    cells: dict[tuple[int, int, int], Cell] = field(default_factory=dict[tuple[int, int, int], Cell])
    problems: list[Row] = field(default_factory=list[Row])

    def add(self, other: Count) -> None:
        """Add the other count to this one."""
        for key, cell in other.cells.items():
            self.cells.setdefault(key, Cell()).add(cell)
        self.problems += other.problems

    def write(self, session: Session) -> None:
        """Add this count to what the tables hold."""
        _CELLS.write(session, (cell_row(key, cell) for key, cell in self.cells.items()))
        _TEXTS.write(session, ((*key, text) for key, cell in self.cells.items() for text in cell.texts or ()))
        _PROBLEMS.write(session, self.problems)


def count(events: Iterable[Counted], rules: Mapping[str, Sequence[MeterRule]]) -> Count:
    """Count each event for every meter that it matches."""
    counted = Count()
    cells = counted.cells
    for customer_id, at, event_id, name, properties in events:
        bucket = at // QUARTER_HOUR
        for rule in rules.get(name, ()):
            try:
                value = rule.read(properties)
            except Unusable as problem:
                counted.problems.append((customer_id, rule.key, at, event_id, str(problem)))
                continue
            if value is None:
                continue
            key = (customer_id, rule.key, bucket)
            cell = cells.get(key)
            if cell is None:
                cell = cells[key] = Cell()
            cell.take(rule.aggregation, value, at, event_id)
    return counted


def cell_row(key: tuple[int, int, int], cell: Cell) -> Row:
    """Return a cell as its table keeps it."""
    within = moment_within(cell, key[2])
    moment = (None, None) if within is None else split(within)
    last_at, last_event_id, value = cell.last or (None, None, cell.peak)
    return (*key, cell.events, *split(cell.total), *moment, value, last_at, last_event_id)
