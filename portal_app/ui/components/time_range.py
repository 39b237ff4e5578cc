"""A choice of few, as links: the range of a graph, or how it is shown."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app.billing.periods import Preset, WindowSize
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.components.sections import link
from portal_app.ui.usage_address import UsageAddress


class Choice(TypedDict):
    """One of them: its words, its address, and what a screen reader calls it."""

    label: str
    name: str
    to: str
    current: bool


def range_name(preset: Preset) -> str:
    """Return a range in words: `the last 30 days`."""
    if preset.unit is WindowSize.HOUR:
        words = ngettext("the last hour", "the last {count} hours", preset.length)
    else:
        words = ngettext("the last day", "the last {count} days", preset.length)
    return words.format(count=preset.length)


def range_choices(at: UsageAddress) -> list[Choice]:
    """Return every range that is offered, on this address; none where there is no choice."""
    if len(at.ranges.offered) == 1:
        return []
    return [
        Choice(
            label=preset.value,
            name=_("{range}: {words}").format(range=preset.value, words=range_name(preset)),
            to=at.to(preset=preset),
            current=preset is at.preset,
        )
        for preset in at.ranges.offered
    ]


def view_choices(at: UsageAddress) -> list[Choice]:
    """Return graph and table, on this address."""
    return [
        Choice(label=label, name=label, to=at.to(is_table=is_table), current=is_table is at.is_table)
        for label, is_table in ((_("Chart"), False), (_("Table"), True))
    ]


def segment(choices: rx.Var[list[Choice]], label: str) -> rx.Component:
    """Draw the choices side by side."""
    return rx.el.nav(rx.foreach(choices, _choice), class_name="seg", aria_label=label)


def _choice(choice: rx.Var[Choice]) -> rx.Component:
    return link(
        choice["label"],
        to=choice["to"],
        prevent_scroll_reset=True,
        aria_label=choice["name"],
        custom_attrs={"aria-current": rx.cond(choice["current"], "true", "false")},
    )
