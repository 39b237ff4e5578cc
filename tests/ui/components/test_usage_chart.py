"""The figure: small, plain, what Plotly takes, and every word in it finished text."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import plotly.graph_objects as go
import pytest

from portal_app.billing.periods import Preset, preset_range, windows
from portal_app.build import ROOT
from portal_app.display import make_display
from portal_app.ui.components.chart_axes import time_axis
from portal_app.ui.components.usage_chart import CONFIG, LAYOUT, Line, usage_figure
from portal_app.ui.theme import DARK, DASHES, LIGHT, PLACES

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
US = make_display("en_US", "Europe/Berlin")


def axis_of(preset=Preset.LAST_MONTH, now=NOW):
    zone = ZoneInfo("Europe/Berlin")
    span = preset_range(preset, now, zone)
    return time_axis(list(windows(span, preset.size, zone, now)), span, preset.size, US)


def line(axis, place=0, name="Feature B", value="3"):
    values = [Decimal(value) * index for index in range(len(axis.starts))]
    return Line(name, place, values, [f"{number:f} calls" for number in values])


def figure_of(axis, *lines):
    return usage_figure(axis, lines or [line(axis)], "30d", US)


def lines_of(figure):
    return [trace for trace in figure["data"] if "name" in trace]


@pytest.mark.parametrize("preset", Preset)
@pytest.mark.parametrize("now", [NOW, datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)])
def test_a_figure_is_plain_json_that_plotly_accepts(preset, now):
    axis = axis_of(preset, now)
    figure = figure_of(axis, *(line(axis, place, f"Feature {place}") for place in range(8)))
    assert json.loads(json.dumps(figure)) == figure
    go.Figure(figure)
    assert len(json.dumps(figure)) < 40_000


def test_what_is_over_and_regular_is_a_start_and_a_distance():
    axis = replace(axis_of(), is_unfinished=False)
    (trace,) = figure_of(axis)["data"]
    assert (trace["x0"], trace["dx"], len(trace["y"])) == (0, 1440, 30)
    assert "x" not in trace


def test_a_day_of_23_hours_has_its_places_written_out():
    axis = replace(axis_of(now=datetime(2026, 3, 30, 12, tzinfo=UTC)), is_unfinished=False)
    (trace,) = figure_of(axis)["data"]
    assert {later - earlier for earlier, later in pairwise(trace["x"])} == {1440, 1380}


def test_the_last_window_is_a_ring_at_the_end_of_a_dotted_step_without_tooltip():
    axis = axis_of()
    trace, step = figure_of(axis)["data"]
    assert trace["y"][-2:] == [None, 87]
    assert trace["y"][:-2] == [3 * index for index in range(29)]
    assert trace["x"] == [*axis.starts, axis.starts[-1]]
    assert trace["text"][-1] == "87 calls"
    assert trace["marker"]["size"] == [0] * 30 + [7]
    assert (step["x0"], step["dx"], step["y"], step["hoverinfo"]) == (28 * 1440, 1440, [84, 87], "skip")
    assert "px" in step["line"]["dash"]


def test_one_window_alone_is_a_bar():
    whole = axis_of()
    axis = replace(whole, starts=(0,), titles=whole.titles[:1], last=0)
    (trace,) = figure_of(axis, Line("Feature B", 0, [Decimal(5)], ["5 calls"]))["data"]
    assert (trace["type"], trace["y"], trace["text"]) == ("bar", [5], ["5 calls"])
    go.Figure(figure_of(axis, Line("Feature B", 0, [Decimal(5)], ["5 calls"])))


def test_values_begin_at_zero_and_cannot_be_zoomed_away_from_it():
    low, high = figure_of(axis_of())["layout"]["yaxis"]["range"]
    assert low == 0
    assert high > 87
    assert LAYOUT["yaxis"]["fixedrange"]
    assert not LAYOUT["xaxis"]["showgrid"]


def test_ahead_of_now_is_room_and_no_point():
    figure = figure_of(axis_of(Preset.LAST_WEEK, datetime(2026, 1, 20, 7, tzinfo=UTC)))
    assert figure["layout"]["xaxis"]["range"][1] > 27 * 360
    assert max(lines_of(figure)[0]["x"]) == 25 * 360


def test_every_place_has_its_tooltips_title():
    axis = axis_of(Preset.LAST_WEEK)
    shown = figure_of(axis)["layout"]["xaxis"]
    assert shown["tickvals"] == list(axis.starts)
    assert shown["ticktext"][0] == "Jan 14, 2026, 12:00\u202fAM – 6:00\u202fAM (UTC+1)"


def test_colours_follow_the_place_in_both_themes_and_patterns_begin_at_the_fourth():
    axis = axis_of()
    figure = figure_of(axis, line(axis, 5), line(axis, 0))
    themes = figure["layout"]["meta"]
    assert themes["light"] == [LIGHT.palette[5]] * 2 + [LIGHT.palette[0]] * 2
    assert themes["dark"] == [DARK.palette[5]] * 2 + [DARK.palette[0]] * 2
    assert [trace["line"]["dash"] for trace in lines_of(figure)] == [DASHES[5], "solid"]
    assert [dash == "solid" for dash in DASHES] == [True] * 3 + [False] * 5
    assert len(set(DASHES)) == 6


def test_names_are_text_where_plotly_reads_html():
    axis = axis_of()
    (trace,) = lines_of(figure_of(axis, line(axis, name="<a href='javascript:alert(1)'>x</a> & co")))
    assert trace["name"] == "&lt;a href=&#x27;javascript:alert(1)&#x27;&gt;x&lt;/a&gt; &amp; co"


def test_the_chart_has_no_mode_bar_one_tooltip_and_a_zoom_that_survives():
    assert CONFIG["displayModeBar"] is False
    assert LAYOUT["hovermode"] == "x unified"
    assert "transition" not in LAYOUT
    assert figure_of(axis_of())["layout"]["uirevision"] == "30d"


def test_huge_and_tiny_values_are_drawn_and_their_text_is_exact():
    axis = axis_of()
    values = [Decimal("1e40"), Decimal("0.000001"), *[Decimal(0)] * 28]
    texts = [US.quantity(value, "call", "calls") for value in values]
    (trace,) = lines_of(figure_of(axis, Line("Feature B", 0, values, texts)))
    assert trace["y"][:2] == [10**40, 1e-06]
    assert trace["text"][1] == "0.000001 calls"
    assert "NaN" not in json.dumps(trace)


def test_the_style_sheet_has_the_colours_of_the_chart():
    sheet = (ROOT / "assets" / "portal.css").read_text()
    light, dark = re.findall(r":root(?:\.dark)? \{\n  (--s0:.*)\n\}", sheet)
    for declared, theme in ((light, LIGHT), (dark, DARK)):
        assert re.findall(r"--s(\d): (#\w{6});", declared) == [
            (str(place), colour.lower()) for place, colour in enumerate(theme.palette)
        ]
    assert [f".s{place} {{ --c: var(--s{place}); }}" in sheet for place in range(PLACES)] == [True] * PLACES
