"""Share a customer's portal: a form that opens it, and a link that is minted, shown once and copied."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app import clock
from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.errors import NotFound
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean
from portal_app.ui.components.post_form import post_form
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told


class SharedLink(TypedDict):
    """A fresh link, and what it means to hand it on."""

    url: str
    sentence: str


NO_LINK = SharedLink(url="", sentence="")


class SharingState(Desk):
    """The link that was just minted; it is nowhere else, and forgotten when it is put away."""

    link: SharedLink = NO_LINK

    @rx.event
    @told
    async def share(self, external_id: str, name: str) -> None:
        """Mint a link for a customer and show it."""
        now, who, terms = clock.utc_now(), self._who(), MintTerms(address=self._address())
        try:
            minted = await self._do(mint_session, get_settings(), clean(external_id), who.actor, now, terms)
        except NotFound as error:
            self.link = SharedLink(url="", sentence=str(error))
            return
        display = self._display()
        until = f"{display.time(display.local(minted.expires_at))} UTC"
        sentence = _("Anyone with this link sees the billing of {name} until {time}.")
        self.link = SharedLink(url=minted.url, sentence=sentence.format(name=clean(name), time=until))

    @rx.event
    def put_away(self) -> None:
        """Forget the link that was shown."""
        self.link = NO_LINK


def open_form(external_id: rx.Var[str], class_name: str = "") -> rx.Component:
    """Draw the button that opens a customer's portal in a new tab."""
    return post_form(
        rx.el.input(type="hidden", name="customer", value=external_id, read_only=True),
        rx.el.button(_("Open customer portal"), type="submit", class_name=class_name),
        to="/operator/forms/open",
        in_new_tab=True,
    )


def shared_link() -> rx.Component:
    """Draw the link that was minted, until it is put away."""
    link = SharingState.link
    close = rx.el.button(
        rx.el.span("\u2715", aria_hidden="true"),
        type="button",
        class_name="icon",
        aria_label=_("Close"),
        on_click=SharingState.put_away,
        custom_attrs={"data-close": ""},
    )
    shown = rx.fragment(
        rx.el.input(value=link["url"], read_only=True, class_name="field", aria_label=_("Link")),
        rx.el.div(
            rx.el.button(_("Copy link"), type="button", class_name="primary", custom_attrs={"data-copy": link["url"]}),
            rx.el.span(class_name="copied muted", role="status", custom_attrs={"data-copy-now": link["url"]}),
            class_name="row",
        ),
    )
    return rx.cond(
        link["sentence"] != "",
        rx.el.dialog(
            rx.el.div(
                rx.el.h2(_("Portal link"), id="shared"), rx.el.span(class_name="spacer"), close, class_name="row"
            ),
            rx.el.p(link["sentence"]),
            rx.cond(link["url"] != "", shown),
            class_name="box",
            custom_attrs={"data-drawer": "", "aria-labelledby": "shared"},
        ),
    )
