"""Small signs, drawn: fonts of phones do not have all characters."""

from __future__ import annotations

import reflex as rx


def copy_icon() -> rx.Component:
    """Return two sheets, one upon the other."""
    return _icon(
        rx.el.rect(x="5.5", y="5.5", width="8", height="8", rx="1.5"),
        rx.el.path(d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"),
    )


def search_icon() -> rx.Component:
    """Return a magnifying glass."""
    return _icon(rx.el.circle(cx="7", cy="7", r="4.5"), rx.el.path(d="m10.5 10.5 3 3"))


def _icon(*shapes: rx.Component) -> rx.Component:
    """Return shapes on a field of 16 by 16, in the colour and size of the text around them."""
    return rx.el.svg(
        *shapes,
        view_box="0 0 16 16",
        width="1.15em",
        height="1.15em",
        fill="none",
        stroke="currentColor",
        stroke_width="1.5",
        stroke_linecap="round",
        class_name="glyph",
        custom_attrs={"aria-hidden": "true"},
    )
