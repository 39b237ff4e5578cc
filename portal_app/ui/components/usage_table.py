"""A graph's twin: the same windows and features as a table, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.queries.usage import UsageReport, UsageSeries
from portal_app.texts import gettext as _
from portal_app.ui.components.chart_axes import window_title
from portal_app.ui.components.usage_words import quantity_text


class TwinCell(TypedDict):
    """A feature's quantity in a window."""

    feature: str
    quantity: str


class TwinRow(TypedDict):
    """A window and what was used in it."""

    window: str
    cells: list[TwinCell]


class TwinTable(TypedDict):
    """The table; `heads` are the features."""

    heads: list[str]
    rows: list[TwinRow]


NO_TABLE = TwinTable(heads=[], rows=[])


def twin_table(report: UsageReport, drawn: Sequence[UsageSeries], display: Display) -> TwinTable:
    """Return the table of the features that the graph would draw."""
    rows = [
        TwinRow(
            window=window_title(window, display),
            cells=[
                TwinCell(
                    feature=series.feature.name,
                    quantity=quantity_text(series.points[index].quantity, series.feature, display),
                )
                for series in drawn
            ],
        )
        for index, window in enumerate(report.windows)
    ]
    return TwinTable(heads=[series.feature.name for series in drawn], rows=rows[::-1])


def usage_table(table: rx.Var[TwinTable], summary: rx.Var[str]) -> rx.Component:
    """Draw the table; on narrow screens each window is a card."""
    return rx.el.div(
        rx.el.table(
            rx.el.caption(summary, class_name="sr-only"),
            rx.el.thead(rx.el.tr(rx.el.th(_("Time"), scope="col"), rx.foreach(table["heads"], _head))),
            rx.el.tbody(rx.foreach(table["rows"], _row)),
            class_name="rows twin",
        ),
        class_name="wide",
    )


def _head(name: rx.Var[str]) -> rx.Component:
    return rx.el.th(name, scope="col", class_name="num")


def _row(row: rx.Var[TwinRow]) -> rx.Component:
    return rx.el.tr(rx.el.th(row["window"], scope="row"), rx.foreach(row["cells"], _cell))


def _cell(cell: rx.Var[TwinCell]) -> rx.Component:
    return rx.el.td(
        rx.el.span(cell["feature"], class_name="only-s muted", aria_hidden="true"), cell["quantity"], class_name="num"
    )
