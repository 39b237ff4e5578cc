"""Column heads that sort: a link each, which says how the column is sorted now."""

from typing import TypedDict

import reflex as rx

from portal_app.ui.components.sections import link


class SortHead(TypedDict):
    """A column head that sorts: where it leads, and how it is sorted now (`aria-sort`)."""

    to: str
    direction: str


NO_SORT = SortHead(to="", direction="none")


def sorting_head(label: str, head: rx.Var[SortHead], class_name: str = "") -> rx.Component:
    """Draw the head of a column."""
    arrow = rx.match(head["direction"], ("ascending", " \u2191"), ("descending", " \u2193"), "")
    return rx.el.th(
        link(label, rx.el.span(arrow, aria_hidden="true"), to=head["to"], prevent_scroll_reset=True),
        scope="col",
        class_name=class_name,
        custom_attrs={"aria-sort": head["direction"]},
    )
