"""What minting a link answers."""

from __future__ import annotations

from pydantic import BaseModel

from portal_app.api.wire.values import WireTime
from portal_app.commands.mint_session import MintedSession


class SessionWire(BaseModel):
    """A link, the token in it, and when both stop working."""

    url: str
    token: str
    expires_at: WireTime


def session_wire(minted: MintedSession) -> SessionWire:
    """Return a minted session as the dialect writes it."""
    return SessionWire(url=minted.url, token=minted.token, expires_at=minted.expires_at)
