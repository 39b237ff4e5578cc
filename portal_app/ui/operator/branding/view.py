"""Where the parts of Branding stand."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.billing.periods import Preset
from portal_app.texts import gettext as _
from portal_app.ui.components.sections import answered, card, card_head
from portal_app.ui.operator.branding.fields import (
    MOST_LABEL,
    MOST_PLACE,
    TEXTS,
    THEMES,
    PartField,
    RangeField,
    TabField,
)
from portal_app.ui.operator.branding.sample import SamplePart
from portal_app.ui.operator.branding.state import OWN_ACCENT, BrandingState
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
            _text("legal_name", _("Legal name, printed on invoices")),
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
            _choice("theme", _("Theme"), THEMES, state.theme),
            _text("locale", _("Language and formats, such as en_US, for customers without their own")),
            rx.el.fieldset(
                rx.el.legend(_("Pages: name, place, and what is shown of them")),
                rx.foreach(state.tabs, _tab),
                class_name="checks",
            ),
            rx.el.fieldset(
                rx.el.legend(_("Ranges that graphs offer")),
                rx.el.div(rx.foreach(state.ranges, _range), class_name="row ticks"),
                class_name="checks",
            ),
            _choice("usual_range", _("Graphs open with"), {one.value: one.value for one in Preset}, state.usual_range),
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


def _choice(name: str, label: str, words: dict[str, str], chosen: rx.Var[str]) -> rx.Component:
    options = [rx.el.option(text, value=value) for value, text in words.items()]
    return rx.el.label(
        label,
        rx.el.select(
            *options, name=name, default_value=chosen, class_name="field",
            on_change=lambda value: BrandingState.draw(name, value),
        ),
    )  # fmt: skip


def _tab(tab: rx.Var[TabField]) -> rx.Component:
    name = tab["id"].to(str)
    return rx.el.div(
        rx.el.input(
            name="label_" + name, default_value=tab["label"], max_length=MOST_LABEL, class_name="field",
            aria_label=_("Name"), on_change=lambda text: BrandingState.draw("label_" + name, text).debounce(200),
        ),
        rx.el.input(
            name="order_" + name, default_value=tab["order"], type="number", min=1, max=MOST_PLACE,
            class_name="field place", aria_label=_("Place"),
            on_change=lambda text: BrandingState.draw("order_" + name, text).debounce(200),
        ),
        _tick("shown_" + name, _("Shown"), tab["is_shown"]),
        rx.cond(tab["parts"], rx.el.div(rx.foreach(tab["parts"], _part), class_name="row ticks")),
        class_name="tab-field",
        role="group",
        aria_label=tab["label"],
    )  # fmt: skip


def _part(part: rx.Var[PartField]) -> rx.Component:
    return _tick(part["name"].to(str), part["label"], part["is_shown"])


def _range(one: rx.Var[RangeField]) -> rx.Component:
    return _tick("range_" + one["id"].to(str), one["id"], one["is_offered"])


def _tick(name: Any, words: Any, ticked: Any) -> rx.Component:
    box = rx.el.input(
        type="checkbox", name=name, default_checked=ticked, on_change=lambda on: BrandingState.draw(name, on)
    )
    return rx.el.label(box, words, class_name="check")


def _preview() -> rx.Component:
    state, sample = BrandingState, BrandingState.sample
    logo = rx.cond(
        state.logo_url != "",
        rx.el.img(src=state.logo_url, alt=state.texts["name"], class_name="logo-image"),
        rx.el.span(state.texts["name"], class_name="logo"),
    )
    return card(
        card_head(_("Preview")),
        rx.el.div(
            rx.el.div(logo, class_name="row"),
            rx.el.div(rx.foreach(sample["tabs"], rx.el.span), class_name="row fake-tabs"),
            rx.foreach(sample["parts"], _sample_part),
            rx.el.span(_("Download PDF"), class_name="primary"),
            rx.el.p(state.texts["footer"], class_name="label"),
            class_name="branded sample " + sample["ground"].to(str),
            style={"--brand": state.brand, "--brand-dark": state.brand_dark},
        ),
        rx.el.p(_("On invoices"), class_name="label after"),
        rx.el.address(rx.foreach(sample["invoice"], lambda line: rx.el.span(line, class_name="line"))),
    )


def _sample_part(part: rx.Var[SamplePart]) -> rx.Component:
    ranges = rx.foreach(
        part["ranges"], lambda name: rx.el.span(name, class_name=rx.cond(name == part["usual"], "chip on", "chip"))
    )
    return rx.el.div(part["label"], rx.el.span(class_name="spacer"), ranges, class_name="row sample-part")


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
