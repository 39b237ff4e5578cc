"""Usage told apart by source or properties, or only that of some: from events, with its share of the feature's cost.

Prices are for all of a feature's usage: tiers and packages count what everybody in the company did. So a slice costs
its share, in proportion to its quantity (its events, where quantities do not add up, or to nothing), and all slices
add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import ADDITIVE, DERIVED_SCALE, Cell
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.money import Money, minor_digits
from portal_app.billing.periods import Window
from portal_app.billing.shares import shares
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.queries.metered import Cuts, Metered, Weighed
from portal_app.queries.usage_answers import Priced, UsagePoint, UsageQuestion, UsageSeries
from portal_app.queries.usage_events import Labels, Usage, count_events

MAX_POINTS = 100_000
"""How many points the slices of one question may have in all."""
EXACT_SCALE = 2 * DERIVED_SCALE
"""Decimals of a share of an exact cost."""


def sliced_series(
    session: Session,
    customer_id: CustomerId,
    question: UsageQuestion,
    until: datetime,
    points: Sequence[Window],
    weighed: Mapping[int, Sequence[Weighed]],
    whole: Sequence[tuple[UsageSeries, MeterRule]],
) -> tuple[UsageSeries, ...]:
    """Return the slices that the question asks for of each whole series, in the order of labels; `until` is the end.

    Raises:
        Invalid: the span has too many events to read one by one, or makes more than `MAX_POINTS` points.
    """
    span = question.span
    inside = {key: _within(question, parts) for key, parts in weighed.items()}
    ends = {span.start_at, span.end_at, *(point.start_at for point in points), *(point.end_at for point in points)}
    ends |= {at for parts in inside.values() for one in parts for at in (one.part.start_at, one.part.end_at)}
    cuts = Cuts(at for at in {*ends, until} if at <= until)
    usage: Usage = defaultdict(lambda: _unused(question, len(usage) + 1, cuts))
    count_events(session, customer_id, [rule for _, rule in whole], cuts.micros, usage, question.only)
    gaps = [cuts.gaps(span), *map(cuts.gaps, points)]
    return tuple(
        series
        for total, rule in whole
        for series in _slices(total, rule, question, points, gaps, [
            (labels, Metered(rule, cuts, cells, inside.get(rule.key, ())))
            for (key, labels), cells in sorted(usage.items(), key=lambda item: item[0])
            if key == rule.key
        ])
    )  # fmt: skip


def _unused(question: UsageQuestion, slices: int, cuts: Cuts) -> list[Cell]:
    """Return the cells of one more slice. What tells events apart may differ in each of them."""
    if question.only.labels and slices * len(cuts.micros) > MAX_POINTS:
        problem = f"makes more than {MAX_POINTS} points of this range; choose a shorter range or longer windows"
        raise Invalid(field="group_by", problem=problem)
    return [Cell() for _ in cuts.micros[1:]]


def _within(question: UsageQuestion, weighed: Sequence[Weighed]) -> list[Weighed]:
    """Cut the parts that are weighed to the span, before which no events are read."""
    parts = ((one, one.part.overlap(question.span)) for one in weighed)
    return [replace(one, part=part) for one, part in parts if part]


def _slices(
    total: UsageSeries,
    rule: MeterRule,
    question: UsageQuestion,
    points: Sequence[Window],
    gaps: Sequence[slice],
    parts: Sequence[tuple[Labels, Metered]],
) -> Iterator[UsageSeries]:
    adds_up = total.quantity and (rule.aggregation in ADDITIVE or rule.aggregation is AggregationType.WEIGHTED_SUM)
    used = [list(map(metered.used, (question.span, *points), gaps)) for _, metered in parts]
    weights = [of_part[0][0] if adds_up else Decimal(of_part[0][1]) for of_part in used]
    costs = _shared(total.costs, weights, total.quantity if adds_up else Decimal(total.events))
    for (labels, _), (amount, *of_points), weight, cost in zip(parts, used, weights, costs, strict=True):
        windows = [UsagePoint(point, *of_point) for point, of_point in zip(points, of_points, strict=True)]
        if question.with_costs:
            of_windows = [point.quantity if adds_up else Decimal(point.events) for point in windows]
            shared = _shared(cost, of_windows, weight)
            windows = [point._replace(costs=of_point) for point, of_point in zip(windows, shared, strict=True)]
        yield UsageSeries(total.feature, *amount, tuple(windows), cost, (), labels)


def _shared(costs: Sequence[Priced], weights: Sequence[Decimal], whole: Decimal) -> list[tuple[Priced, ...]]:
    """Return each weight's share of each cost."""
    by_currency = [
        [
            Priced(Money(exact, cost.exact.currency), Money(shown, cost.exact.currency))
            for exact, shown in zip(
                shares(cost.exact.amount, weights, whole, EXACT_SCALE),
                shares(cost.shown.amount, weights, whole, minor_digits(cost.exact.currency)),
                strict=True,
            )
        ]
        for cost in costs
    ]
    return [tuple(of_weight) for of_weight in zip(*by_currency, strict=True)] or [()] * len(weights)
