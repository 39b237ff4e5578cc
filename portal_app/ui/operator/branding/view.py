"""Where the parts of Branding stand."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import answered, card, card_head
from portal_app.ui.operator.branding.state import OWN_ACCENT, TEXTS, BrandingState, TabField
from portal_app.ui.operator.gate import Desk


def branding() -> rx.Component:
    """Draw the form beside a preview of what it would look like."""
    content = rx.el.div(_form(), rx.el.div(_preview(), _logo(), class_name="aside"), class_name="beside")
    return rx.fragment(
        rx.el.h1(_("Branding"), class_name="sr-only"),
        answered(~BrandingState.is_loaded, BrandingState.failed, content, "640px", BrandingState.load),
    )


def _form() -> rx.Component:
    state = BrandingState
    may = Desk.may_change
    return card(
        card_head(_("Branding")),
        rx.el.form(
            _text("name", _("Name"), required=True),
            _text("address", _("Address, printed on invoices"), lines=True),
            _text("tax_id", _("Tax id, printed on invoices")),
            _text("support_email", _("Support e-mail"), type="email"),
            _text("return_url", _("Return link"), type="url"),
            _text("footer", _("Footer"), lines=True),
            rx.el.label(
                _("Accent colour"),
                rx.el.div(
                    rx.el.input(
                        name="accent", default_value=state.accent, placeholder=OWN_ACCENT, max_length=7,
                        class_name="field", on_change=lambda text: state.draw("accent", text).debounce(150),
                    ),
                    class_name="row",
                ),
            ),
            rx.el.p(state.contrast, class_name="label", role="status"),
            rx.cond(
                state.suggested != "",
                rx.el.button(
                    _("Use"), " ", state.suggested, type="button", class_name="ghost", on_click=state.take_suggested
                ),
            ),
            rx.el.fieldset(
                rx.el.legend(_("Pages: name, place, shown in the menu")),
                rx.foreach(state.tabs, _tab),
                class_name="checks",
            ),
            rx.cond(state.refused != "", rx.el.p(state.refused, class_name="notice", role="alert")),
            rx.cond(state.saved, rx.el.p(_("Saved. Customers see it when they next open a page."), role="status")),
            rx.cond(
                may,
                rx.el.div(
                    rx.el.button(_("Save"), type="submit", class_name="primary"),
                    rx.el.button(_("Reset"), type="button", class_name="ghost danger", on_click=state.start_over),
                    class_name="row",
                ),
                rx.el.p(_("Only an admin may change this."), class_name="muted"),
            ),
            on_submit=state.save,
            class_name="form",
            key=state.version.to(str),
        ),
    )  # fmt: skip


def _text(name: str, label: str, *, lines: bool = False, **attributes: Any) -> rx.Component:
    draw = rx.el.textarea if lines else rx.el.input
    field = draw(
        name=name,
        default_value=BrandingState.texts[name],
        max_length=TEXTS[name],
        class_name="field",
        on_change=lambda text: BrandingState.draw(name, text).debounce(200),
        **attributes,
    )
    return rx.el.label(label, field)


def _tab(tab: rx.Var[TabField]) -> rx.Component:
    name = tab["id"].to(str)
    return rx.el.div(
        rx.el.input(
            name="label_" + name, default_value=tab["label"], max_length=40, class_name="field", aria_label=_("Name")
        ),
        rx.el.input(
            name="order_" + name, default_value=tab["order"], type="number", min=1, max=99, class_name="field place",
            aria_label=_("Place"),
        ),
        rx.el.label(
            rx.el.input(
                type="checkbox", name="shown_" + name, default_checked=tab["is_shown"], disabled=tab["is_fixed"]
            ),
            _("Shown"),
            class_name="check",
        ),
        class_name="tab-field",
    )  # fmt: skip


def _preview() -> rx.Component:
    state = BrandingState
    logo = rx.cond(
        state.logo_url != "",
        rx.el.img(src=state.logo_url, alt=state.texts["name"], class_name="logo-image"),
        rx.el.span(state.texts["name"], class_name="logo"),
    )
    tab = rx.foreach(state.tabs, lambda one: rx.cond(one["is_shown"], rx.el.span(one["label"])))
    return card(
        card_head(_("Preview")),
        rx.el.div(
            rx.el.div(logo, rx.el.span(class_name="spacer"), class_name="row"),
            rx.el.div(tab, class_name="row fake-tabs"),
            rx.el.span(_("Download PDF"), class_name="primary"),
            rx.el.p(state.texts["footer"], class_name="label"),
            class_name="branded sample",
            style={
                "--brand": rx.cond(state.accent != "", state.accent, OWN_ACCENT),
                "--brand-dark": rx.cond(state.accent != "", state.accent, OWN_ACCENT),
            },
        ),
    )


def _logo() -> rx.Component:
    upload = rx.fragment(
        rx.el.label(
            _("PNG, JPEG, GIF or WebP, at most 256 KB"),
            rx.el.input(
                type="file",
                accept="image/png,image/jpeg,image/gif,image/webp",
                class_name="field",
                custom_attrs={"data-upload": "/operator/forms/logo"},
            ),
        ),
        rx.el.p(class_name="label", role="status", custom_attrs={"data-upload-answer": ""}),
        rx.el.button(
            type="button", hidden=True, on_click=BrandingState.load, custom_attrs={"data-uploaded": ""},
            aria_label=_("Load again"),
        ),
    )  # fmt: skip
    return card(
        card_head(_("Logo")),
        rx.cond(
            BrandingState.logo_url != "",
            rx.el.img(src=BrandingState.logo_url, alt=_("The logo now"), class_name="logo-image"),
            rx.el.p(_("None: the name stands in its place."), class_name="muted"),
        ),
        rx.cond(Desk.may_change, rx.el.div(upload, class_name="form")),
    )
