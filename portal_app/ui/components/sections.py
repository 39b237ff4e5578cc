"""The parts every tab is made of: cards, what they show while loading, empty or failed, facts, and links."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink

from portal_app.texts import gettext as _


def card(*children: rx.Component, **attributes: Any) -> rx.Component:
    """Draw a titled region of the page."""
    return rx.el.section(*children, **{"class_name": "card"} | attributes)


def card_head(title: Any, *beside: rx.Component) -> rx.Component:
    """Draw a card's title and what stands beside it."""
    return rx.el.div(rx.el.h2(title), *beside, class_name="row")


def answered(loading: Any, reference: rx.Var[str], content: rx.Component, height: str, retry: Any) -> rx.Component:
    """Show a section's content once it is there: before that a skeleton of its size, on failure why and Retry."""
    return rx.cond(
        reference != "",
        failure(reference, retry),
        rx.cond(loading, skeleton(height), content),
    )


def skeleton(height: str) -> rx.Component:
    """Hold the place of what is being loaded; visible only after 150 ms."""
    return rx.el.div(
        rx.el.span(_("Loading"), class_name="sr-only"),
        class_name="skeleton",
        style={"height": height},
        aria_busy="true",
    )


def failure(reference: rx.Var[str], retry: Any) -> rx.Component:
    """Say that this section could not be loaded: not empty, not zero."""
    return rx.el.div(
        rx.el.p(rx.el.strong(_("This could not be loaded.")), " ", _("Nothing is lost; try again in a moment.")),
        rx.el.p(_("Reference"), " ", rx.el.code(reference), class_name="label"),
        rx.el.button(_("Retry"), type="button", class_name="ghost", on_click=retry),
        class_name="notice",
        role="alert",
    )


def empty(title: str, text: str | rx.Var[str], *actions: rx.Component) -> rx.Component:
    """Say what is not there, and why."""
    return rx.el.div(rx.el.p(rx.el.strong(title)), rx.el.p(text, class_name="muted"), *actions, class_name="empty")


def fact(label: str, value: Any, shown: Any = True) -> rx.Component:  # noqa: FBT002 (a var, most often)
    """Draw one line of a list of facts, if `shown`."""
    line = rx.el.div(rx.el.dt(label), rx.el.dd(value), class_name="fact")
    return line if shown is True else rx.cond(shown, line)


def facts(*lines: rx.Component, **attributes: Any) -> rx.Component:
    """Draw a list of labelled facts."""
    return rx.el.dl(*lines, class_name="facts", **attributes)


def link(*children: Any, to: Any, **attributes: Any) -> rx.Component:
    """Draw a link inside the portal: the page stays, the address changes."""
    return ReactRouterLink.create(*children, to=to, **attributes)


def missing() -> rx.Component:
    """Draw the dash of what does not apply."""
    return rx.el.span(rx.el.span("\u2014", aria_hidden="true"), rx.el.span(_("not applicable"), class_name="sr-only"))


def text_or_missing(text: rx.Var[str]) -> rx.Component:
    """Draw `text`, or the dash where it is empty."""
    return rx.cond(text != "", rx.el.span(text), missing())
