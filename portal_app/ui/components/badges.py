"""A status: word, icon and colour together, so that none of them has to carry it alone."""

from typing import TypedDict

import reflex as rx

from portal_app.labels import Badge


class BadgeRow(TypedDict):
    """A badge as a state holds it."""

    label: str
    tone: str
    icon: str


NO_BADGE = BadgeRow(label="", tone="off", icon="")


def badge_row(badge: Badge) -> BadgeRow:
    """Return a badge as text for a state."""
    return BadgeRow(label=badge.label, tone=badge.tone.value, icon=badge.icon)


def status_badge(badge: rx.Var[BadgeRow]) -> rx.Component:
    """Draw a badge."""
    return rx.el.span(
        rx.el.span(badge["icon"], aria_hidden="true"),
        badge["label"],
        class_name="badge " + badge["tone"].to(str),
    )
