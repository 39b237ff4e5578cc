"""Usage as CSV, from the report that the page shows: the breakdown, and every window of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from portal_app.display import Display
from portal_app.exports.csv_lines import csv_lines
from portal_app.queries.usage import Priced, UsageReport, UsageSeries
from portal_app.queries.usage_breakdown import usage_breakdown

BREAKDOWN_HEAD = (
    "group",
    "feature",
    "quantity",
    "unit",
    "events",
    "currency",
    "cost",
    "exact_cost",
    "from",
    "to",
    "id",
)
SERIES_HEAD = ("from", "to", "unfinished", "feature", "quantity", "unit", "events", "id")


def usage_breakdown_csv(report: UsageReport, display: Display) -> Iterator[str]:
    """Yield a line for each feature and currency, under the groups' names; without a price, cost is empty.

    `cost` is rounded as the page shows it, so that it adds up to the page's sums.
    """
    start, end = _local(report.span.start_at, display), _local(report.span.end_at, display)
    return csv_lines(
        BREAKDOWN_HEAD,
        (
            (
                part.group.name if part.group else None,
                one.feature.name,
                one.quantity,
                _unit(one),
                one.events,
                priced and priced.shown.currency.upper(),
                priced and priced.shown.amount,
                priced and priced.exact.amount,
                start,
                end,
                one.feature.public_id,
            )
            for part in usage_breakdown(report).groups
            for one in part.rows
            for priced in _costs(one)
        ),
    )


def usage_series_csv(report: UsageReport, display: Display) -> Iterator[str]:
    """Yield a line for each window and feature, oldest first; times are local, with their offset from UTC."""
    return csv_lines(
        SERIES_HEAD,
        (
            (
                _local(window.start_at, display),
                _local(window.end_at, display),
                "yes" if window.is_unfinished else "no",
                one.feature.name,
                one.points[index].quantity,
                _unit(one),
                one.points[index].events,
                one.feature.public_id,
            )
            for index, window in enumerate(report.windows)
            for one in report.series
        ),
    )


def _costs(one: UsageSeries) -> tuple[Priced | None, ...]:
    return one.costs or (None,)


def _unit(one: UsageSeries) -> str:
    return one.feature.unit_plural or one.feature.unit_singular


def _local(at: datetime, display: Display) -> str:
    return display.local(at).isoformat(timespec="seconds")
