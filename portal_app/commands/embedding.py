"""Say which pages may frame the portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete

from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.embedding import EmbedOrigin
from portal_app.origins import embed_problem
from portal_app.queries.embedding import list_embed_origins
from portal_app.settings import get_settings

MOST_ORIGINS = 50
"""They travel in one header of every page."""


def set_embed_origins(session: Session, origins: Sequence[str], by: str, now: datetime) -> None:
    """Replace the stored origins. They count within seconds, in every process; the same ones again change nothing.

    Raises:
        Invalid: one of them is not exactly an https origin (in development, of this machine over http),
            or there are too many.
    """
    wanted, before = tuple(dict.fromkeys(origins)), list_embed_origins(session)
    if len(wanted) > MOST_ORIGINS:
        raise Invalid(field="origins", problem=f"are more than {MOST_ORIGINS}")
    in_production = get_settings().in_production
    for position, origin in enumerate(wanted):
        if problem := embed_problem(origin, in_production=in_production):
            raise Invalid(field=f"origins[{position}]", problem=problem)
    if wanted == before:
        return
    session.exec(delete(EmbedOrigin).where(col(EmbedOrigin.id).is_not(None)))
    session.add_all(EmbedOrigin(origin=origin, created_at=now, updated_at=now) for origin in wanted)
    session.flush()
    record(session, actor=by, action="embed_origins.changed", now=now, before=" ".join(before), after=" ".join(wanted))
