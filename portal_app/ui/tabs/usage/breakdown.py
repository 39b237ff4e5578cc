"""The breakdown in words: a row for each feature, under its group, with what it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from portal_app.display import Display
from portal_app.queries.features import FeatureGroup
from portal_app.queries.usage import Priced, UsageSeries
from portal_app.queries.usage_breakdown import UsageGroup, usage_breakdown
from portal_app.queries.usage_on_screen import UsageOnScreen
from portal_app.texts import gettext as _
from portal_app.ui.components.sort_heads import NO_SORT, SortHead
from portal_app.ui.components.usage_lines import cost_rank, drawn_series, places, swatch
from portal_app.ui.components.usage_words import not_counted, quantity_text
from portal_app.ui.usage_address import UsageAddress, UsageOrder

GROUP, FEATURE, MEMBER = "group", "feature", "member"


class BreakdownRow(TypedDict):
    """A line of the table: a group, a feature of one (`member`), or a feature of none.

    `to` opens its explanation, or folds the group; `is_open` says whether it is open now. A cost without a price is
    empty.
    """

    id: str
    kind: str
    name: str
    swatch: str
    usage: str
    events: str
    cost: str
    exact_cost: str
    to: str
    label: str
    is_open: bool


class Breakdown(TypedDict):
    """The whole table; a total is empty if nothing has a price."""

    rows: list[BreakdownRow]
    by_name: SortHead
    by_events: SortHead
    by_cost: SortHead
    events: str
    total: str
    exact_total: str
    notes: list[str]


NO_BREAKDOWN = Breakdown(
    rows=[], by_name=NO_SORT, by_events=NO_SORT, by_cost=NO_SORT, events="", total="", exact_total="", notes=[]
)


def breakdown(found: UsageOnScreen, at: UsageAddress, display: Display) -> Breakdown:
    """Word the breakdown in the order that the address asks for; groups stand before what has none."""
    series = found.report.series
    colours = places(found.known, {one.feature.public_id for one in drawn_series(series, at)})
    parts = usage_breakdown(found.report)
    groups = _sorted_groups([part for part in parts.groups if part.group], at)
    alone = [part for part in parts.groups if part.group is None]
    heads = {order: _head(order, at) for order in UsageOrder}
    return Breakdown(
        rows=[row for part in [*groups, *alone] for row in _rows(part, colours, at, display)],
        by_name=heads[UsageOrder.NAME],
        by_events=heads[UsageOrder.EVENTS],
        by_cost=heads[UsageOrder.COST],
        events=display.count(sum(one.events for one in series)),
        total=costs_text(parts.costs, display),
        exact_total=exact_costs(parts.costs, display),
        notes=not_counted(found, display),
    )


def costs_text(costs: Sequence[Priced], display: Display) -> str:
    """Write costs as screens and invoices round them, one for each currency; empty if nothing has a price."""
    return " + ".join(display.cost(priced.exact, priced.shown) for priced in costs)


def exact_costs(costs: Sequence[Priced], display: Display) -> str:
    """Write costs with all their decimals."""
    return " + ".join(display.exact_money(priced.exact) for priced in costs)


def _rows(part: UsageGroup, colours: dict[str, int], at: UsageAddress, display: Display) -> Iterable[BreakdownRow]:
    members = _sorted_rows(part.rows, at)
    if part.group is None:
        yield from (_feature(one, FEATURE, colours, at, display) for one in members)
        return
    is_open = part.group.public_id not in at.folded
    yield _group(part, part.group, at, display, is_open=is_open)
    if is_open:
        yield from (_feature(one, MEMBER, colours, at, display) for one in members)


def _group(part: UsageGroup, group: FeatureGroup, at: UsageAddress, display: Display, *, is_open: bool) -> BreakdownRow:
    others = tuple(key for key in at.folded if key != group.public_id)
    words = _("Fold {group}") if is_open else _("Unfold {group}")
    return BreakdownRow(
        id=group.public_id,
        kind=GROUP,
        name=group.name,
        swatch="",
        usage="",
        events=display.count(sum(one.events for one in part.rows)),
        cost=costs_text(part.costs, display),
        exact_cost=exact_costs(part.costs, display),
        to=at.to(folded=(*others, group.public_id) if is_open else others),
        label=words.format(group=group.name),
        is_open=is_open,
    )


def _feature(one: UsageSeries, kind: str, colours: dict[str, int], at: UsageAddress, display: Display) -> BreakdownRow:
    public_id = one.feature.public_id
    is_open = at.why == public_id
    return BreakdownRow(
        id=public_id,
        kind=kind,
        name=one.feature.name,
        swatch=swatch(colours.get(public_id)),
        usage=quantity_text(one.quantity, one.feature, display),
        events=display.count(one.events),
        cost=costs_text(one.costs, display),
        exact_cost=exact_costs(one.costs, display),
        to=at.to(why="" if is_open else public_id),
        label=_("How the cost of {feature} comes about").format(feature=one.feature.name),
        is_open=is_open,
    )


def _sorted_groups(groups: Sequence[UsageGroup], at: UsageAddress) -> list[UsageGroup]:
    keys = {
        UsageOrder.NAME: lambda part: (part.group.name.casefold(), part.group.public_id),
        UsageOrder.EVENTS: lambda part: -sum(one.events for one in part.rows),
        UsageOrder.COST: lambda part: -cost_rank(part.costs),
    }
    return sorted(groups, key=keys[at.order], reverse=at.is_turned)


def _sorted_rows(rows: Sequence[UsageSeries], at: UsageAddress) -> list[UsageSeries]:
    keys = {
        UsageOrder.NAME: lambda one: (one.feature.name.casefold(), one.feature.public_id),
        UsageOrder.EVENTS: lambda one: -one.events,
        UsageOrder.COST: lambda one: -cost_rank(one.costs),
    }
    return sorted(rows, key=keys[at.order], reverse=at.is_turned)


def _head(order: UsageOrder, at: UsageAddress) -> SortHead:
    """Lead to the other direction of the present order, or to the usual one of another column."""
    is_present = order is at.order
    ascends = (order is UsageOrder.NAME) is not at.is_turned
    direction = ("ascending" if ascends else "descending") if is_present else "none"
    return SortHead(to=at.to(order=order, is_turned=is_present and not at.is_turned), direction=direction)
