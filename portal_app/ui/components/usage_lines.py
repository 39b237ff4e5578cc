"""Which features a graph draws, in which colours; and its legend, which chooses others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import TypedDict

import reflex as rx

from portal_app.billing.money import exact
from portal_app.queries.usage import Priced, UsageSeries
from portal_app.texts import gettext as _
from portal_app.ui.components.sections import link
from portal_app.ui.theme import PLACES
from portal_app.ui.usage_address import UsageAddress

MOST_LINES = 8


class LegendRow(TypedDict):
    """A feature of the legend: the class of its swatch, and where a click leads; nowhere if it can do nothing."""

    name: str
    swatch: str
    to: str
    label: str


def by_cost(series: Iterable[UsageSeries]) -> list[UsageSeries]:
    """Return series with the dearest first. Currencies do not compare: the sums of the amounts only sort."""
    return sorted(series, key=lambda one: (-cost_rank(one.costs), -one.events, one.feature.name))


def cost_rank(costs: Iterable[Priced]) -> Decimal:
    """Return a number to sort costs by; costing nothing is more than having no price."""
    with exact():
        return sum((priced.exact.amount for priced in costs), Decimal(0)) if costs else Decimal(-1)


def drawn_series(series: Sequence[UsageSeries], at: UsageAddress) -> list[UsageSeries]:
    """Return what is drawn: the dearest, or those that the address names; never more than `MOST_LINES`."""
    chosen = [one for one in series if one.feature.public_id in at.features] if at.features else series
    return by_cost(chosen)[:MOST_LINES]


def places(known: Sequence[str], drawn: Collection[str]) -> dict[str, int]:
    """Return each drawn feature's place in the palette, by its public id.

    It follows from the feature's place among all that are `known`, so that it stays the same from range to range; only
    where two would share one, the later takes the next that is free.
    """
    taken: dict[str, int] = {}
    for rank, public_id in enumerate(known):
        if public_id in drawn:
            near = ((rank + step) % PLACES for step in range(PLACES))
            taken[public_id] = next(place for place in near if place not in taken.values())
    return taken


def swatch(place: int | None) -> str:
    """Return the class of a swatch; one for a feature that is not drawn has no colour."""
    return "swatch" if place is None else f"swatch s{place}"


def legend(
    series: Sequence[UsageSeries], drawn: Sequence[UsageSeries], colours: dict[str, int], at: UsageAddress
) -> tuple[list[LegendRow], list[LegendRow]]:
    """Return the drawn features, each of which can be hidden, and the others, to be shown while there is room."""
    usual = [one.feature.public_id for one in drawn_series(series, UsageAddress(at.path))]
    shown = [one.feature.public_id for one in drawn]

    def row(one: UsageSeries, features: list[str], words: str, *, possible: bool) -> LegendRow:
        named = () if sorted(features) == sorted(usual) else tuple(features)
        name = one.feature.name
        return LegendRow(
            name=name,
            swatch=swatch(colours.get(one.feature.public_id)),
            to=at.to(features=named) if possible else "",
            label=words.format(feature=name),
        )

    on = [
        row(one, [key for key in shown if key != one.feature.public_id], _("Hide {feature}"), possible=len(shown) > 1)
        for one in drawn
    ]
    off = [
        row(one, [*shown, one.feature.public_id], _("Show {feature}"), possible=len(shown) < MOST_LINES)
        for one in by_cost(series)
        if one.feature.public_id not in shown
    ]
    return on, off


def legend_chips(rows: rx.Var[list[LegendRow]]) -> rx.Component:
    """Draw legend rows."""
    return rx.foreach(rows, _chip)


def _chip(row: rx.Var[LegendRow]) -> rx.Component:
    face = rx.fragment(rx.el.span(class_name=row["swatch"], aria_hidden="true"), row["name"])
    return rx.cond(
        row["to"] != "",
        link(face, to=row["to"], prevent_scroll_reset=True, class_name="chip", aria_label=row["label"]),
        rx.el.span(face, class_name="chip still"),
    )
