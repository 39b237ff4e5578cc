"""What stands where in the portal: its pages, the parts of each, the ranges a graph offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal_app.billing.periods import Preset

GRAPH = "usage_graph"
FIRST = "overview"
"""The page that is there where nothing else is."""

DEFAULT_SECTIONS: list[dict[str, Any]] = [
    {"id": "overview", "label": "Overview", "enabled": True, "order": 1, "tabs": [
        {"id": "wallet_balance", "type": "wallet_balance", "enabled": True, "order": 1},
        {"id": "subscriptions", "type": "subscriptions", "enabled": True, "order": 2},
        {"id": "usage_graph", "type": "usage_graph", "enabled": True, "order": 3, "usage_graph": {
            "date_presets": ["1d", "7d", "30d"], "default_preset": "30d", "allow_custom_date_range": False,
            "feature_filter_mode": "all"}},
        {"id": "invoices", "type": "invoices", "enabled": True, "order": 4},
    ]},
    {"id": "credits", "label": "Credits", "enabled": True, "order": 2, "tabs": [
        {"id": "wallet_balance", "type": "wallet_balance", "enabled": True, "order": 1},
        {"id": "wallet_transactions", "type": "wallet_transactions", "enabled": True, "order": 2},
    ]},
    {"id": "invoices", "label": "Invoices", "enabled": True, "order": 3, "tabs": [
        {"id": "invoices", "type": "invoices", "enabled": True, "order": 1},
    ]},
    {"id": "usage", "label": "Usage", "enabled": True, "order": 4, "tabs": [
        {"id": "usage_graph", "type": "usage_graph", "enabled": True, "order": 1, "usage_graph": {
            "date_presets": ["1d", "7d", "30d"], "default_preset": "30d", "allow_custom_date_range": False,
            "feature_filter_mode": "all"}},
        {"id": "usage_breakdown", "type": "usage_breakdown", "enabled": True, "order": 2},
    ]},
]  # fmt: skip
"""What the portal's pages show, in their order, until the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Which ranges a graph offers, the shortest first, and which of them it opens with."""

    offered: tuple[Preset, ...] = tuple(Preset)
    usual: Preset = Preset.LAST_MONTH


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a page, by the type that the configuration calls it. Only graphs have ranges."""

    type: str
    is_shown: bool
    ranges: Ranges | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of the portal as the operator wants it: which, what it is called, whether it is there, its parts."""

    id: str
    label: str
    is_shown: bool
    parts: tuple[Part, ...] = ()


def tabs_of(sections: Sequence[Mapping[str, Any]]) -> tuple[Tab, ...]:
    """Return the portal's pages as some sections want them; those that no section names come last and are not shown.

    A page without parts is not shown either. If none is left, the first page is, with all its parts.
    """
    own = {section["id"]: section for section in DEFAULT_SECTIONS}
    ordered = sorted((section for section in sections if section["id"] in own), key=lambda one: one.get("order", 0))
    missing = own.keys() - {section["id"] for section in ordered}
    tabs = [
        *(_tab(section, own[section["id"]]) for section in ordered),
        *(_tab({**section, "enabled": False}, section) for name, section in own.items() if name in missing),
    ]
    if not any(tab.is_shown for tab in tabs):
        tabs = [_tab(own[FIRST], own[FIRST]), *(tab for tab in tabs if tab.id != FIRST)]
    return tuple(tabs)


def _tab(section: Mapping[str, Any], own: Mapping[str, Any]) -> Tab:
    """Return a page; a section that says nothing of parts has all of them."""
    given = section.get("tabs") or own["tabs"]
    parts = tuple(_part(one["type"], given) for one in own["tabs"])
    is_shown = section.get("enabled", True) and any(part.is_shown for part in parts)
    return Tab(section["id"], section.get("label") or own["label"], is_shown, parts)


def _part(kind: str, given: Sequence[Mapping[str, Any]]) -> Part:
    found = next((one for one in given if one["type"] == kind), None)
    is_shown = found is not None and found.get("enabled", True)
    return Part(kind, is_shown, _ranges((found or {}).get(GRAPH) or {}) if kind == GRAPH else None)


def _ranges(graph: Mapping[str, Any]) -> Ranges:
    """Return what a graph offers of the ranges that there are: all, if it names none of them."""
    named = graph.get("date_presets") or ()
    offered = tuple(preset for preset in Preset if preset.value in named) or tuple(Preset)
    usual = next((preset for preset in offered if preset.value == graph.get("default_preset")), offered[-1])
    return Ranges(offered, usual)
