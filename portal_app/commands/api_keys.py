"""Create, revoke and note the use of API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import select

from portal_app.access.api_keys import ApiKeyText, Scope, new_api_key, secret_hash
from portal_app.access.keys import Purpose, derive_key
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.access import ApiKey
from portal_app.settings import Settings

USE_NOTED_EVERY = timedelta(minutes=1)


def create_api_key(
    session: Session,
    settings: Settings,
    name: str,
    scopes: Sequence[Scope],
    now: datetime,
    key: ApiKeyText | None = None,
    *,
    actor: str = "command line",
    expires_at: datetime | None = None,
) -> ApiKeyText:
    """Register a new key, or `key` if its holder has it already, and return it: its secret is kept nowhere."""
    key = key or new_api_key(live=settings.in_production)
    session.add(
        ApiKey(
            key_id=key.key_id,
            secret_hash=secret_hash(key, pepper(settings)),
            name=name,
            scopes=[scope.value for scope in scopes],
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
    )
    may = ", ".join(scopes)
    record(session, actor=actor, action="api_key.created", now=now, key_id=key.key_id, name=name, scopes=may)
    return key


def revoke_api_key(session: Session, key_id: str, now: datetime, actor: str = "command line") -> None:
    """End a key for good. Revoking twice changes nothing.

    Raises:
        NotFound: no key has this public id.
    """
    row = session.exec(select(ApiKey).where(ApiKey.key_id == key_id)).first()
    if row is None:
        raise NotFound(noun="API key")
    if row.revoked_at is None:
        row.revoked_at = row.updated_at = now
        session.add(row)
        record(session, actor=actor, action="api_key.revoked", now=now, key_id=key_id)


def note_api_key_used(session: Session, key_id: str, now: datetime) -> None:
    """Keep when a key was last used, to the minute: a busy key is not a write per request."""
    row = session.exec(select(ApiKey).where(ApiKey.key_id == key_id)).first()
    if row is not None and (row.last_used_at is None or now - row.last_used_at >= USE_NOTED_EVERY):
        row.last_used_at = now
        session.add(row)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A key that was refused: its public id if it is one of ours, why, what it was used for, and from where."""

    key_id: str
    reason: str
    what: str
    address: str


def note_api_key_refused(session: Session, refusal: Refusal, now: datetime) -> None:
    """Write down that a key was refused. What was sent as a key is not kept: it may be one of somewhere else."""
    actor = f"API key {refusal.key_id}" if refusal.key_id else "anonymous"
    why, what, address = refusal.reason, refusal.what, refusal.address
    record(session, actor=actor, action="api_key.refused", now=now, reason=why, what=what, address=address)


def pepper(settings: Settings) -> bytes:
    """Return the key under which secrets of API keys are hashed in this deployment."""
    return derive_key(settings.secret_key.get_secret_value(), Purpose.API_KEYS)
