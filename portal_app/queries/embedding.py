"""Which pages may frame the portal, as the operator stored it."""

from __future__ import annotations

from sqlmodel import col, select

from portal_app.database import Session
from portal_app.models.embedding import EmbedOrigin


def list_embed_origins(session: Session) -> tuple[str, ...]:
    """Return the stored origins in the operator's order; those of `PORTAL_EMBED_ORIGINS` are not among them."""
    return tuple(session.exec(select(EmbedOrigin.origin).order_by(col(EmbedOrigin.id))))
