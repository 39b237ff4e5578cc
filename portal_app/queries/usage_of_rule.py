"""What one rule amounts to over a customer's events: a meter of the catalogue, or one made up for the question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import Cell
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.periods import TimeRange, Window, WindowSize
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Meter
from portal_app.queries.metered import Cuts, Metered, weighing
from portal_app.queries.meters import rule_of
from portal_app.queries.tariffs import list_tariffs
from portal_app.queries.usage import counted_until, windows_of, zone_of
from portal_app.queries.usage_cells import usage_cells
from portal_app.queries.usage_events import EVERYTHING, Slice, Usage, count_events


@dataclass(frozen=True, slots=True)
class RuleUsage:
    """What a rule amounts to in a span, and in each window of it, if any were asked for."""

    rule: MeterRule
    total: Decimal
    windows: tuple[tuple[Window, Decimal], ...]


def usage_of_rule(
    session: Session,
    customer_id: CustomerId,
    rule: MeterRule,
    span: TimeRange,
    size: WindowSize | None,
    now: datetime,
    only: Slice = EVERYTHING,
) -> RuleUsage:
    """Return what a rule amounts to. One of the catalogue is answered from cells; any other reads events one by one.

    A sum weighted by time is weighed by the billing periods of the first subscription that has a price for the meter,
    as in reports, else by the local month.

    Raises:
        NotFound: the customer does not exist.
        Invalid: the span is empty, or has too many windows or events.
    """
    zone = zone_of(session, customer_id)
    points = windows_of(span, size, zone, now)
    weighed = ()
    if rule.aggregation is AggregationType.WEIGHTED_SUM:
        tariffs = list_tariffs(session, customer_id, span, zone)
        weighed = weighing(span, next((one.periods for one in tariffs if one.meter_id == rule.key), ()), zone)
    ends = {span.start_at, span.end_at}
    for part in (*points, *(one.part for one in weighed)):
        ends |= {part.start_at, part.end_at}
    until = counted_until(span, now)
    cuts = Cuts(at for at in {*ends, until} if at <= until)
    metered = Metered(rule, cuts, _cells(session, customer_id, rule, cuts.micros, only), weighed)
    total, *of_points = (metered.used(part, cuts.gaps(part))[0] for part in (span, *points))
    return RuleUsage(rule, total, tuple(zip(points, of_points, strict=True)))


def meter_rule_of_operator(session: Session, public_id: str) -> MeterRule:
    """Return a meter as the rule it counts by.

    Raises:
        NotFound: it does not exist.
    """
    row = session.exec(select(Meter).where(col(Meter.public_id) == public_id)).first()
    if row is None:
        raise NotFound(noun="Meter")
    return rule_of(row, row.id or 0)


def _cells(
    session: Session, customer_id: CustomerId, rule: MeterRule, cuts: Sequence[int], only: Slice
) -> Sequence[Cell]:
    unused = [Cell() for _ in cuts[1:]]
    if rule.key and not only.needs_events:
        return usage_cells(session, customer_id, [rule], cuts).get(rule.key, unused)
    usage: Usage = defaultdict(lambda: [Cell() for _ in cuts[1:]])
    count_events(session, customer_id, [rule], cuts, usage, only)
    return usage.get((rule.key, ()), unused)
