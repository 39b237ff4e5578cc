"""Where the parts of Embedding stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.sections import answered, card, card_head
from portal_app.ui.operator.embedding.state import MAX_CHARACTERS, Check, EmbeddingState
from portal_app.ui.operator.gate import Desk


def embedding() -> rx.Component:
    """Draw the origins, the snippet and the doctor."""
    content = rx.fragment(_origins(), _snippet(), _doctor())
    return rx.fragment(
        rx.el.h1(_("Embedding"), class_name="sr-only"),
        answered(~EmbeddingState.is_loaded, EmbeddingState.failed, content, "420px", EmbeddingState.load),
    )


def _origins() -> rx.Component:
    state = EmbeddingState
    field = rx.el.textarea(
        name="origins", default_value=state.origins, max_length=MAX_CHARACTERS, class_name="field",
        placeholder="https://app.example.com",
    )  # fmt: skip
    return card(
        card_head(_("Pages that may show the portal")),
        rx.cond(state.of_settings != "", rx.el.p(_("Always, by the settings:"), " ", state.of_settings)),
        rx.el.form(
            rx.el.label(_("Origins, one a line"), field),
            rx.cond(state.refused != "", rx.el.p(state.refused, class_name="notice", role="alert")),
            rx.cond(state.saved, rx.el.p(_("Saved. It counts within seconds."), role="status")),
            rx.cond(
                Desk.may_change,
                rx.el.div(rx.el.button(_("Save"), type="submit", class_name="primary"), class_name="row"),
                rx.el.p(_("Only an admin may change this."), class_name="muted"),
            ),
            on_submit=state.save,
            class_name="form",
        ),
    )


def _snippet() -> rx.Component:
    copy = rx.el.button(
        _("Copy"), type="button", class_name="ghost", custom_attrs={"data-copy": EmbeddingState.snippet}
    )
    return card(
        card_head(_("What to paste"), rx.el.span(class_name="spacer"), copy),
        rx.el.pre(rx.el.code(EmbeddingState.snippet), class_name="snippet", tab_index=0),
        rx.el.p(
            _("/billing-session is an address of your own that mints a link for whoever is signed in."),
            class_name="muted",
        ),
    )


def _doctor() -> rx.Component:
    return card(
        card_head(_("Doctor")),
        rx.el.form(
            rx.el.label(
                _("Origin of the page"),
                rx.el.input(name="origin", max_length=255, required=True, class_name="field"),
            ),
            rx.el.div(rx.el.button(_("Examine"), type="submit", class_name="ghost"), class_name="row"),
            on_submit=EmbeddingState.examine,
            class_name="form",
        ),
        rx.el.ul(rx.foreach(EmbeddingState.checks, _check), class_name="payments", role="status"),
    )


def _check(check: rx.Var[Check]) -> rx.Component:
    return rx.el.li(
        rx.el.div(check["what"], rx.el.span(class_name="spacer"), status_badge(check["badge"]), class_name="row"),
        rx.cond(check["found"] != "", rx.el.small(check["found"])),
    )
