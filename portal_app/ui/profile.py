"""Who bills and who is billed, as every page shows them."""

import re
from collections.abc import Sequence
from typing import TypedDict

from portal_app.colours import NIGHT, WHITE, nearest_readable
from portal_app.display import Display, find_locale
from portal_app.queries.branding import Operator
from portal_app.queries.customers import CustomerProfile
from portal_app.queries.layout import Ranges, Tab
from portal_app.texts import gettext as _
from portal_app.ui.addresses import CREDITS, INVOICES, OVERVIEW, USAGE

TABS = {
    "overview": (OVERVIEW, "Overview", _("Overview")),
    "credits": (CREDITS, "Credits", _("Credits")),
    "invoices": (INVOICES, "Invoices", _("Invoices")),
    "usage": (USAGE, "Usage", _("Usage")),
}
"""The portal's pages by the ids that sections have: where, what the configuration calls them, our own words."""


class TabRow(TypedDict):
    """A tab of the menu: where it leads, and what it says."""

    to: str
    label: str


_LOCALE = re.compile(r"[A-Za-z0-9_-]{2,20}")


class OperatorRow(TypedDict):
    """Who bills, as pages show it. Shown on the screens of a closed door, too.

    `accent` and `accent_dark` are readable on the page's ground in its two themes; empty for the portal's own.
    `shown` tells of each page and of each part of one, such as `overview.usage_graph`, whether it is there.
    """

    name: str
    support_email: str
    return_url: str
    logo_url: str
    accent: str
    accent_dark: str
    footer: str
    tabs: list[TabRow]
    shown: dict[str, bool]


class ProfileRow(TypedDict):
    """The customer, as pages show it."""

    name: str
    initials: str
    external_id: str
    email: str
    address: list[str]
    tax_id: str
    zone: str


NO_OPERATOR = OperatorRow(
    name="", support_email="", return_url="", logo_url="", accent="", accent_dark="", footer="", tabs=[], shown={}
)
NO_PROFILE = ProfileRow(name="", initials="", external_id="", email="", address=[], tax_id="", zone="")


def operator_row(operator: Operator) -> OperatorRow:
    """Word the operator for pages."""
    return OperatorRow(
        name=operator.name,
        support_email=operator.support_email,
        return_url=operator.return_url,
        logo_url="/branding/logo" if operator.logo else "",
        accent=nearest_readable(operator.accent, WHITE) if operator.accent else "",
        accent_dark=nearest_readable(operator.accent, NIGHT) if operator.accent else "",
        footer=operator.footer,
        tabs=[TabRow(to=TABS[tab.id][0], label=_label(tab)) for tab in operator.tabs if tab.is_shown],
        shown=_shown(operator.tabs),
    )


def graph_ranges(operator: Operator) -> dict[str, Ranges]:
    """Return the ranges that are offered on each page with a graph."""
    return {tab.id: part.ranges for tab in operator.tabs for part in tab.parts if part.ranges}


def first_if_hidden(operator: OperatorRow, path: str) -> str:
    """Return where the first page is if the one at `path` is not there, else nothing."""
    hidden = {TABS[name][0] for name in _hidden(operator)}
    return operator["tabs"][0]["to"] if (path.rstrip("/") or OVERVIEW) in hidden else ""


def belongs_to_hidden(operator: OperatorRow, event_name: str) -> bool:
    """Tell whether an event, by its full name, is one of a page that is not there."""
    return any(f"___ui___tabs___{name}___" in event_name for name in _hidden(operator))


def _hidden(operator: OperatorRow) -> list[str]:
    return [name for name in TABS if not operator["shown"].get(name, True)]


def _shown(tabs: Sequence[Tab]) -> dict[str, bool]:
    """Tell what is there; the latest invoices lead to the page of invoices, so they go with it."""
    shown = {tab.id: tab.is_shown for tab in tabs}
    parts = {f"{tab.id}.{part.type}": tab.is_shown and part.is_shown for tab in tabs for part in tab.parts}
    parts["overview.invoices"] = parts["overview.invoices"] and shown["invoices"]
    return shown | parts


def _label(tab: Tab) -> str:
    """Return what the operator calls a tab, or our own words for it."""
    _to, default, words = TABS[tab.id]
    return words if tab.label == default else tab.label


def profile_row(profile: CustomerProfile, display: Display) -> ProfileRow:
    """Word a customer for pages."""
    return ProfileRow(
        name=profile.name,
        initials=initials_of(profile.name),
        external_id=profile.external_id,
        email=profile.email,
        address=list(display.address(profile.address, profile.country)),
        tax_id=profile.tax_id,
        zone=display.zone.key,
    )


def first_locale(*names: str) -> str:
    """Return the first of `names` that CLDR knows, in its own spelling: what a page sends is not kept as sent."""
    known = (find_locale(name) for name in names if _LOCALE.fullmatch(name))
    return next((str(locale) for locale in known if locale), "")


def initials_of(name: str) -> str:
    """Return the first letters of the first word and the last one, or of the only one."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()
