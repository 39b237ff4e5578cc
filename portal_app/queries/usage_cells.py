"""What a customer used between given instants, meter by meter: from cells, and from events where a cell is cut."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import Cell, joined, moment_since_1970
from portal_app.billing.instants import QUARTER_HOUR
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.database import Session
from portal_app.models.usage import CELLS, HORIZON, TEXTS
from portal_app.queries.usage_events import Usage, count_events

_SUMS_OF_SQLITE = """
    WITH run (first, last, gap) AS MATERIALIZED (
      SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)),
    meter (id) AS MATERIALIZED (SELECT value FROM json_each(?))
    SELECT json_group_array(json_array(id, gap, (
      SELECT json_array(sum(events), sum(high), sum(low), max(value)) FROM usage_cell
      WHERE customer_id = ? AND meter_id = id AND bucket >= first AND bucket < last)))
    FROM meter CROSS JOIN run"""
_SUMS_OF_POSTGRES = """
    SELECT meter_id, width_bucket(bucket, %s::int[]) - 1, sum(events), sum(high), sum(low), max(value) FROM usage_cell
    WHERE customer_id = %s AND meter_id = ANY(%s) AND bucket >= %s AND bucket < %s GROUP BY 1, 2"""
_ONE_BY_ONE = frozenset({AggregationType.LATEST, AggregationType.WEIGHTED_SUM})
"""What no engine can add up."""
Run = tuple[int, int, int]
"""Whole cells: the first quarter hour, the one after the last, and the gap that they are in."""


def usage_cells(
    session: Session, customer_id: CustomerId, rules: Sequence[MeterRule], cuts: Sequence[int]
) -> dict[int, list[Cell]]:
    """Return a cell for each gap between neighbouring `cuts`, by meter; those without events are left out.

    Cuts are in order, in microseconds since 1970. Those on the quarter hour are answered from cells, however many
    events there are. One between two quarter hours splits a cell: its quarter hour's events are read one by one.
    Where these are purged, the cut moves to the quarter hour's start.

    Raises:
        Invalid: that would be too many (`usage_events.MAX_EVENTS`).
    """
    purged = session.connection().execute(select(HORIZON.c.before_at)).scalar() or 0
    cuts = [cut - cut % QUARTER_HOUR if cut < purged else cut for cut in cuts]
    usage: Usage = defaultdict(lambda: [Cell() for _ in cuts[1:]])
    runs, splits = _on_the_grid(cuts)
    if runs:
        _add_sums(session, customer_id, rules, runs, usage)
        _add_one_by_one(session, customer_id, rules, runs, usage)
        _add_texts(session, customer_id, rules, runs, usage)
    for start, end in splits:
        count_events(session, customer_id, rules, cuts, usage, between=(start, end))
    return {meter: cells for (meter, _), cells in usage.items()}


def _on_the_grid(cuts: Sequence[int]) -> tuple[list[Run], list[tuple[int, int]]]:
    """Return the runs of whole cells between cuts, and the spans of time in cells that are split, in order."""
    runs: list[Run] = []
    splits: list[tuple[int, int]] = []
    for gap, (start, end) in enumerate(pairwise(cuts)):
        first, last = -(-start // QUARTER_HOUR), end // QUARTER_HOUR
        if first < last:
            runs.append((first, last, gap))
        pieces = [(start, first * QUARTER_HOUR), (last * QUARTER_HOUR, end)] if first <= last else [(start, end)]
        for piece in pieces:
            if splits and splits[-1][1] == piece[0] < piece[1]:
                splits[-1] = splits[-1][0], piece[1]
            elif piece[0] < piece[1]:
                splits.append(piece)
    return runs, splits


def _add_sums(
    session: Session, customer_id: CustomerId, rules: Sequence[MeterRule], runs: Sequence[Run], usage: Usage
) -> None:
    """Add what the engine adds up: events, sums and greatest values."""
    kinds = {rule.key: rule.aggregation for rule in rules if rule.aggregation not in _ONE_BY_ONE}
    sums = _sums_of_sqlite if session.connection().dialect.name == "sqlite" else _sums_of_postgres
    for meter, gap, events, high, low, peak in sums(session, customer_id, list(kinds), runs):
        cell = usage[meter, ()][gap]
        cell.events, cell.total = int(events), joined(int(high), int(low))
        if kinds[meter] is AggregationType.MAX:
            cell.peak = peak


def _sums_of_sqlite(
    session: Session, customer_id: CustomerId, meters: list[int], runs: Sequence[Run]
) -> Iterable[tuple[Any, ...]]:
    # One range of the primary key for each meter and run: to group them, SQLite would sort all cells. One text for
    # all of the answer: rows by the hundred cost more than their sums.
    parameters = (json.dumps(runs), json.dumps(meters), customer_id)
    answer = session.connection().exec_driver_sql(_SUMS_OF_SQLITE, parameters).scalar()
    return ((meter, gap, *sums) for meter, gap, sums in json.loads(answer or "[]") if sums[0])


def _sums_of_postgres(
    session: Session, customer_id: CustomerId, meters: list[int], runs: Sequence[Run]
) -> Iterable[tuple[Any, ...]]:
    gaps = {last: -1 for _, last, _ in runs} | {first: gap for first, _, gap in runs}
    starts = sorted(gaps)
    parameters = (starts, customer_id, meters, starts[0], starts[-1])
    for meter, place, *sums in session.connection().exec_driver_sql(_SUMS_OF_POSTGRES, parameters):
        if gaps[starts[place]] >= 0:
            yield meter, gaps[starts[place]], *sums


def _add_one_by_one(
    session: Session, customer_id: CustomerId, rules: Sequence[MeterRule], runs: Sequence[Run], usage: Usage
) -> None:
    """Add the cells of meters that keep the latest value, or weigh by time."""
    meters = [rule.key for rule in rules if rule.aggregation in _ONE_BY_ONE]
    if not meters:
        return
    kept = select(*CELLS.columns).where(*_of_meters(CELLS, customer_id, meters, runs))
    for _, meter, bucket, *values in map(tuple, session.connection().execute(kept)):
        gap = _gap_of(bucket, runs)
        if gap is not None:
            usage[meter, ()][gap].add(stored_cell(bucket, values))


def _add_texts(
    session: Session, customer_id: CustomerId, rules: Sequence[MeterRule], runs: Sequence[Run], usage: Usage
) -> None:
    """Add the texts that unique counts saw; their events are among the sums."""
    meters = [rule.key for rule in rules if rule.aggregation is AggregationType.COUNT_UNIQUE]
    if not meters:
        return
    seen = select(*TEXTS.columns).where(*_of_meters(TEXTS, customer_id, meters, runs))
    for _, meter, bucket, text in map(tuple, session.connection().execute(seen)):
        gap = _gap_of(bucket, runs)
        if gap is not None:
            usage[meter, ()][gap].add(Cell(texts={text}))


def _of_meters(
    table: Table, customer_id: CustomerId, meters: Collection[int], runs: Sequence[Run]
) -> tuple[ColumnElement[bool], ...]:
    column = table.c
    first, last = runs[0][0], runs[-1][1]
    return (
        column.customer_id == customer_id,
        column.meter_id.in_(meters),
        column.bucket >= first,
        column.bucket < last,
    )


def _gap_of(bucket: int, runs: Sequence[Run]) -> int | None:
    """Return the gap of a cell, or None if a cut splits it."""
    first, last, gap = runs[bisect_right(runs, bucket, key=lambda run: run[0]) - 1]
    return gap if first <= bucket < last else None


def stored_cell(bucket: int, kept: Sequence[Any]) -> Cell:
    """Return the cell of a row's other columns, without its texts."""
    events, high, low, moment_high, moment_low, value, last_at, last_event_id = kept
    cell = Cell(events, joined(high, low))
    if moment_high is not None:
        cell.moment = moment_since_1970(joined(moment_high, moment_low), cell.total, bucket)
    if last_at is not None:
        cell.last = (last_at, last_event_id, value)
    else:
        cell.peak = value
    return cell
