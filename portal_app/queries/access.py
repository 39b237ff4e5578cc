"""The register of portal sessions and API keys, as the gate and the API ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select as columns
from sqlmodel import col, select

from portal_app.access.principal import CustomerId, Principal
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.models.access import ApiKey, PortalSession
from portal_app.models.customer import Customer

MOST_AT_ONCE = 500
"""Parameters of one statement."""

_KEYS = columns(
    col(ApiKey.key_id),
    col(ApiKey.secret_hash),
    col(ApiKey.name),
    col(ApiKey.scopes),
    col(ApiKey.created_at),
    col(ApiKey.expires_at),
    col(ApiKey.last_used_at),
    col(ApiKey.revoked_at),
)
"""Every request of a program asks for its key: columns cost a third of what an entity does."""


class SessionStanding(StrEnum):
    """What the register says of a token that is signed and in time."""

    LIVE = "live"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """A standing, the principal when it is live, and where the session leads back to."""

    standing: SessionStanding
    principal: Principal | None = None
    used_before: bool = False
    return_url: str = ""


@dataclass(frozen=True, slots=True)
class ApiKeyRecord:
    """What the register keeps of an API key."""

    key_id: str
    secret_hash: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        """Tell whether the key may still be used."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def check_session_of_anyone(session: Session, jti: str, customer_public_id: str, now: datetime) -> SessionCheck:
    """Look a session up by its token's id and subject: one statement, asked again on every event.

    A session is live if it is neither revoked nor past its end, and its customer is still published.
    """
    statement = (
        select(  # pyright: ignore[reportCallIssue] (typed for up to four columns)
            PortalSession.expires_at,
            PortalSession.revoked_at,
            PortalSession.first_used_at,
            PortalSession.return_url,
            Customer.id,
            Customer.status,
        )
        .join(Customer, col(Customer.id) == col(PortalSession.customer_id))
        .where(PortalSession.jti == jti, Customer.public_id == customer_public_id)
    )
    row = session.exec(statement).first()
    if row is None:
        return SessionCheck(SessionStanding.UNKNOWN)
    expires_at, revoked_at, first_used_at, back, customer_id, status = row
    if revoked_at is not None or status is not RecordStatus.PUBLISHED or expires_at <= now:
        return SessionCheck(SessionStanding.REVOKED, return_url=back)
    principal = Principal(CustomerId(customer_id or 0), customer_public_id, jti, expires_at)
    return SessionCheck(SessionStanding.LIVE, principal, first_used_at is not None, back)


def live_sessions_of_anyone(session: Session, jtis: Sequence[str], now: datetime) -> set[str]:
    """Return which of these sessions are live, as `check_session_of_anyone` judges."""
    live: set[str] = set()
    for start in range(0, len(jtis), MOST_AT_ONCE):
        statement = (
            select(PortalSession.jti)
            .join(Customer, col(Customer.id) == col(PortalSession.customer_id))
            .where(
                col(PortalSession.jti).in_(jtis[start : start + MOST_AT_ONCE]),
                col(PortalSession.revoked_at).is_(None),
                col(PortalSession.expires_at) > now,
                col(Customer.status) == RecordStatus.PUBLISHED,
            )
        )
        live.update(session.exec(statement))
    return live


def return_url_of_anyone(session: Session, jti: str) -> str:
    """Return where a session leads back to, even one that has ended; empty if it never said, or never was."""
    return session.exec(select(PortalSession.return_url).where(PortalSession.jti == jti)).first() or ""


def find_api_key_of_operator(session: Session, key_id: str) -> ApiKeyRecord | None:
    """Return the key with this public id, or None."""
    row = _keys(session, _KEYS.where(col(ApiKey.key_id) == key_id)).first()
    return _record(row) if row else None


def list_api_keys_of_operator(session: Session) -> list[ApiKeyRecord]:
    """Return every key, newest first."""
    return [_record(row) for row in _keys(session, _KEYS.order_by(col(ApiKey.id).desc()))]


def _keys(session: Session, statement: Any) -> Any:
    return session.exec(statement)


def _record(row: Any) -> ApiKeyRecord:
    key_id, secret_hash, name, scopes, *instants = row
    return ApiKeyRecord(key_id, secret_hash, name, tuple(scopes), *instants)
