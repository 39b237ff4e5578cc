"""The operator's own people: who they are, and whether their session still is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from portal_app.access.operator_roles import Role
from portal_app.access.operator_sessions import IDLE, OperatorPrincipal
from portal_app.database import Session, is_storable
from portal_app.models.operator import OperatorAccount, OperatorSession, SignInFailure

WINDOW = timedelta(minutes=15)
MOST_GUESSES = 5
MOST_GUESSES_OF_ADDRESS = 50


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    """An account as its list shows it."""

    email: str
    name: str
    role: Role
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class SignInMaterial:
    """What a sign-in is decided by. `password_hash` is empty where no such account may sign in."""

    operator_id: int
    password_hash: str
    is_locked: bool


def find_operator_session_of_operator(session: Session, token_hash: str, now: datetime) -> OperatorPrincipal | None:
    """Return who a cookie is, or None: it ended, was idle for half an hour, or its account is disabled."""
    if not token_hash:
        return None
    statement = (
        select(OperatorSession, OperatorAccount)
        .join(OperatorAccount, col(OperatorAccount.id) == col(OperatorSession.operator_id))
        .where(
            OperatorSession.token_hash == token_hash,
            col(OperatorSession.ended_at).is_(None),
            col(OperatorSession.expires_at) > now,
            col(OperatorSession.last_used_at) > now - IDLE,
            col(OperatorAccount.disabled_at).is_(None),
        )
    )
    row = session.exec(statement).first()
    if row is None:
        return None
    live, account = row
    return OperatorPrincipal(
        operator_id=account.id or 0,
        session_id=live.id or 0,
        email=account.email,
        name=account.name,
        role=account.role,
        expires_at=live.expires_at,
        last_used_at=live.last_used_at,
    )


def sign_in_material_of_operator(
    session: Session, email: str, address: str, bucket: str, now: datetime
) -> SignInMaterial:
    """Return what the account keeps of its password, and whether the guesses under this bucket are used up."""
    known = OperatorAccount.email == email
    statement = select(OperatorAccount).where(known, col(OperatorAccount.disabled_at).is_(None))
    account = session.exec(statement).first() if is_storable(email) else None
    guesses = _guesses(session, bucket, now)
    of_address = _guesses(session, address, now) if bucket.startswith(address) else 0
    is_locked = guesses >= MOST_GUESSES or of_address >= MOST_GUESSES_OF_ADDRESS
    if account is None:
        return SignInMaterial(0, "", is_locked)
    return SignInMaterial(account.id or 0, account.password_hash, is_locked)


def list_accounts_of_operator(session: Session) -> list[OperatorRecord]:
    """Return every account, by e-mail address."""
    rows = session.exec(select(OperatorAccount).order_by(OperatorAccount.email))
    return [OperatorRecord(row.email, row.name, row.role, row.disabled_at is not None) for row in rows]


def _guesses(session: Session, bucket: str, now: datetime) -> int:
    mine = SignInFailure.bucket == bucket
    statement = select(func.count()).select_from(SignInFailure).where(mine, col(SignInFailure.at) > now - WINDOW)
    return session.exec(statement).one()
