"""Mint a portal session: the link a customer opens."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal_app.access.tokens import SESSION, Claims, sign
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.access import PortalSession
from portal_app.origins import origin_of, return_problem
from portal_app.queries.branding import branding_of_operator
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.embedding import list_embed_origins
from portal_app.settings import Settings

MIN_SECONDS = 60
PATHS = {"overview": "/", "credits": "/credits", "invoices": "/invoices", "usage": "/usage"}
"""Where each tab is, for links to it."""


@dataclass(frozen=True, slots=True)
class MintTerms:
    """What whoever asks for a link may choose: how long it works, and where its pages lead back to."""

    expires_in: int | None = None
    """Seconds, from a minute up to `PORTAL_SESSION_TTL_SECONDS`, which counts if nothing is said."""
    return_url: str = ""
    """An https address on an origin that may embed the portal or is the operator's own way back; "" is the latter."""
    address: str = ""
    """Where whoever asks is, if that is known."""
    is_preview: bool = False
    """Whether it is the operator's own look: opening it is no visit."""


USUAL = MintTerms()


@dataclass(frozen=True, slots=True)
class MintedSession:
    """A fresh token, the addresses that carry it, and when they stop working (UTC, whole seconds)."""

    token: str
    url: str
    links: Mapping[str, str]
    expires_at: datetime


def mint_session(
    session: Session, settings: Settings, external_id: str, minted_by: str, now: datetime, terms: MintTerms = USUAL
) -> MintedSession:
    """Mint a link for the customer the operator calls `external_id`, and write down who asked, and from where.

    Raises:
        CustomerNotFound: no published customer has that external id.
        Invalid: the terms ask for a life that is too short or too long, or lead back to a foreign page.
    """
    customer_id, public_id = get_published_customer_of_operator(session, external_id)
    seconds = _seconds(settings, terms)
    _check_return_url(session, settings, terms)
    issued_at = now.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=seconds)
    claims = Claims(public_id, uuid.uuid4().hex, issued_at, expires_at, own={})
    session.add(
        PortalSession(
            jti=claims.jti,
            customer_id=customer_id,
            minted_by=minted_by,
            address=terms.address[:64],
            is_preview=terms.is_preview,
            created_at=now,
            updated_at=now,
            expires_at=expires_at,
            return_url=terms.return_url,
        )
    )
    action, jti = "session.previewed" if terms.is_preview else "session.minted", claims.jti
    place = terms.address[:64]
    record(session, actor=minted_by, action=action, customer_id=customer_id, now=now, jti=jti, address=place)
    token = sign(SESSION, settings.signing_keys(), claims)
    links = {tab: f"{settings.origin}{path}?token={token}" for tab, path in PATHS.items()}
    return MintedSession(token, links["overview"], links, expires_at)


def _seconds(settings: Settings, terms: MintTerms) -> int:
    longest = settings.session_ttl_seconds
    seconds = longest if terms.expires_in is None else terms.expires_in
    if not MIN_SECONDS <= seconds <= longest:
        raise Invalid(field="expires_in", problem=f"must be from {MIN_SECONDS} to {longest} seconds")
    return seconds


def _check_return_url(session: Session, settings: Settings, terms: MintTerms) -> None:
    if not terms.return_url:
        return
    own = origin_of(branding_of_operator(session, settings).return_url)
    allowed = {*settings.embed_origins, *list_embed_origins(session), own}
    if problem := return_problem(terms.return_url, allowed, in_production=settings.in_production):
        raise Invalid(field="return_url", problem=problem)
