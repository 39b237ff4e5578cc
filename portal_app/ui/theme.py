"""The chart's colours, in both themes, and the patterns that tell lines apart without them.

The palettes were computed to stay distinct in normal, protan, deutan and tritan vision. A feature has the same place
in both; `assets/portal.css` has them again for the swatches beside names, and a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ChartTheme:
    """What a chart is drawn with: a colour for each place in the palette, and the inks of the page."""

    palette: tuple[str, ...]
    ink: str
    muted: str
    line: str
    surface: str


LIGHT = ChartTheme(
    ("#0077B2", "#D66B00", "#4A2B1C", "#9429FF", "#1F1F93", "#C48464", "#840B5C", "#B20000"),
    ink="#18181b", muted="#5b5f66", line="#e6e6e9", surface="#ffffff",
)  # fmt: skip
DARK = ChartTheme(
    ("#4EABDA", "#FF8000", "#E6DFBC", "#8B52FF", "#9B6B3B", "#29FF70", "#B3E5EF", "#FF00AA"),
    ink="#f4f4f5", muted="#a6a8ae", line="#2b2c31", surface="#16171a",
)  # fmt: skip
PLACES = len(LIGHT.palette)
DASHES = ("solid", "solid", "solid", "9px,3px", "9px,3px,2px,3px", "5px,3px", "14px,4px", "14px,3px,2px,3px")
"""The line of each place: colour alone carries three, a pattern helps from the fourth on."""


def themed_layout(theme: ChartTheme, colorway: Any) -> dict[str, Any]:
    """Return the part of a chart's layout that the theme decides; `colorway` has a colour for each trace."""
    return {
        "colorway": colorway,
        "font": {"color": theme.muted},
        "plot_bgcolor": theme.surface,
        "xaxis": {"linecolor": theme.line, "spikecolor": theme.muted},
        "yaxis": {"gridcolor": theme.line, "zerolinecolor": theme.line},
        "hoverlabel": {"bgcolor": theme.surface, "bordercolor": theme.line, "font": {"color": theme.ink}},
    }
