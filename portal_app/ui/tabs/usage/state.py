"""What Usage says: a range's graph or table, its breakdown, and why one row costs what it does."""

from __future__ import annotations

from typing import Any

from portal_app import clock
from portal_app.access.downloads import FileKind
from portal_app.errors import NotFound
from portal_app.queries.usage_moments import usage_moments
from portal_app.queries.usage_on_screen import UsageOnScreen
from portal_app.ui.addresses import USAGE
from portal_app.ui.components.time_range import Choice, range_choices, view_choices
from portal_app.ui.components.usage_card import NO_CARD, UsageCard, usage_card
from portal_app.ui.components.usage_words import freshness
from portal_app.ui.downloads import file_download, usage_subject
from portal_app.ui.gate import Portal, portal_event
from portal_app.ui.loading import or_reference
from portal_app.ui.tabs.usage.breakdown import NO_BREAKDOWN, Breakdown, breakdown
from portal_app.ui.tabs.usage.explanation import NO_EXPLANATION, Explanation, explanation
from portal_app.ui.usage_address import EVERY_RANGE, UsageAddress, usage_address
from portal_app.ui.usage_asked import Asked, ask_usage


class UsageState(Portal):
    """The Usage tab's finished texts."""

    ranges: list[Choice] = []
    views: list[Choice] = []
    freshness: str = ""
    card: UsageCard = NO_CARD
    breakdown: Breakdown = NO_BREAKDOWN
    why: Explanation = NO_EXPLANATION
    failed: str = ""
    is_loaded: bool = False
    is_dimmed: bool = False
    _asked: tuple[Asked, ...] = ()

    @portal_event()
    def turn(self) -> None:
        """Show at once what the address asks for; what is on screen stays, dimmed, until that is here."""
        at = self._at()
        self.ranges, self.views = range_choices(at), view_choices(at)
        self.is_dimmed = self.is_loaded

    @portal_event()
    async def load(self) -> None:
        """Load what the address names."""
        at, now, display = self._at(), clock.utc_now(), self._display()
        asked, self.failed = await or_reference(ask_usage(self, self._asked, at.preset, now))
        if asked:
            self._asked, found = asked, asked[0].found
            self.freshness = freshness(found.report.freshness, display, now)
            self.card = usage_card(found, at, display)
            self.breakdown = breakdown(found, at, display)
            self.why = await self._explained(found, at.why)
        self.is_loaded, self.is_dimmed = True, False

    @portal_event()
    def export_breakdown(self) -> Any:
        """Download the breakdown of the range on screen as CSV."""
        return self._export(FileKind.USAGE_BREAKDOWN_CSV)

    @portal_event()
    def export_series(self) -> Any:
        """Download every window of the range on screen as CSV."""
        return self._export(FileKind.USAGE_SERIES_CSV)

    def _at(self) -> UsageAddress:
        return usage_address(USAGE, self._parameters(), self._ranges.get("usage", EVERY_RANGE))

    def _export(self, kind: FileKind) -> Any:
        if not self._asked:
            return None
        return file_download(self, kind, usage_subject(self._asked[0].preset, self._asked[0].at))

    async def _explained(self, found: UsageOnScreen, public_id: str) -> Explanation:
        one = next((one for one in found.report.series if one.feature.public_id == public_id), None)
        if one is None:
            return NO_EXPLANATION
        try:
            moments, reference = await or_reference(self._ask(usage_moments, public_id, found.report.counted))
        except NotFound:
            return NO_EXPLANATION
        if moments is None:
            return Explanation(**{**NO_EXPLANATION, "id": public_id, "problem": reference})
        return explanation(one, moments, self._display())
