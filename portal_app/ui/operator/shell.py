"""What stands around every page of the operator's: header, sections, who is signed in; or the way to sign in."""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from portal_app.texts import gettext as _
from portal_app.ui.components.post_form import post_form
from portal_app.ui.components.sections import fact, facts, link, skeleton
from portal_app.ui.operator.addresses import AUDIT, BRANDING, CUSTOMER, CUSTOMERS, EMBEDDING, IMPORT, KEYS
from portal_app.ui.operator.gate import Desk, DeskStatus
from portal_app.ui.operator.told import trouble

PAGES: dict[str, str] = {
    CUSTOMERS: _("Customers"),
    BRANDING: _("Branding"),
    EMBEDDING: _("Embedding"),
    KEYS: _("API keys"),
    IMPORT: _("Import"),
    AUDIT: _("Audit log"),
}
"""The pages of the menu: where, and what it says."""


def shell(path: str, content: rx.Component) -> rx.Component:
    """Draw a page if the door is open, else the form to sign in."""
    page = rx.fragment(
        rx.el.a(_("Skip to content"), href="#main", class_name="skip"),
        _header(),
        _menu(path),
        rx.el.main(trouble(), content, class_name="wrap", id="main", tab_index=-1),
        _account(),
    )
    return rx.el.div(
        rx.el.link(rel="stylesheet", href="/desk.css"),
        rx.el.script(src="/desk.js", defer=True),
        rx.cond(
            has_connection_errors,
            rx.el.p(_("Connection lost. Trying again\u2026"), class_name="offline", role="status"),
        ),
        rx.match(
            Desk.status,
            (DeskStatus.OPEN.value, page),
            (DeskStatus.LOADING.value, _loading()),
            (DeskStatus.UNAVAILABLE.value, _unavailable()),
            _sign_in(),
        ),
        class_name="portal desk",
    )


def _header() -> rx.Component:
    return rx.el.header(
        rx.el.div(
            rx.el.span(Desk.business, class_name="logo"),
            rx.el.span(_("Operator"), class_name="badge note"),
            rx.el.span(class_name="spacer"),
            rx.el.button(
                rx.el.span("\u25d0", aria_hidden="true"),
                type="button",
                class_name="icon",
                aria_label=_("Switch between light and dark"),
                on_click=rx.toggle_color_mode,
            ),
            rx.el.button(
                rx.el.span(Desk.who["initials"], class_name="avatar", aria_hidden="true"),
                rx.el.span(Desk.who["name"], class_name="who-name"),
                type="button",
                class_name="who",
                aria_haspopup="dialog",
                custom_attrs={"popoverTarget": "account"},
            ),
            class_name="wrap",
        )
    )


def _menu(path: str) -> rx.Component:
    here, at = {"aria-current": "page"}, CUSTOMERS if path == CUSTOMER else path
    return rx.el.nav(
        rx.el.div(
            *(link(label, to=to, custom_attrs=here if to == at else {}) for to, label in PAGES.items()),
            class_name="wrap",
            custom_attrs={"data-tabs": ""},
        ),
        class_name="tabs",
        aria_label=_("Pages"),
    )


def _account() -> rx.Component:
    who = Desk.who
    return rx.el.div(
        rx.el.h2(who["name"]),
        facts(fact(_("E-mail"), who["email"]), fact(_("Role"), who["role"])),
        post_form(rx.el.button(_("Sign out"), type="submit", class_name="ghost"), to="/operator/forms/sign-out"),
        post_form(
            rx.el.button(_("Sign out everywhere"), type="submit", class_name="ghost"),
            to="/operator/forms/sign-out-everywhere",
        ),
        id="account",
        class_name="panel at-end",
        role="dialog",
        aria_label=_("Your account"),
        custom_attrs={"popover": "auto"},
    )  # fmt: skip


def _loading() -> rx.Component:
    return rx.el.main(rx.el.h1(_("Operator"), class_name="sr-only"), skeleton("190px"), class_name="wrap", id="main")


def _unavailable() -> rx.Component:
    return _screen(
        rx.el.h1(_("This is unavailable right now")),
        rx.el.p(_("The data is safe, but it cannot be read at the moment. Try again in a minute.")),
        rx.el.button(_("Try again"), type="button", class_name="primary", custom_attrs={"data-reload": ""}),
    )


def _sign_in() -> rx.Component:
    problem = rx.match(
        Desk.problem,
        ("refused", _notice(_("The e-mail address or the password is wrong."))),
        ("locked", _notice(_("Too many wrong passwords from here. Try again in 15 minutes."))),
        rx.cond(Desk.was_open, _notice(_("Your session has ended. Sign in again to go on."))),
    )
    field = {"class_name": "field", "required": True}
    return _screen(
        rx.el.h1(_("Sign in")),
        rx.el.p(_("For the people of"), " ", Desk.business, "."),
        problem,
        post_form(
            rx.el.label(
                _("E-mail"), rx.el.input(type="email", name="email", auto_complete="username", max_length=200, **field)
            ),
            rx.el.label(
                _("Password"),
                rx.el.input(type="password", name="password", auto_complete="current-password", **field),
            ),
            rx.el.input(type="hidden", name="next", value=Desk.here, read_only=True),
            rx.el.button(_("Sign in"), type="submit", class_name="primary"),
            to="/operator/forms/sign-in",
            class_name="form",
        ),
    )


def _notice(text: str) -> rx.Component:
    return rx.el.p(text, class_name="notice", role="alert")


def _screen(*children: rx.Component) -> rx.Component:
    return rx.el.main(
        rx.el.div(*children, class_name="card"),
        class_name="center",
        id="main",
        custom_attrs={"data-screen": Desk.status},
    )
