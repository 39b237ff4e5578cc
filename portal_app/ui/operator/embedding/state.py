"""What Embedding says: the origins that may, the snippet, and what a doctor finds about one."""

from __future__ import annotations

import re
from typing import Any, TypedDict

import reflex as rx

from portal_app import clock
from portal_app.commands.embedding import set_embed_origins
from portal_app.errors import Invalid
from portal_app.labels import Badge, Tone
from portal_app.origins import embed_problem, is_origin
from portal_app.queries.embedding import list_embed_origins
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean
from portal_app.ui.components.badges import BadgeRow, badge_row
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told

MAX_CHARACTERS = 13_000
PASS, FAIL = Badge(_("Pass"), Tone.GOOD), Badge(_("Fail"), Tone.BAD)
SNIPPET = """\
<script type="module" src="{origin}/embed.js"></script>
<customer-portal token-endpoint="/billing-session"></customer-portal>"""


class Check(TypedDict):
    """One thing that a doctor looked at."""

    what: str
    found: str
    badge: BadgeRow


class EmbeddingState(Desk):
    """The finished texts of embedding."""

    origins: str = ""
    of_settings: str = ""
    snippet: str = ""
    checks: list[Check] = []
    saved: bool = False
    refused: str = ""
    failed: str = ""
    is_loaded: bool = False

    @rx.event
    @told
    async def load(self) -> None:
        """Load the origins."""
        settings = get_settings()
        stored, self.failed = await or_reference(self._ask(list_embed_origins))
        self.origins, self.of_settings = "\n".join(stored or ()), ", ".join(settings.embed_origins)
        self.snippet = SNIPPET.format(origin=settings.origin)
        self.saved, self.refused, self.checks, self.is_loaded = False, "", [], True

    @rx.event
    @told
    async def save(self, sent: dict[str, Any]) -> None:
        """Keep the origins, all or none; they count within seconds."""
        self.saved, self.refused = False, ""
        self.origins = clean(sent.get("origins"))[:MAX_CHARACTERS]
        try:
            await self._do(set_embed_origins, self.origins.split(), self._who().actor, clock.utc_now())
        except Invalid as error:
            self.refused = _in_lines(error, self.origins)
            return
        self.saved = True

    @rx.event
    @told
    async def examine(self, sent: dict[str, Any]) -> None:
        """Say what keeps one origin's pages from showing the portal, if anything does."""
        settings, origin = get_settings(), clean(sent.get("origin")).strip()[:255]
        allowed = {*settings.embed_origins, *await self._ask(list_embed_origins)}
        is_https = origin.startswith("https://")
        problem = embed_problem(origin, in_production=settings.in_production)
        found = [
            (_("Scheme, host and port, nothing else"), is_origin(origin), problem),
            (_("No wildcard"), "*" not in origin, _("must not have a wildcard: name each origin")),
            (_("HTTPS"), is_https or not problem, _("browsers show it in pages of https alone")),
            (_("Named in frame-ancestors"), origin in allowed, _("is not among the origins on this page")),
            (_("This portal itself on HTTPS"), settings.origin.startswith("https://") or not settings.in_production,
             _("PORTAL_PUBLIC_URL must be https")),
            (_("A sandboxed iframe needs allow-scripts, allow-same-origin and allow-downloads"), True, ""),
        ]  # fmt: skip
        self.checks = [
            Check(what=what, found="" if good else why, badge=badge_row(PASS if good else FAIL))
            for what, good, why in found
        ]


def _in_lines(error: Invalid, text: str) -> str:
    """Say which line is meant where the error names an origin by its place."""
    place = re.fullmatch(r"origins\[(\d+)\]", str(error.facts["field"]))
    if place is None:
        return str(error)
    origin = list(dict.fromkeys(text.split()))[int(place[1])]
    line = next(number for number, line in enumerate(text.splitlines(), start=1) if origin in line.split())
    return _("Line {line}: {problem}").format(line=line, problem=error.facts["problem"])
