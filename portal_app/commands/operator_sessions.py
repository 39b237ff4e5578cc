"""Sign the operator's people in and out, and keep the guesses that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import col

from portal_app.access.keys import Purpose, derive_key
from portal_app.access.operator_sessions import (
    ABSOLUTE,
    USE_NOTED_EVERY,
    OperatorPrincipal,
    new_session_token,
    token_hash,
)
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.models.operator import OperatorAccount, OperatorSession, SignInFailure
from portal_app.queries.operators import SignInMaterial
from portal_app.settings import Settings

FAILURES_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guess:
    """One sign-in that failed: for which address of an account, from where, under which buckets it counts."""

    email: str
    is_known: bool
    address: str
    buckets: tuple[str, ...]


def open_operator_session(
    session: Session, settings: Settings, found: SignInMaterial, replaced: str, address: str, now: datetime
) -> str:
    """Sign an account in and return its new cookie; the one it replaces, if any, is dead from now on.

    Nothing is returned if the account has got another password, or none, since `found` was: that has ended all.
    """
    account = session.get_one(OperatorAccount, found.operator_id, with_for_update={"key_share": True})
    if account.password_hash != found.password_hash or account.disabled_at is not None:
        return ""
    _end(session, col(OperatorSession.token_hash) == replaced, now)
    token = new_session_token()
    session.add(
        OperatorSession(
            token_hash=token_hash(token, cookie_key(settings)),
            operator_id=found.operator_id,
            address=address[:64],
            last_used_at=now,
            expires_at=now + ABSOLUTE,
            created_at=now,
            updated_at=now,
        )
    )
    actor = f"operator {account.email}"
    record(session, actor=actor, action="operator.signed_in", now=now, address=address[:64])
    return token


def note_failed_sign_in(session: Session, guess: Guess, now: datetime) -> None:
    """Count a wrong guess, write it down, and forget the counts of other days.

    What was typed for an account that does not exist is not kept: it may be a password.
    """
    session.exec(delete(SignInFailure).where(col(SignInFailure.at) < now - FAILURES_KEPT))
    for bucket in set(guess.buckets):
        session.add(SignInFailure(bucket=bucket[:320], at=now))
    whom = guess.email if guess.is_known else "unknown account"
    record(session, actor="anonymous", action="operator.refused", now=now, email=whom, address=guess.address[:64])


def note_operator_seen(session: Session, principal: OperatorPrincipal, now: datetime) -> None:
    """Keep a session from growing idle."""
    row = session.get(OperatorSession, principal.session_id)
    if row is not None and row.ended_at is None and now - row.last_used_at >= USE_NOTED_EVERY:
        row.last_used_at = row.updated_at = now
        session.add(row)


def sign_out(session: Session, principal: OperatorPrincipal, now: datetime) -> None:
    """End this session."""
    _end(session, col(OperatorSession.id) == principal.session_id, now)
    record(session, actor=principal.actor, action="operator.signed_out", now=now)


def sign_out_everywhere(session: Session, principal: OperatorPrincipal, now: datetime) -> None:
    """End every session of this account."""
    end_sessions_of(session, principal.operator_id, now)
    record(session, actor=principal.actor, action="operator.signed_out_everywhere", now=now)


def note_refused(session: Session, principal: OperatorPrincipal, what: str, now: datetime) -> None:
    """Write down that somebody asked for what their role does not allow."""
    role = principal.role.value
    record(session, actor=principal.actor, action="operator.denied", now=now, what=what, role=role)


def end_sessions_of(session: Session, operator_id: int, now: datetime) -> None:
    """End every live session of an account."""
    _end(session, col(OperatorSession.operator_id) == operator_id, now)


def cookie_key(settings: Settings) -> bytes:
    """Return the key under which cookies are hashed in this deployment."""
    return derive_key(settings.secret_key.get_secret_value(), Purpose.COOKIES)


def _end(session: Session, which: object, now: datetime) -> None:
    live = col(OperatorSession.ended_at).is_(None)
    session.exec(update(OperatorSession).where(which, live).values(ended_at=now, updated_at=now))  # pyright: ignore[reportArgumentType]
