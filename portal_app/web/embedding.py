"""Who may frame the portal, now: the settings' origins and the stored ones, asked for every few seconds at most."""

from __future__ import annotations

import asyncio
import logging
import time

from portal_app.database import current_database
from portal_app.origins import embed_problem
from portal_app.queries.embedding import list_embed_origins
from portal_app.settings import Settings

logger = logging.getLogger(__name__)

FRESH_SECONDS = 2.0
"""How long an answer counts: a change reaches every process within it."""
LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*")


class EmbedOrigins:
    """The origins as one process knows them. While the database does not answer, what was known last stays."""

    def __init__(self, settings: Settings) -> None:
        """Begin with the origins of the settings."""
        self._settings = settings
        self._stored: tuple[str, ...] = ()
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    @property
    def known(self) -> str:
        """The value of `frame-ancestors` without asking anybody."""
        return frame_ancestors(self._settings, self._stored)

    async def current(self) -> str:
        """Return the value of `frame-ancestors`, no older than a few seconds."""
        async with self._asking:
            if time.monotonic() - self._asked_at > FRESH_SECONDS:
                try:
                    self._stored = await current_database().read(list_embed_origins)
                except Exception:  # whatever it is, a page must be answered
                    logger.exception("the stored origins could not be read")
                self._asked_at = time.monotonic()
        return self.known


def frame_ancestors(settings: Settings, stored: tuple[str, ...] = ()) -> str:
    """Return who may frame the portal: the operator's origins; in development this machine's loopback, too.

    Stored origins that may not, because somebody else wrote them or they are of development, are left out.
    """
    good = [origin for origin in stored if not embed_problem(origin, in_production=settings.in_production)]
    loopback = () if settings.in_production else LOOPBACK
    preview = ("'self'",) if settings.serves_operator else tuple(filter(None, (settings.operator_origin,)))
    return " ".join(dict.fromkeys((*settings.embed_origins, *good, *loopback, *preview))) or "'none'"
