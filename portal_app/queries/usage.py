"""What a customer used, feature by feature: the one answer that graph, breakdown, API and CSV all show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import col

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import Cell
from portal_app.billing.instants import instant, micros
from portal_app.billing.metering import AggregationType
from portal_app.billing.money import Money
from portal_app.billing.periods import Preset, TimeRange, Window, WindowSize, preset_range, windows
from portal_app.billing.prices import Tariff
from portal_app.billing.rating import Cost, costs
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound
from portal_app.models.customer import Customer
from portal_app.models.usage import STREAMS
from portal_app.queries.features import UsedFeature, used_features
from portal_app.queries.metered import Metered, Weighed, weighing
from portal_app.queries.tariffs import MeterTariff, list_tariffs
from portal_app.queries.usage_cells import usage_cells
from portal_app.queries.usage_events import EVERYTHING, Labels, Slice

MAX_WINDOWS = 5000
"""How many windows one question may ask for: three days of minutes, or half a year of hours."""


@dataclass(frozen=True, slots=True)
class Priced:
    """What some usage costs in one currency: to the last digit, and as screens and invoices print it.

    What is shown of adjacent windows adds up to what is shown of them together.
    """

    exact: Money
    shown: Money


@dataclass(frozen=True, slots=True)
class Charged:
    """What one subscription charges for a feature; `cost.charges` explains it, line by line.

    `periods` are the billing periods that its usage was counted in, whole, one for each of the cost's steps.
    """

    subscription_public_id: str
    plan_id: int
    tariff: Tariff
    cost: Cost
    periods: tuple[TimeRange, ...]


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """A window's usage: quantity in the feature's unit, events, and costs, if these were asked for."""

    window: Window
    quantity: Decimal
    events: int
    costs: tuple[Priced, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """One feature's usage in the span; with labels, the part of it that has these.

    `quantity` is the whole span's: the sum of the points for counts and sums, but not for averages, greatest, latest
    and unique values. There is one cost for each currency, most often one; none at all means that no price applies,
    which is not the same as costing nothing.
    """

    feature: UsedFeature
    quantity: Decimal
    events: int
    points: tuple[UsagePoint, ...]
    costs: tuple[Priced, ...]
    charged: tuple[Charged, ...]
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class UsageFreshness:
    """Until when usage is known: the latest event, not after now, and when one last came in. None: never any."""

    through_at: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The answer. All series have a point for each window, in order; without `windows` they have none.

    Windows that have not begun are left out, the running one is marked unfinished. Missing usage is zero. Features
    without any usage in the span are left out, unless they cost something. Series are in the order of names.
    """

    span: TimeRange
    zone: ZoneInfo
    windows: tuple[Window, ...]
    series: tuple[UsageSeries, ...]
    freshness: UsageFreshness


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What to count: usage in `span`, in windows of `size` if one is given; of these features alone, if any are named.

    Features are public ids. MONTH windows begin with the month, or on the day of `anchor_at`.
    """

    span: TimeRange
    size: WindowSize | None = None
    feature_ids: frozenset[str] | None = None
    only: Slice = EVERYTHING
    anchor_at: datetime | None = None
    with_costs: bool = False
    """Whether points have costs, too."""


def usage_of_preset(session: Session, customer_id: CustomerId, preset: Preset, now: datetime) -> UsageReport:
    """Return the usage of a range that every selector offers, cut as its graph is, in the customer's zone.

    Raises:
        NotFound: the customer does not exist.
    """
    zone = _zone(session, customer_id)
    return _report(session, customer_id, UsageQuestion(preset_range(preset, now, zone), preset.size), zone, now)


def usage_report(session: Session, customer_id: CustomerId, question: UsageQuestion, now: datetime) -> UsageReport:
    """Return the usage of any span, in windows of the customer's zone.

    Spans and windows on the quarter hour are answered from cells, whatever their size. Minutes, slices and spans
    that begin or end between two quarter hours read events one by one.

    Raises:
        NotFound: the customer does not exist.
        Invalid: the span is empty, has more than `MAX_WINDOWS` windows, or too many events to read one by one.
    """
    return _report(session, customer_id, question, _zone(session, customer_id), now)


def usage_freshness(session: Session, customer_id: CustomerId, now: datetime) -> UsageFreshness:
    """Return until when the customer's usage is known."""
    stream = STREAMS.c
    latest = select(func.max(stream.last_at), func.max(stream.received_at)).where(stream.customer_id == customer_id)
    last_at, received_at = session.connection().execute(latest).one()
    if last_at is None:
        return UsageFreshness(None, None)
    return UsageFreshness(min(instant(last_at), now), instant(received_at))


def _report(
    session: Session, customer_id: CustomerId, question: UsageQuestion, zone: ZoneInfo, now: datetime
) -> UsageReport:
    span = question.span
    points = _windows(question, zone, now)
    tariffs: defaultdict[int, list[MeterTariff]] = defaultdict(list)
    for tariff in list_tariffs(session, customer_id, span, zone):
        tariffs[tariff.meter_id].append(tariff)
    with_minimum = [key for key, of_meter in tariffs.items() if any(tariff.has_minimum for tariff in of_meter)]
    used = used_features(session, customer_id, span, question.feature_ids, with_minimum)
    rules = {rule.key: rule for _, rule in used}
    weighed = {
        key: weighing(span, tariffs[key][0].periods if tariffs[key] else (), zone)
        for key, rule in rules.items()
        if rule.aggregation is AggregationType.WEIGHTED_SUM
    }
    cuts = _cuts(span, points, [tariff for key in rules for tariff in tariffs[key]], weighed.values())
    usage = usage_cells(session, customer_id, list(rules.values()), cuts, question.only)
    for key in rules.keys() & with_minimum:
        usage.setdefault((key, ()), [Cell() for _ in cuts[1:]])
    series = [
        _series(feature, Metered(rule, cuts, cells, weighed.get(key, ())), labels, question, points, tariffs[key])
        for feature, rule in used
        for (key, labels), cells in sorted(usage.items(), key=_labels)
        if key == rule.key
    ]
    shown = tuple(one for one in series if one.events or any(cost.exact.amount for cost in one.costs))
    return UsageReport(span, zone, points, shown, usage_freshness(session, customer_id, now))


def _zone(session: Session, customer_id: CustomerId) -> ZoneInfo:
    name = session.connection().execute(select(col(Customer.timezone)).where(col(Customer.id) == customer_id)).scalar()
    if name is None:
        raise NotFound(noun="Customer")
    return ZoneInfo(name)


def _windows(question: UsageQuestion, zone: ZoneInfo, now: datetime) -> tuple[Window, ...]:
    span = question.span
    if span.start_at >= span.end_at:
        raise Invalid(field="end_time", problem="must be after start_time")
    if question.size is None:
        return ()
    found = tuple(islice(windows(span, question.size, zone, now, question.anchor_at), MAX_WINDOWS + 1))
    if len(found) > MAX_WINDOWS:
        problem = f"makes more than {MAX_WINDOWS} points of this range; choose a shorter range or longer windows"
        raise Invalid(field="window_size", problem=problem)
    return found


def _cuts(
    span: TimeRange, points: Iterable[Window], tariffs: Iterable[MeterTariff], weighed: Iterable[Sequence[Weighed]]
) -> list[int]:
    """Return every instant at which usage is asked for, in order: nothing else has to be read from the tables."""
    ends = {span.start_at, span.end_at}
    for point in points:
        ends |= {point.start_at, point.end_at}
    for tariff in tariffs:
        for period in tariff.periods:
            ends |= {period.start_at, period.end_at, *tariff.tariff.changes_in(period)}
    for parts in weighed:
        for weighing_ in parts:
            ends |= {weighing_.part.start_at, weighing_.part.end_at}
    return sorted(micros(at) for at in ends if at <= span.end_at)


def _series(
    feature: UsedFeature,
    metered: Metered,
    labels: Labels,
    question: UsageQuestion,
    points: Sequence[Window],
    tariffs: Sequence[MeterTariff],
) -> UsageSeries:
    span = question.span
    spans: list[TimeRange] = [span, *(points if question.with_costs else ())]
    rated = [(mine, costs(mine.tariff, mine.periods, spans, metered.since)) for mine in tariffs]
    by_span = [_by_currency(column) for column in zip(*(of_spans for _, of_spans in rated), strict=True)]
    total, *of_points = by_span or [()] * len(spans)
    costs_of_points = of_points or [()] * len(points)
    return UsageSeries(
        feature=feature,
        quantity=metered.quantity(span),
        events=metered.events(span),
        points=tuple(
            UsagePoint(window, metered.quantity(window), metered.events(window), of_window)
            for window, of_window in zip(points, costs_of_points, strict=True)
        ),
        costs=total,
        charged=tuple(
            Charged(
                mine.subscription_public_id,
                mine.plan_id,
                mine.tariff,
                of_spans[0],
                tuple(period for period in mine.periods if span.overlap(period)),
            )
            for mine, of_spans in rated
        ),
        labels=labels,
    )


def _by_currency(of_subscriptions: Iterable[Cost]) -> tuple[Priced, ...]:
    """Add up what several subscriptions charge."""
    together: dict[str, Cost] = {}
    for cost in of_subscriptions:
        together[cost.currency] = together[cost.currency] + cost if cost.currency in together else cost
    return tuple(Priced(cost.exact, cost.shown) for cost in together.values())


def _labels(item: tuple[tuple[int, Labels], list[Cell]]) -> Labels:
    return item[0][1]
