"""What Branding says: the form, how it would look, and what was wrong with it."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from portal_app import clock
from portal_app.colours import LEAST_CONTRAST, WHITE, contrast, is_colour, nearest_readable
from portal_app.commands.branding import check_branding, reset_portal_config, set_portal_config
from portal_app.errors import Invalid
from portal_app.queries.branding import Tab, branding_of_operator, portal_config_of_operator
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.gate import Desk

TEXTS = {"name": 255, "address": 1000, "tax_id": 64, "support_email": 200, "return_url": 255, "footer": 1000}
OWN_ACCENT = "#0b5cad"
ALWAYS_SHOWN = "overview"


class TabField(TypedDict):
    """One page of the portal in the form."""

    id: str
    label: str
    is_shown: bool
    is_fixed: bool
    order: str


class BrandingState(Desk):
    """The finished texts of the form."""

    texts: dict[str, str] = dict.fromkeys(TEXTS, "")
    accent: str = ""
    tabs: list[TabField] = []
    logo_url: str = ""
    contrast: str = ""
    suggested: str = ""
    version: int = 0
    saved: bool = False
    refused: str = ""
    failed: str = ""
    is_loaded: bool = False

    @rx.event
    async def load(self) -> None:
        """Load what is set, over the defaults."""
        await self._load()

    async def _load(self) -> None:
        settings = get_settings()
        config, self.failed = await or_reference(self._ask(portal_config_of_operator, settings))
        if config:
            operator = await self._ask(branding_of_operator, settings)
            value = config.value
            self.texts = {name: str(value.get(name) or "") for name in TEXTS}
            self.accent = operator.accent
            self.logo_url = f"/branding/logo?{self.version + 1}" if operator.logo else ""
            self.tabs = [_field(tab, place) for place, tab in enumerate(operator.tabs, 1)]
            self._judge(self.accent)
            self.version += 1
        self.saved, self.refused, self.is_loaded = False, "", True

    @rx.event
    def draw(self, name: str, text: str) -> None:
        """Show in the preview what is being typed; nothing is kept."""
        text = clean(text)[: TEXTS.get(name, 7)]
        self.saved = False
        if name in TEXTS:
            self.texts = self.texts | {name: text}
        elif name == "accent":
            self.accent = text
            self._judge(text)

    @rx.event
    def take_suggested(self) -> None:
        """Take the nearest colour that can be read."""
        self.accent, self.version = self.suggested, self.version + 1
        self._judge(self.accent)

    @rx.event
    async def save(self, sent: dict[str, Any]) -> None:
        """Keep what the form says, whole or not at all."""
        self.saved, self.refused = False, ""
        texts = {name: clean(sent.get(name)).strip()[:most] for name, most in TEXTS.items()}
        accent = clean(sent.get("accent")).strip().lower()[:7]
        try:
            check_branding(texts | {"accent": accent})
        except Invalid as error:
            self.refused = str(error)
            return
        config = await self._ask(portal_config_of_operator, get_settings())
        theme = {**(config.value["theme"] or {}), "primary_color": accent or None}
        sections = _sections(config.value["sections"], sent)
        value = texts | {"theme": theme, "sections": sections}
        await self._do(set_portal_config, value, self._who().actor, clock.utc_now())
        await self._load()
        self.saved = True

    @rx.event
    async def start_over(self) -> None:
        """Go back to the settings in everything."""
        await self._do(reset_portal_config, self._who().actor, clock.utc_now())
        await self._load()

    def _judge(self, accent: str) -> None:
        shown = accent or OWN_ACCENT
        if not is_colour(shown):
            self.contrast, self.suggested = _("Write a colour such as #0b5cad."), ""
            return
        found = contrast(shown, WHITE)
        words = _("{contrast} : 1 on white, enough") if found >= LEAST_CONTRAST else _("{contrast} : 1, needs 4.5 : 1")
        self.contrast = words.format(contrast=f"{found:.1f}")
        self.suggested = "" if found >= LEAST_CONTRAST else nearest_readable(shown, WHITE)


def _field(tab: Tab, place: int) -> TabField:
    fixed = tab.id == ALWAYS_SHOWN
    return TabField(id=tab.id, label=tab.label, is_shown=tab.is_shown, is_fixed=fixed, order=str(place))


def _sections(sections: list[dict[str, Any]], sent: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections with the labels, places and visibility that a form has for them."""
    changed: list[dict[str, Any]] = []
    for place, section in enumerate(sections, 1):
        name = section["id"]
        order = clean(sent.get(f"order_{name}"))
        changed.append(
            {
                **section,
                "label": clean(sent.get(f"label_{name}")).strip()[:40] or section.get("label"),
                "enabled": bool(sent.get(f"shown_{name}")) or name == ALWAYS_SHOWN,
                "order": int(order) if order.isascii() and order.isdigit() and len(order) <= 2 else place,  # noqa: PLR2004 (99)
            }
        )
    return changed
