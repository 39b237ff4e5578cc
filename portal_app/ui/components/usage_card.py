"""The card of a graph of usage, as Overview and Usage both show it: range, graph or table, legend, one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.queries.usage import UsageSeries
from portal_app.queries.usage_on_screen import UsageOnScreen
from portal_app.texts import gettext as _
from portal_app.ui.components.chart_axes import time_axis
from portal_app.ui.components.sections import answered, card, card_head, link
from portal_app.ui.components.time_range import Choice, range_name, segment
from portal_app.ui.components.usage_chart import NO_FIGURE, Figure, Line, usage_chart, usage_figure
from portal_app.ui.components.usage_lines import LegendRow, drawn_series, legend, legend_chips, places
from portal_app.ui.components.usage_table import NO_TABLE, TwinTable, twin_table, usage_table
from portal_app.ui.components.usage_words import NOTHING_COUNTED, quantity_text, summary
from portal_app.ui.usage_address import UsageAddress


class NothingRow(TypedDict):
    """Why there is nothing to show, and what may help; an empty title if there is something."""

    title: str
    text: str
    to: str
    action: str


class UsageCard(TypedDict):
    """The card's finished texts: a figure or a table, or why there is neither."""

    nothing: NothingRow
    figure: Figure
    table: TwinTable
    summary: str
    legend: list[LegendRow]
    others: list[LegendRow]
    is_full: bool
    is_never: bool
    """Nothing was ever counted: no range and no table would show more."""


SOMETHING = NothingRow(title="", text="", to="", action="")
NO_CARD = UsageCard(
    nothing=SOMETHING, figure=NO_FIGURE, table=NO_TABLE, summary="", legend=[], others=[], is_full=False, is_never=False
)


def usage_card(found: UsageOnScreen, at: UsageAddress, display: Display) -> UsageCard:
    """Word what an address asks for."""
    series = found.report.series
    drawn = drawn_series(series, at)
    if not drawn:
        is_never = not found.report.series and not found.known
        return UsageCard(**{**NO_CARD, "nothing": _nothing(found, at, display), "is_never": is_never})
    colours = places(found.known, {one.feature.public_id for one in drawn})
    on, off = legend(series, drawn, colours, at)
    return UsageCard(
        nothing=SOMETHING,
        figure=NO_FIGURE if at.is_table else _figure(found, drawn, colours, at, display),
        table=twin_table(found.report, drawn, display) if at.is_table else NO_TABLE,
        summary=summary(found.report, drawn, at.preset, display),
        legend=on,
        others=off,
        is_full=any(not row["to"] for row in off),
        is_never=False,
    )


def _figure(
    found: UsageOnScreen, drawn: Sequence[UsageSeries], colours: dict[str, int], at: UsageAddress, display: Display
) -> Figure:
    report = found.report
    lines = [
        Line(
            name=one.feature.name,
            place=colours[one.feature.public_id],
            values=[point.quantity for point in one.points],
            texts=[quantity_text(point.quantity, one.feature, display) for point in one.points],
        )
        for one in drawn
    ]
    axis = time_axis(report.windows, report.span, at.preset.size, display)
    return usage_figure(axis, lines, at.preset.value, display)


def _nothing(found: UsageOnScreen, at: UsageAddress, display: Display) -> NothingRow:
    """Tell apart: hidden by a choice, nothing in this range, not part of the plan, never any."""
    if found.report.series:
        return NothingRow(
            title=_("None of the chosen features was used"),
            text=_("There is usage of others in {range}.").format(range=range_name(at.preset)),
            to=at.to(features=()),
            action=_("Clear filters"),
        )
    if found.known:
        return _none_in_range(found, at, display)
    if not found.is_in_plan:
        return NothingRow(
            title=_("Metered usage is not part of your plan"),
            text=_("What your plan includes has a fixed price, whatever you use of it."),
            to="",
            action="",
        )
    return NothingRow(
        title=_("No usage yet"), text=_("It will show here once the first of it is counted."), to="", action=""
    )


def _none_in_range(found: UsageOnScreen, at: UsageAddress, display: Display) -> NothingRow:
    longest, through_at = at.ranges.offered[-1], found.report.freshness.through_at
    is_longest = at.preset is longest
    is_before = through_at is not None and through_at < found.report.span.start_at
    latest = _("The latest was on {moment}.").format(moment=display.moment(through_at))
    return NothingRow(
        title=_("No usage in {range}").format(range=range_name(at.preset)),
        text=latest if is_before else _("There was some before."),
        to="" if is_longest else at.to(preset=longest),
        action="" if is_longest else _("Show {range}").format(range=range_name(longest)),
    )


def usage_graph(
    shown: rx.Var[UsageCard],
    ranges: rx.Var[list[Choice]],
    views: rx.Var[list[Choice]],
    *beside: rx.Component,
    loading: Any,
    dimmed: Any,
    failed: rx.Var[str],
    retry: Any,
) -> rx.Component:
    """Draw the card. While another range is on its way, what is there stays, dimmed."""
    content = rx.cond(
        shown["nothing"]["title"] != "",
        _empty(shown["nothing"]),
        rx.el.div(
            rx.cond(
                shown["table"]["rows"].length() > 0,
                usage_table(shown["table"], shown["summary"]),
                rx.cond(shown["figure"], usage_chart(shown["figure"], shown["summary"])),
            ),
            _legend(shown),
            rx.el.p(shown["summary"], class_name="muted", role="status"),
        ),
    )
    return card(
        card_head(
            _("Usage"),
            rx.el.span(class_name="spacer"),
            *beside,
            rx.cond(
                ~shown["is_never"].bool(),
                rx.el.div(
                    segment(views, _("Chart or table")),
                    rx.cond(ranges, segment(ranges, _("Range"))),
                    class_name="row segs",
                ),
            ),
        ),
        rx.el.div(
            answered(loading, failed, content, "400px", retry),
            class_name=rx.cond(dimmed, "dimmed", ""),
            aria_busy=rx.cond(dimmed, "true", "false"),
        ),
        class_name="card usage",
    )


def usage_freshness(text: rx.Var[str], refresh: Any) -> rx.Component:
    """Draw the line that says until when usage is known; it stays true, as keys.js asks to `refresh` every minute."""
    dot = rx.el.span(class_name="dot", aria_hidden="true")
    return rx.fragment(
        rx.el.p(rx.cond((text != "") & (text != NOTHING_COUNTED), dot), text, class_name="fresh label"),
        rx.el.button(type="button", hidden=True, on_click=refresh, custom_attrs={"data-refresh": ""}),
    )


def _empty(nothing: rx.Var[NothingRow]) -> rx.Component:
    return rx.el.div(
        rx.el.p(rx.el.strong(nothing["title"])),
        rx.el.p(nothing["text"], class_name="muted"),
        rx.cond(nothing["to"] != "", link(nothing["action"], to=nothing["to"], class_name="ghost")),
        class_name="empty",
    )


def _legend(shown: rx.Var[UsageCard]) -> rx.Component:
    return rx.el.div(
        legend_chips(shown["legend"]),
        rx.cond(
            shown["others"],
            rx.el.details(
                rx.el.summary(_("More features")),
                rx.el.div(legend_chips(shown["others"]), class_name="row"),
                rx.cond(
                    shown["is_full"],
                    rx.el.p(_("Eight at a time: hide one to show another."), class_name="label"),
                ),
                class_name="others",
            ),
        ),
        class_name="row chips",
    )
