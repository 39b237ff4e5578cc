"""What minting a link answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from portal_app.api.wire.values import WireTime
from portal_app.commands.mint_session import MintedSession, MintTerms


class MintRequest(BaseModel):
    """What may be asked of a link. Without it, or with nothing in it, a link is as long as links may be."""

    model_config = ConfigDict(extra="forbid", strict=True)

    expires_in: Annotated[int | None, Field(description="Seconds the link works, from 60 up.", examples=[900])] = None
    return_url: Annotated[
        str | None, Field(description="Where its pages lead back to: https, on an allowed origin.", max_length=2048)
    ] = None

    def terms(self) -> MintTerms:
        """Return what was asked for."""
        return MintTerms(self.expires_in, self.return_url or "")


class LinksWire(BaseModel):
    """A link to each tab, with the same token."""

    overview: str
    credits: str
    invoices: str
    usage: str


class SessionWire(BaseModel):
    """A link, the token in it, links to each tab, and when they stop working."""

    url: str
    token: str
    expires_at: WireTime
    links: LinksWire


def session_wire(minted: MintedSession) -> SessionWire:
    """Return a minted session as the dialect writes it."""
    links = LinksWire(**minted.links)
    return SessionWire(url=minted.url, token=minted.token, expires_at=minted.expires_at, links=links)
