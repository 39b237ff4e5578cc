"""What Branding says: the form, how it would look, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reflex as rx

from portal_app import clock
from portal_app.colours import LEAST_CONTRAST, NIGHT, WHITE, contrast, is_colour, nearest_readable
from portal_app.commands.branding import check_branding, reset_portal_config, set_portal_config
from portal_app.errors import Invalid
from portal_app.queries.branding import Operator, PortalConfig, branding_of_operator, portal_config_of_operator
from portal_app.queries.layout import Tab
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.branding.fields import (
    TEXTS,
    RangeField,
    TabField,
    as_sent,
    range_fields,
    ranges_of,
    sent_ranges,
    sent_sections,
    tab_field,
)
from portal_app.ui.operator.branding.sample import NO_SAMPLE, Sample, sample
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told

OWN_ACCENT = "#0b5cad"


class BrandingState(Desk):
    """The finished texts of the form."""

    texts: dict[str, str] = dict.fromkeys(TEXTS, "")
    accent: str = ""
    tabs: list[TabField] = []
    ranges: list[RangeField] = []
    usual_range: str = ""
    theme: str = "system"
    logo_url: str = ""
    contrast: str = ""
    suggested: str = ""
    brand: str = OWN_ACCENT
    brand_dark: str = OWN_ACCENT
    sample: Sample = NO_SAMPLE
    version: int = 0
    saved: bool = False
    refused: str = ""
    failed: str = ""
    is_loaded: bool = False
    _sections: list[dict[str, Any]] = []
    _tabs: tuple[Tab, ...] = ()
    _sent: dict[str, str] = {}

    @rx.event
    @told
    async def load(self) -> None:
        """Load what is set, over the defaults."""
        await self._load()

    async def _load(self) -> None:
        found, self.failed = await or_reference(self._found())
        if found:
            config, operator = found
            self.texts = {name: str(config.value.get(name) or "") for name in TEXTS}
            self.accent, self.theme = operator.accent, operator.theme
            self.logo_url = f"/branding/logo?{self.version + 1}" if operator.logo else ""
            self._sections, self._tabs = list(config.value["sections"]), operator.tabs
            self.tabs = [tab_field(tab, place) for place, tab in enumerate(operator.tabs, 1)]
            ranges = ranges_of(operator.tabs)
            self.ranges, self.usual_range = range_fields(ranges), ranges.usual.value
            self._sent = as_sent(operator.tabs, operator.theme)
            self._judge(self.accent)
            self._redraw()
            self.version += 1
        self.saved, self.refused, self.is_loaded = False, "", True

    async def _found(self) -> tuple[PortalConfig, Operator]:
        settings = get_settings()
        config = await self._ask(portal_config_of_operator, settings)
        return config, await self._ask(branding_of_operator, settings)

    @rx.event
    def draw(self, name: str, value: Any) -> None:
        """Show in the preview what is being typed or ticked; nothing is kept."""
        text = ("on" if value else "") if isinstance(value, bool) else clean(value)[: TEXTS.get(name, 40)]
        self.saved = False
        if name in TEXTS:
            self.texts = self.texts | {name: text}
        elif name == "accent":
            self.accent = text[:7]
            self._judge(self.accent)
        elif name in self._sent:
            self._sent = self._sent | {name: text}
        self._redraw()

    @rx.event
    def take_suggested(self) -> None:
        """Take the nearest colour that can be read."""
        self.accent, self.version = self.suggested, self.version + 1
        self._judge(self.accent)

    @rx.event
    @told
    async def save(self, sent: dict[str, Any]) -> None:
        """Keep what the form says, whole or not at all."""
        self.saved, self.refused = False, ""
        texts = {name: clean(sent.get(name)).strip()[:most] for name, most in TEXTS.items()}
        accent = clean(sent.get("accent")).strip().lower()[:7]
        config = await self._ask(portal_config_of_operator, get_settings())
        sections = sent_sections(config.value["sections"], self._tabs, sent)
        try:
            check_branding(texts | {"accent": accent, "sections": sections, "default_theme": clean(sent.get("theme"))})
            _check_ranges(sent)
        except Invalid as error:
            self.refused = str(error)
            return
        theme = {**(config.value["theme"] or {}), "primary_color": accent or None}
        value = texts | {"theme": theme, "sections": sections, "default_theme": clean(sent.get("theme"))}
        value["locale"] = value["locale"] or None
        await self._do(set_portal_config, value, self._who().actor, clock.utc_now())
        await self._load()
        self.saved = True

    @rx.event
    @told
    async def start_over(self) -> None:
        """Go back to the settings in everything."""
        await self._do(reset_portal_config, self._who().actor, clock.utc_now())
        await self._load()

    def _redraw(self) -> None:
        self.sample = sample(self._sections, self._tabs, self._sent, self.texts)

    def _judge(self, accent: str) -> None:
        shown = accent or OWN_ACCENT
        if not is_colour(shown):
            self.contrast, self.suggested = _("Write a colour such as #0b5cad."), ""
            return
        self.brand, self.brand_dark = nearest_readable(shown, WHITE), nearest_readable(shown, NIGHT)
        found = contrast(shown, WHITE)
        words = _("{contrast} : 1 on white, enough") if found >= LEAST_CONTRAST else _("{contrast} : 1, needs 4.5 : 1")
        self.contrast = words.format(contrast=f"{found:.1f}")
        self.suggested = "" if found >= LEAST_CONTRAST else nearest_readable(shown, WHITE)


def _check_ranges(sent: Mapping[str, Any]) -> None:
    """Refuse ranges that a graph could not open with.

    Raises:
        Invalid: there is none, or the usual one is not among them.
    """
    ranges = sent_ranges(sent)
    if not ranges["date_presets"]:
        raise Invalid(field="ranges of graphs", problem="are missing: offer at least one")
    if ranges["default_preset"] not in ranges["date_presets"]:
        raise Invalid(field="range that graphs open with", problem="must be one of those that are offered")
