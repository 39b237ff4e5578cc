"""Mint a portal session: the link a customer opens."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal_app.access.tokens import SESSION, Claims, sign
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.models.access import PortalSession
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.settings import Settings


@dataclass(frozen=True, slots=True)
class MintedSession:
    """A fresh token, the address that carries it, and when both stop working (UTC, whole seconds)."""

    token: str
    url: str
    expires_at: datetime


def mint_session(
    session: Session,
    settings: Settings,
    external_id: str,
    minted_by: str,
    now: datetime,
    address: str = "",
    *,
    is_preview: bool = False,
) -> MintedSession:
    """Mint a link for the customer the operator calls `external_id`, and write down who asked, from which address.

    Raises:
        CustomerNotFound: no published customer has that external id.
    """
    customer_id, public_id = get_published_customer_of_operator(session, external_id)
    issued_at = now.replace(microsecond=0)
    expires_at = issued_at + timedelta(seconds=settings.session_ttl_seconds)
    claims = Claims(public_id, uuid.uuid4().hex, issued_at, expires_at, own={})
    session.add(
        PortalSession(
            jti=claims.jti,
            customer_id=customer_id,
            minted_by=minted_by,
            address=address[:64],
            is_preview=is_preview,
            created_at=now,
            updated_at=now,
            expires_at=expires_at,
        )
    )
    action, jti = "session.previewed" if is_preview else "session.minted", claims.jti
    record(session, actor=minted_by, action=action, customer_id=customer_id, now=now, jti=jti, address=address[:64])
    token = sign(SESSION, settings.signing_keys(), claims)
    return MintedSession(token, f"{settings.origin}/?token={token}", expires_at)
