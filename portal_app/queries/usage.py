"""What a customer used, feature by feature: the one answer that graph, breakdown, API and CSV all show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import Cell
from portal_app.billing.instants import instant
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.periods import GRID, Preset, TimeRange, Window, WindowSize, floor_to_grid, preset_range, windows
from portal_app.billing.rating import Cost, costs
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound
from portal_app.models.customer import Customer
from portal_app.models.usage import STREAMS
from portal_app.queries.features import UsedFeature, used_features
from portal_app.queries.metered import Cuts, Metered, Weighed, weighing
from portal_app.queries.tariffs import MeterTariff, list_tariffs
from portal_app.queries.usage_answers import (
    Charged,
    Priced,
    UsageFreshness,
    UsagePoint,
    UsageQuestion,
    UsageReport,
    UsageSeries,
)
from portal_app.queries.usage_cells import usage_cells
from portal_app.queries.usage_events import EVERYTHING, Slice
from portal_app.queries.usage_slices import sliced_series

__all__ = [
    "EVERYTHING",
    "Charged",
    "Priced",
    "Slice",
    "UsageFreshness",
    "UsagePoint",
    "UsageQuestion",
    "UsageReport",
    "UsageSeries",
    "counted_until",
    "usage_freshness",
    "usage_of_preset",
    "usage_report",
    "windows_of",
    "zone_of",
]

MAX_WINDOWS = 5000
"""How many windows one question may ask for: three days of minutes, or half a year of hours."""


def usage_of_preset(session: Session, customer_id: CustomerId, preset: Preset, now: datetime) -> UsageReport:
    """Return the usage of a range that every selector offers, cut as its graph is, in the customer's zone.

    Raises:
        NotFound: the customer does not exist.
    """
    zone = zone_of(session, customer_id)
    return _report(session, customer_id, UsageQuestion(preset_range(preset, now, zone), preset.size), zone, now)


def usage_report(session: Session, customer_id: CustomerId, question: UsageQuestion, now: datetime) -> UsageReport:
    """Return the usage of any span, in windows of the customer's zone.

    Spans and windows on the quarter hour are answered from cells, whatever their size. Minutes, slices and spans
    that begin or end between two quarter hours read events one by one.

    Raises:
        NotFound: the customer does not exist.
        Invalid: the span is empty, has more than `MAX_WINDOWS` windows, or too many events to read one by one.
    """
    return _report(session, customer_id, question, zone_of(session, customer_id), now)


def usage_freshness(session: Session, customer_id: CustomerId, now: datetime) -> UsageFreshness:
    """Return until when the customer's usage is known."""
    stream = STREAMS.c
    latest = select(func.max(stream.last_at), func.max(stream.received_at)).where(stream.customer_id == customer_id)
    last_at, received_at = session.connection().execute(latest).one()
    if last_at is None:
        return UsageFreshness(None, None)
    return UsageFreshness(min(instant(last_at), now), instant(received_at))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with everything that it is about."""

    question: UsageQuestion
    until: datetime
    """Where counting ends: with the span, or the quarter hour that it is now."""
    points: tuple[Window, ...]
    tariffs: Mapping[int, Sequence[MeterTariff]]
    """By meter."""
    used: Sequence[tuple[UsedFeature, MeterRule]]
    weighed: Mapping[int, Sequence[Weighed]]

    def counted(self, part: TimeRange) -> TimeRange:
        """Return the part of a span in which usage counts; an empty one if that has not begun."""
        return TimeRange(part.start_at, max(part.start_at, min(part.end_at, self.until)))

    def cuts(self) -> Cuts:
        """Return every instant at which usage is asked for: nothing else has to be read from the tables."""
        ends = {self.question.span.start_at, self.question.span.end_at}
        for point in self.points:
            ends |= {point.start_at, point.end_at}
        for tariff in (tariff for _, rule in self.used for tariff in self.tariffs.get(rule.key, ())):
            for period in tariff.periods:
                ends |= {period.start_at, period.end_at, *tariff.tariff.changes_in(period)}
        for part in (weighed.part for parts in self.weighed.values() for weighed in parts):
            ends |= {part.start_at, part.end_at}
        return Cuts(at for at in {*ends, self.until} if at <= self.until)


def _report(
    session: Session, customer_id: CustomerId, question: UsageQuestion, zone: ZoneInfo, now: datetime
) -> UsageReport:
    asked = _asked(session, customer_id, question, zone, now)
    cuts, rules = asked.cuts(), [rule for _, rule in asked.used]
    cells = usage_cells(session, customer_id, rules, cuts.micros)
    unused = [Cell() for _ in cuts.micros[1:]]
    gaps = [cuts.gaps(question.span), *map(cuts.gaps, asked.points)]
    whole = [
        (_series(feature, rule, Metered(rule, cuts, cells.get(rule.key, unused), asked.weighed.get(rule.key, ())),
                 gaps, asked), rule)
        for feature, rule in asked.used
    ]  # fmt: skip
    if question.only.needs_events:
        series = sliced_series(session, customer_id, question, asked.until, asked.points, asked.weighed, whole)
    else:
        series = tuple(one for one, _ in whole if one.events or any(cost.exact.amount for cost in one.costs))
    freshness = usage_freshness(session, customer_id, now)
    return UsageReport(question.span, asked.counted(question.span), zone, asked.points, series, freshness)


def _asked(session: Session, customer_id: CustomerId, question: UsageQuestion, zone: ZoneInfo, now: datetime) -> _Asked:
    span = question.span
    points = windows_of(span, question.size, zone, now, question.anchor_at)
    tariffs: defaultdict[int, list[MeterTariff]] = defaultdict(list)
    for tariff in list_tariffs(session, customer_id, span, zone):
        tariffs[tariff.meter_id].append(tariff)
    with_minimum = [key for key, of_meter in tariffs.items() if any(tariff.has_minimum for tariff in of_meter)]
    used = used_features(session, customer_id, span, question.feature_ids, with_minimum)
    weighed = {
        rule.key: weighing(span, tariffs[rule.key][0].periods if rule.key in tariffs else (), zone)
        for _, rule in used
        if rule.aggregation is AggregationType.WEIGHTED_SUM
    }
    return _Asked(question, counted_until(span, now), points, tariffs, used, weighed)


def counted_until(span: TimeRange, now: datetime) -> datetime:
    """Return where counting ends: with the span, or the quarter hour that it is now."""
    return min(span.end_at, floor_to_grid(now) + GRID)


def zone_of(session: Session, customer_id: CustomerId) -> ZoneInfo:
    """Return the customer's zone, in whose local time days begin.

    Raises:
        NotFound: the customer does not exist.
    """
    name = session.connection().execute(select(col(Customer.timezone)).where(col(Customer.id) == customer_id)).scalar()
    if name is None:
        raise NotFound(noun="Customer")
    return ZoneInfo(name)


def windows_of(
    span: TimeRange, size: WindowSize | None, zone: ZoneInfo, now: datetime, anchor_at: datetime | None = None
) -> tuple[Window, ...]:
    """Return the windows of a span that have begun; none without a size.

    Raises:
        Invalid: the span is empty, or has more than `MAX_WINDOWS` windows.
    """
    if span.start_at >= span.end_at:
        raise Invalid(field="end_time", problem="must be after start_time")
    if size is None:
        return ()
    found = tuple(islice(windows(span, size, zone, now, anchor_at), MAX_WINDOWS + 1))
    if len(found) > MAX_WINDOWS:
        problem = f"makes more than {MAX_WINDOWS} points of this range; choose a shorter range or longer windows"
        raise Invalid(field="window_size", problem=problem)
    return found


def _series(
    feature: UsedFeature, rule: MeterRule, metered: Metered, gaps: Sequence[slice], asked: _Asked
) -> UsageSeries:
    span, points = asked.question.span, asked.points
    spans = [asked.counted(part) for part in (span, *(points if asked.question.with_costs else ()))]
    tariffs = asked.tariffs.get(rule.key, ()) if feature.bears_cost else ()
    rated = [(mine, costs(mine.tariff, mine.periods, spans, metered.since)) for mine in tariffs]
    by_span = [_by_currency(column) for column in zip(*(of_spans for _, of_spans in rated), strict=True)]
    total, *of_points = by_span or [()] * len(spans)
    (quantity, events), *used = map(metered.used, (span, *points), gaps)
    return UsageSeries(
        feature=feature,
        quantity=quantity,
        events=events,
        points=tuple(
            UsagePoint(window, amount, of_which, of_window)
            for window, (amount, of_which), of_window in zip(points, used, of_points or [()] * len(points), strict=True)
        ),
        costs=total,
        charged=tuple(
            Charged(
                mine.subscription_public_id,
                mine.plan_id,
                mine.tariff,
                of_spans[0],
                tuple(period for period in mine.periods if spans[0].overlap(period)),
            )
            for mine, of_spans in rated
        ),
    )


def _by_currency(of_subscriptions: Iterable[Cost]) -> tuple[Priced, ...]:
    """Add up what several subscriptions charge."""
    together: dict[str, Cost] = {}
    for cost in of_subscriptions:
        together[cost.currency] = together[cost.currency] + cost if cost.currency in together else cost
    return tuple(Priced(cost.exact, cost.shown) for cost in together.values())
