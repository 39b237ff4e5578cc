"""What the preview of Branding shows: the menu, the first page and an invoice's head, as the form has them now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from portal_app.queries.layout import Tab, tabs_of
from portal_app.ui.operator.branding.fields import PARTS, sent_sections


class SamplePart(TypedDict):
    """One section of the page that is shown, with the ranges that it offers."""

    label: str
    ranges: list[str]
    usual: str


class Sample(TypedDict):
    """The finished texts of a preview. `ground` is the class that gives it the theme."""

    tabs: list[str]
    parts: list[SamplePart]
    invoice: list[str]
    ground: str


NO_SAMPLE = Sample(tabs=[], parts=[], invoice=[], ground="")
GROUNDS = {"light": "in-light", "dark": "in-dark"}


def sample(
    sections: Sequence[Mapping[str, Any]], tabs: Sequence[Tab], sent: Mapping[str, Any], texts: Mapping[str, str]
) -> Sample:
    """Return the preview of what a form would save."""
    shown = [tab for tab in tabs_of(sent_sections(sections, tabs, sent)) if tab.is_shown]
    parts = [part for part in shown[0].parts if part.is_shown]
    address = [line.strip() for line in texts["address"].splitlines() if line.strip()]
    invoice = [texts["legal_name"] or texts["name"], *address, texts["tax_id"]]
    return Sample(
        tabs=[tab.label for tab in shown],
        parts=[
            SamplePart(
                label=PARTS[part.type],
                ranges=[preset.value for preset in part.ranges.offered] if part.ranges else [],
                usual=part.ranges.usual.value if part.ranges else "",
            )
            for part in parts
        ],
        invoice=[line for line in invoice if line],
        ground=GROUNDS.get(sent.get("theme", ""), ""),
    )
