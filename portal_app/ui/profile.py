"""Who bills and who is billed, as every page shows them."""

import re
from typing import TypedDict

from portal_app.colours import NIGHT, WHITE, nearest_readable
from portal_app.display import Display, find_locale
from portal_app.queries.branding import Operator, Tab
from portal_app.queries.customers import CustomerProfile
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
    """

    name: str
    support_email: str
    return_url: str
    logo_url: str
    accent: str
    accent_dark: str
    footer: str
    tabs: list[TabRow]


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
    name="", support_email="", return_url="", logo_url="", accent="", accent_dark="", footer="", tabs=[]
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
    )


def _label(tab: Tab) -> str:
    """Return what the operator calls a tab, or our own words for it."""
    _to, default, words = TABS[tab.id]
    return words if tab.label == default else tab.label


def profile_row(profile: CustomerProfile, display: Display) -> ProfileRow:
    """Word a customer for pages."""
    words = [word for word in profile.name.split() if word[:1].isalnum()]
    return ProfileRow(
        name=profile.name,
        initials="".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper(),
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
