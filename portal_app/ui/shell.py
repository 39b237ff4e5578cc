"""What stands around every tab: header, profile, tabs, footer, and what is said of the session and the connection."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import fact, facts, link
from portal_app.ui.gate import GateStatus, Portal
from portal_app.ui.profile import TabRow
from portal_app.ui.screens import brand, closed_door
from portal_app.ui.session import session_ends_soon, session_marks, session_over


def shell(path: str, content: rx.Component) -> rx.Component:
    """Draw a tab inside the portal if the door is open, else the screen that says why not."""
    page = rx.fragment(
        rx.el.a(_("Skip to content"), href="#main", class_name="skip"),
        session_ends_soon(),
        _header(),
        _tabs(path),
        rx.el.main(content, class_name="wrap", id="main", tab_index=-1),
        _footer(),
        _profile(),
    )
    return rx.el.div(
        session_marks(),
        rx.cond(
            has_connection_errors,
            rx.el.p(_("Connection lost. Trying again\u2026"), class_name="offline", role="status"),
        ),
        rx.cond(Portal.status == GateStatus.OPEN.value, rx.fragment(page, session_over()), closed_door()),
        class_name=rx.cond(Portal.operator["accent"] != "", "portal branded", "portal"),
        style={"--brand": Portal.operator["accent"], "--brand-dark": Portal.operator["accent_dark"]},
    )


def _header() -> rx.Component:
    operator, profile = Portal.operator, Portal.profile
    return rx.el.header(
        rx.el.div(
            brand(),
            rx.el.span(class_name="sep"),
            rx.el.button(
                rx.el.span(profile["initials"], class_name="avatar", aria_hidden="true"),
                rx.el.span(profile["name"], class_name="who-name"),
                type="button",
                class_name="who",
                aria_haspopup="dialog",
                custom_attrs={"popoverTarget": "profile"},
            ),
            rx.el.span(class_name="spacer"),
            rx.cond(
                operator["return_url"] != "",
                rx.el.a(
                    rx.el.span("\u2190", aria_hidden="true"),
                    rx.el.span(_("Back to"), " ", operator["name"], class_name="back-words"),
                    href=operator["return_url"],
                    class_name="ghost back",
                    rel="noopener noreferrer",
                    target="_top",
                ),
            ),
            rx.el.button(
                rx.el.span("\u25d0", aria_hidden="true"),
                type="button",
                class_name="icon",
                aria_label=_("Switch between light and dark"),
                on_click=rx.toggle_color_mode,
            ),
            class_name="wrap",
        )
    )  # fmt: skip


def _tabs(path: str) -> rx.Component:
    return rx.el.nav(
        rx.el.div(
            rx.foreach(Portal.operator["tabs"], lambda tab: _tab(tab, path)),
            class_name="wrap",
            custom_attrs={"data-tabs": ""},
        ),
        class_name="tabs",
        aria_label=_("Sections"),
    )


def _tab(tab: rx.Var[TabRow], path: str) -> rx.Component:
    return rx.cond(
        tab["to"] == path,
        link(tab["label"], to=tab["to"], custom_attrs={"aria-current": "page"}),
        link(tab["label"], to=tab["to"]),
    )


def _profile() -> rx.Component:
    profile = Portal.profile
    return rx.el.div(
        rx.el.div(
            rx.el.h2(profile["name"]),
            rx.el.span(class_name="spacer"),
            rx.el.button(
                rx.el.span("\u2715", aria_hidden="true"),
                type="button",
                class_name="icon",
                aria_label=_("Close"),
                custom_attrs={"popoverTarget": "profile", "popoverTargetAction": "hide"},
            ),
            class_name="row",
        ),
        facts(
            fact(_("Customer id"), profile["external_id"]),
            fact(_("E-mail"), profile["email"], profile["email"] != ""),
            fact(
                _("Address"),
                rx.foreach(profile["address"], lambda line: rx.el.span(line, class_name="line")),
                profile["address"].length() > 0,
            ),
            fact(_("Tax id"), profile["tax_id"], profile["tax_id"] != ""),
            fact(_("Time zone"), profile["zone"]),
        ),
        _contact(_("Something wrong?"), _("Contact support to change these details")),
        id="profile",
        class_name="panel",
        role="dialog",
        aria_label=_("Your details"),
        custom_attrs={"popover": "auto"},
    )


def _contact(question: str, words: str) -> rx.Component:
    """Draw the way to the operator, where one is known."""
    email = Portal.operator["support_email"]
    return rx.cond(
        email != "", rx.el.p(question, " ", rx.el.a(words, href="mailto:" + email.to(str)), class_name="muted")
    )


def _footer() -> rx.Component:
    return rx.el.footer(
        _contact(_("Questions about a charge, your plan or payment details?"), _("Contact support")),
        rx.el.p(_("Times in"), " ", Portal.profile["zone"]),
        rx.cond(Portal.operator["footer"] != "", rx.el.p(Portal.operator["footer"])),
        class_name="wrap",
    )
