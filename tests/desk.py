"""How a browser test gets to a page of the operator's, and what it asks of every page."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from browsing import loaded
from operators import PASSWORD, PEOPLE
from playwright.sync_api import Page
from server import RunningPortal

from portal_app.access.operator_roles import Role

GRAVE = {"serious", "critical"}


def enter(page: Page, operator: RunningPortal, path: str = "/operator", role: Role = Role.ADMIN) -> Page:
    """Sign in as somebody of a role, and come to a page of the operator's."""
    page.goto(f"{operator.origin}{path}")
    page.get_by_label("E-mail").fill(PEOPLE[role])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return loaded(page)


def grave(page: Page) -> list[Any]:
    """Return what axe finds grave."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found if one["impact"] in GRAVE]


def fits(page: Page) -> bool:
    """Tell whether nothing is wider than the screen."""
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return widths[0] <= widths[1]
