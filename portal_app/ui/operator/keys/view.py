"""Where the parts of API keys stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.badges import status_badge
from portal_app.ui.components.sections import answered, card, card_head, empty, text_or_missing
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.keys.state import LIVES, MAX_CHARACTERS, SCOPES, KeyRow, KeysState


def keys() -> rx.Component:
    """Draw the form that makes a key, and every key there is."""
    none = empty(_("No keys yet"), _("Your programs need one to call the API."))
    return rx.fragment(
        rx.el.h1(_("API keys"), class_name="sr-only"),
        rx.cond(Desk.may_change, _form()),
        card(
            card_head(_("API keys")),
            answered(
                ~KeysState.is_loaded, KeysState.failed, rx.cond(KeysState.rows, _table(), none), "240px", KeysState.load
            ),
        ),
        rx.cond(KeysState.made != "", _made()),
    )


def _form() -> rx.Component:
    boxes = [
        rx.el.label(
            rx.el.input(type="checkbox", name=scope.value),
            rx.el.span(rx.el.code(scope.value), rx.el.small(words)),
            class_name="check",
        )
        for scope, words in SCOPES.items()
    ]
    name = rx.el.input(name="name", max_length=MAX_CHARACTERS, required=True, class_name="field")
    return card(
        card_head(_("New key")),
        rx.el.form(
            rx.el.label(_("Name"), name),
            rx.el.fieldset(rx.el.legend(_("It may")), *boxes, class_name="checks"),
            rx.el.label(
                _("It ends after"),
                rx.el.select(
                    *(rx.el.option(words, value=days) for days, words in LIVES.items()),
                    name="life", default_value="90", class_name="field",
                ),
            ),
            rx.cond(KeysState.refused != "", rx.el.p(KeysState.refused, class_name="notice", role="alert")),
            rx.el.div(rx.el.button(_("Create key"), type="submit", class_name="primary"), class_name="row"),
            on_submit=KeysState.create,
            class_name="form",
        ),
    )  # fmt: skip


def _table() -> rx.Component:
    names = (_("Name"), _("May"), _("Created"), _("Ends"), _("Last used"), _("State"))
    heads = [rx.el.th(name, scope="col") for name in names]
    last = rx.el.th(rx.el.span(_("Actions"), class_name="sr-only"), scope="col")
    return rx.el.table(
        rx.el.thead(rx.el.tr(*heads, last)), rx.el.tbody(rx.foreach(KeysState.rows, _row)), class_name="rows links"
    )


def _row(row: rx.Var[KeyRow]) -> rx.Component:
    revoke = rx.el.button(
        _("Revoke"),
        type="button",
        class_name="ghost danger",
        aria_label=row["revoke_label"],
        on_click=KeysState.revoke(row["key_id"]),
    )
    return rx.el.tr(
        rx.el.td(row["name"], rx.el.small(row["key_id"]), class_name="c-main"),
        rx.el.td(row["scopes"], class_name="c-by"),
        rx.el.td(rx.el.span(_("created"), " ", class_name="only-s"), row["created"], class_name="c-from"),
        rx.el.td(
            rx.el.span(_("ends"), " ", class_name="only-s"), text_or_missing(row["expires"]), class_name="c-expires"
        ),
        rx.el.td(rx.el.span(_("last used"), " ", class_name="only-s"), row["used"], class_name="c-opened"),
        rx.el.td(status_badge(row["badge"]), class_name="c-status"),
        rx.el.td(rx.cond(Desk.may_change & row["may_revoke"], revoke), class_name="num c-do"),
    )


def _made() -> rx.Component:
    close = rx.el.button(
        rx.el.span("\u2715", aria_hidden="true"),
        type="button",
        class_name="icon",
        aria_label=_("Close"),
        on_click=KeysState.put_away,
        custom_attrs={"data-close": ""},
    )
    copy = rx.el.button(_("Copy key"), type="button", class_name="primary", custom_attrs={"data-copy": KeysState.made})
    return rx.el.dialog(
        rx.el.div(rx.el.h2(_("Your new key"), id="made"), rx.el.span(class_name="spacer"), close, class_name="row"),
        rx.el.p(_("Keep it now: it is not shown again, and nobody can look it up.")),
        rx.el.input(value=KeysState.made, read_only=True, class_name="field", aria_label=_("API key")),
        rx.el.div(copy, class_name="row"),
        class_name="box",
        custom_attrs={"data-drawer": "", "aria-labelledby": "made"},
    )
