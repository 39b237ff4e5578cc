"""The field that searches a list: its text is in the address, and "/" leads to it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.ui.components.icons import search_icon

TYPING_PAUSE_MS = 250


def search_field(state: Any, placeholder: str, label: str, max_length: int) -> rx.Component:
    """Return the field of a state with a `query`, drawn anew with each `query_version`, and an event `search`."""
    field = rx.el.input(
        type="search",
        name="q",
        key=state.query_version.to(str),
        default_value=state.query,
        placeholder=placeholder,
        aria_label=label,
        auto_complete="off",
        max_length=max_length,
        on_change=state.search.debounce(TYPING_PAUSE_MS),
        custom_attrs={"data-search": ""},
    )
    hint = rx.el.kbd("/", class_name="hide-s", aria_hidden="true")
    return rx.el.div(search_icon(), field, hint, class_name="search", role="search")
