"""The breakdown under the graph: the report's series as rows, under their groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from portal_app.queries.features import FeatureGroup
from portal_app.queries.usage import Priced, UsageReport, UsageSeries


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """Features that stand together, and what they cost together; `group` is None for those without one.

    Quantities of different features are never added.
    """

    group: FeatureGroup | None
    rows: tuple[UsageSeries, ...]
    costs: tuple[Priced, ...]


@dataclass(frozen=True, slots=True)
class UsageBreakdown:
    """Groups in the order of names, then what has none; and the sum of all, one for each currency."""

    groups: tuple[UsageGroup, ...]
    costs: tuple[Priced, ...]


def usage_breakdown(report: UsageReport) -> UsageBreakdown:
    """Return a report's series under their groups, each in the report's order."""
    together: defaultdict[FeatureGroup | None, list[UsageSeries]] = defaultdict(list)
    for series in report.series:
        together[series.feature.group].append(series)
    groups = sorted(together, key=lambda group: (group is None, group.name if group else "", str(group)))
    return UsageBreakdown(
        groups=tuple(
            UsageGroup(group, tuple(together[group]), sum_of_costs(row.costs for row in together[group]))
            for group in groups
        ),
        costs=sum_of_costs(series.costs for series in report.series),
    )


def sum_of_costs(costs: Iterable[tuple[Priced, ...]]) -> tuple[Priced, ...]:
    """Add costs up, each currency for itself; what is shown is the sum of what is shown."""
    sums: dict[str, Priced] = {}
    for priced in (priced for of_row in costs for priced in of_row):
        so_far = sums.get(priced.exact.currency)
        sums[priced.exact.currency] = (
            Priced(so_far.exact + priced.exact, so_far.shown + priced.shown) if so_far else priced
        )
    return tuple(sums.values())
