"""The form of Branding: what it shows of the configuration, and what of the configuration it changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from portal_app.billing.periods import Preset
from portal_app.queries.layout import GRAPH, Ranges, Tab
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean

TEXTS = {
    "name": 255, "legal_name": 255, "address": 1000, "tax_id": 64, "support_email": 200, "return_url": 255,
    "footer": 1000, "locale": 20,
}  # fmt: skip
THEMES = {"system": _("As the reader's device"), "light": _("Light"), "dark": _("Dark")}
PARTS = {
    "wallet_balance": _("Credits and balance"),
    "subscriptions": _("Subscriptions"),
    "usage_graph": _("Usage graph"),
    "usage_breakdown": _("Usage breakdown"),
    "wallet_transactions": _("Transactions"),
    "invoices": _("Invoices"),
}
MOST_LABEL = 40
MOST_PLACE = 99


class PartField(TypedDict):
    """One section of a page; `name` is the field's."""

    name: str
    label: str
    is_shown: bool


class TabField(TypedDict):
    """One page of the portal in the form."""

    id: str
    label: str
    is_shown: bool
    order: str
    parts: list[PartField]


class RangeField(TypedDict):
    """One range that graphs may offer."""

    id: str
    is_offered: bool


def tab_field(tab: Tab, place: int) -> TabField:
    """Return a page as the form shows it. A page with one section has no choice of sections."""
    parts = [
        PartField(name=f"part_{tab.id}_{part.type}", label=PARTS[part.type], is_shown=part.is_shown)
        for part in tab.parts
    ]
    return TabField(
        id=tab.id, label=tab.label, is_shown=tab.is_shown, order=str(place), parts=parts if len(parts) > 1 else []
    )


def ranges_of(tabs: Sequence[Tab]) -> Ranges:
    """Return the ranges that graphs offer: those of the first graph, as the form sets the same for all."""
    return next((part.ranges for tab in tabs for part in tab.parts if part.ranges), Ranges())


def range_fields(ranges: Ranges) -> list[RangeField]:
    """Return every range there is, and whether it is offered."""
    return [RangeField(id=preset.value, is_offered=preset in ranges.offered) for preset in Preset]


def as_sent(tabs: Sequence[Tab], theme: str) -> dict[str, str]:
    """Return the fields of a form that changes nothing, as it would be sent."""
    ranges, sent = ranges_of(tabs), {"theme": theme}
    for place, tab in enumerate(tabs, 1):
        sent |= {f"label_{tab.id}": tab.label, f"order_{tab.id}": str(place), f"shown_{tab.id}": _on(tab.is_shown)}
        sent |= {f"part_{tab.id}_{part.type}": _on(part.is_shown) for part in tab.parts}
    sent |= {f"range_{preset.value}": _on(preset in ranges.offered) for preset in Preset}
    return sent | {"usual_range": ranges.usual.value}


def _on(is_so: bool) -> str:  # noqa: FBT001 (a checkbox)
    return "on" if is_so else ""


def sent_ranges(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says of the ranges, as the configuration writes it."""
    offered = [preset.value for preset in Preset if sent.get(f"range_{preset.value}")]
    return {"date_presets": offered, "default_preset": clean(sent.get("usual_range"))}


def sent_sections(sections: Sequence[Mapping[str, Any]], tabs: Sequence[Tab], sent: Mapping[str, Any]) -> list[Any]:
    """Return the configuration's sections as a form wants them; what the form does not know stays."""
    given = {section["id"]: section for section in sections}
    ours = [_section(given.get(tab.id, {"id": tab.id}), tab, place, sent) for place, tab in enumerate(tabs, 1)]
    known = {tab.id for tab in tabs}
    return [*ours, *(section for section in sections if section["id"] not in known)]


def _section(section: Mapping[str, Any], tab: Tab, place: int, sent: Mapping[str, Any]) -> dict[str, Any]:
    order = clean(sent.get(f"order_{tab.id}"))
    is_place = order.isascii() and order.isdigit() and len(order) <= len(str(MOST_PLACE))
    given: list[Mapping[str, Any]] = list(section.get("tabs") or ())
    ours = [_given_part(given, part.type, number) for number, part in enumerate(tab.parts, 1)]
    others = [part for part in given if part not in ours]
    return {
        **section,
        "label": clean(sent.get(f"label_{tab.id}")).strip()[:MOST_LABEL] or section.get("label"),
        "enabled": bool(sent.get(f"shown_{tab.id}")),
        "order": int(order) if is_place else place,
        "tabs": [*(_part(part, tab, sent) for part in ours), *others],
    }


def _given_part(given: Sequence[Mapping[str, Any]], kind: str, number: int) -> Mapping[str, Any]:
    own = {"id": kind, "type": kind, "order": number}
    return next((part for part in given if part["type"] == kind), own)


def _part(part: Mapping[str, Any], tab: Tab, sent: Mapping[str, Any]) -> dict[str, Any]:
    is_alone = len(tab.parts) == 1
    changed = {**part, "enabled": is_alone or bool(sent.get(f"part_{tab.id}_{part['type']}"))}
    if part["type"] == GRAPH:
        changed[GRAPH] = {**(part.get(GRAPH) or {}), **sent_ranges(sent)}
    return changed
