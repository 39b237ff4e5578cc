"""Create, change and disable accounts of the operator's own people."""

from __future__ import annotations

import re
from datetime import datetime

from sqlmodel import col, select

from portal_app.access.operator_roles import Role
from portal_app.access.passwords import hash_password, weakness_of
from portal_app.commands.audit import record
from portal_app.commands.operator_sessions import end_sessions_of
from portal_app.database import Session, is_storable
from portal_app.errors import Conflict, Invalid, NotFound
from portal_app.models.operator import OperatorAccount

_EMAIL = re.compile(r"[^\s@]{1,100}@[^\s@]{1,99}")


def create_operator(
    session: Session, email: str, name: str, role: Role, password: str, actor: str, now: datetime
) -> None:
    """Add an account.

    Raises:
        Invalid: the e-mail address or the password cannot be used.
        Conflict: the e-mail address has an account.
    """
    email = email.strip().lower()
    if not _EMAIL.fullmatch(email) or not is_storable(email):
        raise Invalid(field="email", problem="must be an e-mail address of at most 200 characters")
    _refuse_weak(password)
    if session.exec(select(OperatorAccount.id).where(OperatorAccount.email == email)).first() is not None:
        raise Conflict(noun="Operator", key=email)
    session.add(
        OperatorAccount(
            email=email,
            name=name.strip() or email.partition("@")[0],
            role=role,
            password_hash=hash_password(password),
            created_at=now,
            updated_at=now,
        )
    )
    record(session, actor=actor, action="operator.created", now=now, email=email, role=role.value)


def set_operator_password(session: Session, email: str, password: str, actor: str, now: datetime) -> None:
    """Give an account another password; whoever is signed in with it must sign in again.

    Raises:
        NotFound: there is no such account.
        Invalid: the password cannot be used.
    """
    _refuse_weak(password)
    account = _account(session, email)
    account.password_hash, account.updated_at = hash_password(password), now
    session.add(account)
    end_sessions_of(session, account.id or 0, now)
    record(session, actor=actor, action="operator.password_changed", now=now, email=account.email)


def set_operator_role(session: Session, email: str, role: Role, actor: str, now: datetime) -> None:
    """Let an account do more or less; whoever is signed in with it must sign in again.

    Raises:
        NotFound: there is no such account.
    """
    account = _account(session, email)
    before, account.role, account.updated_at = account.role, role, now
    session.add(account)
    end_sessions_of(session, account.id or 0, now)
    record(
        session,
        actor=actor,
        action="operator.role_changed",
        now=now,
        email=account.email,
        before=before.value,
        after=role.value,
    )


def disable_operator(session: Session, email: str, actor: str, now: datetime) -> None:
    """End an account for good, and its sessions at once. Disabling twice changes nothing.

    Raises:
        NotFound: there is no such account.
    """
    account = _account(session, email)
    if account.disabled_at is None:
        account.disabled_at = account.updated_at = now
        session.add(account)
        end_sessions_of(session, account.id or 0, now)
        record(session, actor=actor, action="operator.disabled", now=now, email=account.email)


def _account(session: Session, email: str) -> OperatorAccount:
    statement = select(OperatorAccount).where(col(OperatorAccount.email) == email.strip().lower())
    account = session.exec(statement).first()
    if account is None:
        raise NotFound(noun="Operator")
    return account


def _refuse_weak(password: str) -> None:
    if problem := weakness_of(password):
        raise Invalid(field="password", problem=problem)
