"""What a page says of its session's end, and what assets/session.js holds on to."""

from __future__ import annotations

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.gate import Portal
from portal_app.ui.screens import present_again


def session_marks() -> rx.Component:
    """Draw what nobody sees: the session's end and state for the script, and what it presses."""
    return rx.el.div(
        rx.el.button(type="button", on_click=present_again(), custom_attrs={"data-renew": ""}),
        rx.el.button(type="button", on_click=Portal.confirm, custom_attrs={"data-confirm": ""}),
        id="session",
        hidden=True,
        custom_attrs={"data-status": Portal.status, "data-term": Portal.term, "data-refused": Portal.refused},
    )


def session_ends_soon() -> rx.Component:
    """Draw the countdown of the last minutes; the script shows it and writes the time into it."""
    operator = Portal.operator
    return rx.el.div(
        rx.el.p(
            _("This page closes in"), " ", rx.el.strong(custom_attrs={"data-left": ""}), ". ",
            rx.cond(
                operator["return_url"] != "",
                rx.el.a(
                    _("Open a fresh one"), href=operator["return_url"], rel="noopener noreferrer", target="_top"
                ),
                rx.el.span(_("Open your billing page again for a fresh one.")),
            ),
        ),
        id="countdown",
        class_name="ends-soon",
        role="timer",
        hidden=True,
    )  # fmt: skip


def session_over() -> rx.Component:
    """Draw what is shown of an end that the page itself notices: after a sleep, before the server can say so."""
    return rx.el.div(
        rx.el.p(rx.el.strong(_("This link has expired"))),
        rx.el.p(_("Open your billing page again for a fresh one.")),
        class_name="over-screen center",
    )
