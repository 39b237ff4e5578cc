"""The graph of usage: the only place that knows Plotly.

A figure is a plain dict that `go.Figure` accepts: small on the socket, and cheap to make. Every word in it is finished
text; Plotly only places things. Its code is a chunk of its own, which a page fetches when the first figure is there.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import reflex as rx

from portal_app.display import Display
from portal_app.ui.components.chart_axes import TimeAxis, value_ticks
from portal_app.ui.theme import DARK, DASHES, LIGHT, themed_layout

Figure = dict[str, Any]
NO_FIGURE: Figure = {}
MARGIN = Decimal("0.012")
"""Room beyond the first and the last place of an axis, in parts of it."""

LAYOUT: dict[str, Any] = {
    "autosize": True,
    "showlegend": False,
    "hovermode": "x unified",
    "paper_bgcolor": "rgba(0,0,0,0)",
    "margin": {"l": 44, "r": 8, "t": 10, "b": 26},
    "font": {"family": "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", "size": 11},
    "hoverlabel": {"namelength": -1, "font": {"size": 12}},
    "xaxis": {
        "showgrid": False, "zeroline": False, "showticklabels": False, "tickmode": "array", "showspikes": True,
        "spikethickness": 1, "spikedash": "dot", "spikesnap": "data",
    },
    "yaxis": {"fixedrange": True, "zeroline": True, "tickmode": "array"},
    # A finger on the chart scrolls the page; a mouse zooms.
    "dragmode": rx.Var("(window.matchMedia('(pointer: coarse)').matches ? false : 'zoom')"),
}  # fmt: skip
_THEMES = {"light": LIGHT, "dark": DARK}
CONFIG = {"displayModeBar": False, "responsive": True, "doubleClick": "reset", "showTips": False}


@dataclass(frozen=True, slots=True)
class Line:
    """One feature's line: its place in the palette, a value for each window, and the text that tooltips show of it."""

    name: str
    place: int
    values: Sequence[Decimal]
    texts: Sequence[str]


def usage_figure(axis: TimeAxis, lines: Sequence[Line], revision: str, display: Display) -> Figure:
    """Return the figure of some lines; a zoom survives as long as `revision` stays the same.

    The last window is dotted if it is not over. A single window is drawn as bars.
    """
    draw = _bar if len(axis.starts) == 1 else _line
    drawn = [(line.place, trace) for line in lines for trace in draw(axis, line)]
    return {
        "data": [trace for _, trace in drawn],
        "layout": {
            "uirevision": revision,
            "meta": {theme: [of.palette[place] for place, _ in drawn] for theme, of in _THEMES.items()},
            "xaxis": _time(axis),
            "yaxis": _values([value for line in lines for value in line.values], display),
            "annotations": [_tick(at, label) for at, label in axis.ticks],
        },
    }


def usage_chart(figure: rx.Var[Figure], summary: rx.Var[str]) -> rx.Component:
    """Draw a figure; `summary` says in words what it shows. Mount it only once there is a figure."""
    colours = figure["layout"].to(dict)["meta"].to(dict)
    layouts = [_merged(LAYOUT, themed_layout(of, colours[theme])) for theme, of in _THEMES.items()]
    return rx.el.div(
        rx.plotly.basic(
            data=figure.to(go.Figure),
            template=go.layout.Template(),
            layout=rx.color_mode_cond(*layouts),
            config=CONFIG,
            custom_attrs={"style": {"position": "absolute", "inset": 0}},
        ),
        class_name="graph",
        role="img",
        aria_label=summary,
    )


def _line(axis: TimeAxis, line: Line) -> list[dict[str, Any]]:
    """Return a line; if the last window is not over, that is a ring at the end of a dotted step.

    The ring belongs to the line, behind a gap: as a trace of its own it would be in its neighbours' tooltips, too.
    """
    values, texts = [_drawn(value) for value in line.values], [html.escape(text) for text in line.texts]
    style = {"mode": "lines", "line": {"width": 2, "dash": DASHES[line.place]}}
    if not axis.is_unfinished:
        return [_spoken(line, _grid(axis.starts, axis.step), values, texts) | style]
    *over, running = axis.starts
    broken = {"x": [*over, running, running]}
    ring = {"mode": "lines+markers", "marker": {"size": [*[0] * len(values), 7], "symbol": "circle-open", "opacity": 1}}
    step = {"type": "scatter", **_grid(axis.starts[-2:], running - over[-1]), "y": values[-2:], "hoverinfo": "skip"}
    return [
        _spoken(line, broken, [*values[:-1], None, values[-1]], [*texts[:-1], "", texts[-1]]) | style | ring,
        step | style | {"line": {"width": 2, "dash": "2px,3px"}},
    ]


def _bar(axis: TimeAxis, line: Line) -> list[dict[str, Any]]:
    pattern = {"shape": "/"} if axis.is_unfinished else {}
    values, texts = [_drawn(value) for value in line.values], [html.escape(text) for text in line.texts]
    bar = {"type": "bar", "marker": {"pattern": pattern}}
    return [_spoken(line, _grid(axis.starts, axis.length), values, texts) | bar]


def _grid(starts: Sequence[int], step: int | None) -> dict[str, Any]:
    """Return where points stand: start and distance where that says it all, else each."""
    return {"x": list(starts)} if step is None else {"x0": starts[0], "dx": step}


def _spoken(line: Line, grid: dict[str, Any], values: Sequence[object], texts: Sequence[str]) -> dict[str, Any]:
    """Return a trace with tooltips, in which Plotly reads HTML."""
    name = html.escape(line.name)
    return {"type": "scatter", "name": name, **grid, "y": values, "text": texts, "hovertemplate": "%{text}"}


def _time(axis: TimeAxis) -> dict[str, Any]:
    low, high = (0, axis.last) if axis.last else (-axis.length, axis.length)
    room = (high - low) * MARGIN
    return {
        "range": [_drawn(low - room), _drawn(high + room)],
        # Not drawn: a tooltip's title is the tick text of its place.
        "tickvals": list(axis.starts),
        "ticktext": list(axis.titles),
    }


def _values(values: Sequence[Decimal], display: Display) -> dict[str, Any]:
    ticks = value_ticks(values)
    room = (ticks[-1] - ticks[0]) * MARGIN
    return {
        "range": [_drawn(ticks[0] - (room if ticks[0] else 0)), _drawn(ticks[-1] + room)],
        "tickvals": [_drawn(tick) for tick in ticks],
        "ticktext": [display.compact(tick) for tick in ticks],
    }


def _tick(at: int, label: str) -> dict[str, Any]:
    return {
        "x": at, "y": 0, "yref": "paper", "text": label, "showarrow": False, "yanchor": "top", "yshift": -4,
    }  # fmt: skip


def _drawn(value: Decimal) -> int | float:
    """Return a value as a place on the screen; what is read is text."""
    return int(value) if value == value.to_integral_value() else float(value)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _merged(one[key], other[key]) if isinstance(one.get(key), dict) and key in other else (one | other)[key]
        for key in one | other
    }
