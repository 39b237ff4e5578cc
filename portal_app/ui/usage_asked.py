"""Ranges of usage that a page has asked for: one that was seen a moment ago is shown again without a query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from portal_app.billing.periods import Preset
from portal_app.queries.usage_on_screen import UsageOnScreen, usage_on_screen
from portal_app.ui.gate import Portal

FRESH = timedelta(minutes=1)


class Asked(NamedTuple):
    """A range, when it was asked for, and the answer."""

    preset: Preset
    at: datetime
    found: UsageOnScreen


async def ask_usage(portal: Portal, before: tuple[Asked, ...], preset: Preset, now: datetime) -> tuple[Asked, ...]:
    """Return what was asked within the last minute, the wanted range first.

    Raises:
        Unavailable: the database did not answer.
    """
    fresh = [asked for asked in before if now - asked.at < FRESH]
    wanted = next((asked for asked in fresh if asked.preset is preset), None)
    if wanted is None:
        wanted = Asked(preset, now, await portal._ask(usage_on_screen, preset, now))
    return (wanted, *(asked for asked in fresh if asked.preset is not preset))
