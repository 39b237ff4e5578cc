"""Note that a portal session was opened, or end one or all of a customer."""

from datetime import datetime

from sqlmodel import col, select

from portal_app.access.principal import Principal
from portal_app.commands.audit import record
from portal_app.database import Session
from portal_app.errors import CustomerNotFound, NotFound
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer


def note_opened(session: Session, principal: Principal, now: datetime) -> None:
    """Keep when a link was first and last opened, and how often; each opening goes into the audit log.

    A preview is nobody's visit: of it nothing is kept.
    """
    row = session.exec(select(PortalSession).where(PortalSession.jti == principal.jti)).one()
    if row.is_preview:
        return
    row.first_used_at = row.first_used_at or now
    row.last_used_at = row.updated_at = now
    row.open_count += 1
    session.add(row)
    whose, jti = principal.customer_id, principal.jti
    record(session, actor="customer", action="session.opened", customer_id=whose, now=now, jti=jti)


def note_refused_link(session: Session, jti: str, now: datetime) -> None:
    """Write down that a link was opened which has ended; of one that never was, nothing is known."""
    row = session.exec(select(PortalSession).where(PortalSession.jti == jti)).first()
    if row is not None:
        whose = row.customer_id
        record(session, actor="customer", action="session.refused", customer_id=whose, now=now, jti=jti)


def revoke_session(session: Session, jti: str, reason: str, revoked_by: str, now: datetime) -> None:
    """End a session for good. Revoking twice changes nothing.

    Raises:
        NotFound: no session has this id.
    """
    row = session.exec(select(PortalSession).where(col(PortalSession.jti) == jti)).first()
    if row is None:
        raise NotFound(noun="Session")
    _revoke(session, row, reason, revoked_by, now)


def revoke_sessions_of_customer(session: Session, external_id: str, reason: str, revoked_by: str, now: datetime) -> int:
    """End every session of a customer that is still live, and return how many there were.

    Raises:
        CustomerNotFound: no customer has this external id, archived or not.
    """
    customer_id = session.exec(select(Customer.id).where(Customer.external_id == external_id)).first()
    if customer_id is None:
        raise CustomerNotFound
    mine = col(PortalSession.customer_id) == customer_id
    live = select(PortalSession).where(
        mine, col(PortalSession.revoked_at).is_(None), col(PortalSession.expires_at) > now
    )
    rows = session.exec(live.order_by(col(PortalSession.id))).all()
    for row in rows:
        _revoke(session, row, reason, revoked_by, now)
    return len(rows)


def _revoke(session: Session, row: PortalSession, reason: str, revoked_by: str, now: datetime) -> None:
    if row.revoked_at is None:
        row.revoked_at = row.updated_at = now
        row.revoked_reason = reason
        session.add(row)
        record(session, actor=revoked_by, action="session.revoked", customer_id=row.customer_id, now=now, jti=row.jti)
