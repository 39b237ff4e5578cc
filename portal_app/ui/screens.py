"""What is shown instead of data: while the door is checked, and when it stays closed."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import link, skeleton
from portal_app.ui.gate import GateStatus, Portal


def closed_door() -> rx.Component:
    """Draw the calm screen of each way a link can fail: what happened, what to do, whom to ask."""
    return rx.match(
        Portal.status,
        (GateStatus.LOADING.value, _checking()),
        (
            GateStatus.MISSING.value,
            _screen(
                _("Open your billing page from your account"),
                _("This address works only with a personal link."),
            ),
        ),
        (
            GateStatus.EXPIRED.value,
            _screen(
                _("This link has expired"),
                _(
                    "For your security, billing links work for a limited time. "
                    "Open your billing page again for a fresh one."
                ),
            ),
        ),
        (
            GateStatus.REVOKED.value,
            _screen(
                _("This link was ended"),
                _("Access through this link was withdrawn. Open your billing page again for a fresh one."),
            ),
        ),
        (
            GateStatus.CROWDED.value,
            _screen(
                _("This link is open too often"),
                _("Close one of the other windows that show it, then try again."),
                _try_again(),
            ),
        ),
        (
            GateStatus.UNAVAILABLE.value,
            _screen(
                _("Billing is unavailable right now"),
                _("Your data is safe, but it cannot be read at the moment. Try again in a minute."),
                _try_again(),
            ),
        ),
        _screen(
            _("This link does not work"),
            _("It may be incomplete or damaged. Open your billing page again for a fresh one."),
        ),
    )


def no_such_page(home: str) -> rx.Component:
    """Draw the screen of an address that no page has; it needs no link and asks for nothing."""
    return rx.el.div(
        rx.el.main(
            rx.el.div(
                rx.el.h1(_("There is no such page")),
                rx.el.p(_("The address may be mistyped, or of an older version.")),
                rx.el.p(link(_("Go to the first page"), to=home, class_name="primary")),
                class_name="card",
            ),
            class_name="center",
            id="main",
        ),
        class_name="portal",
    )


def present_again() -> Any:
    """Return the event that presents the page's token once more: the newest it has, and without loading the page."""
    return Portal.renew(rx.Var("window.portalToken()", _var_type=str))


def _try_again() -> rx.Component:
    return rx.el.button(_("Try again"), type="button", class_name="primary", on_click=present_again())


def _checking() -> rx.Component:
    return rx.el.main(
        rx.el.h1(_("Your billing"), class_name="sr-only"), skeleton("190px"), class_name="wrap", id="main"
    )


def _screen(title: str, text: str, *actions: rx.Component) -> rx.Component:
    operator = Portal.operator
    return rx.el.main(
        rx.el.div(
            brand(),
            rx.el.h1(title),
            rx.el.p(text),
            *actions,
            rx.cond(
                operator["return_url"] != "",
                rx.el.p(
                    rx.el.a(
                        _("Back to"), " ", operator["name"],
                        href=operator["return_url"], class_name="primary", rel="noopener noreferrer", target="_top",
                    )
                ),
            ),
            rx.cond(
                operator["support_email"] != "",
                rx.el.p(
                    _("Or write to"), " ",
                    rx.el.a(operator["support_email"], href="mailto:" + operator["support_email"].to(str)),
                    class_name="label",
                ),
            ),
            rx.cond(
                Portal.reference != "", rx.el.p(_("Reference"), " ", rx.el.code(Portal.reference), class_name="label")
            ),
            class_name="card",
        ),
        class_name="center",
        id="main",
        custom_attrs={"data-screen": Portal.status},
    )  # fmt: skip


def brand() -> rx.Component:
    """Draw the operator's logo, or its name where there is none."""
    return rx.cond(
        Portal.operator["logo_url"] != "",
        rx.el.img(src=Portal.operator["logo_url"], alt=Portal.operator["name"], class_name="logo-image"),
        rx.el.span(Portal.operator["name"], class_name="logo"),
    )
