"""Write one row of the audit log, inside the transaction of what it tells of."""

from datetime import datetime

from portal_app.database import Session
from portal_app.models.access import AuditEntry


def record(
    session: Session, *, actor: str, action: str, now: datetime, customer_id: int | None = None, **details: str
) -> None:
    """Add an entry. `action` is `noun.verbed`; `details` never hold a secret."""
    session.add(AuditEntry(at=now, actor=actor, action=action, customer_id=customer_id, details=details))


def note_download(session: Session, customer_id: int, actor: str, file: str, now: datetime) -> None:
    """Write down that a file of a customer's was taken."""
    record(session, actor=actor, action="file.downloaded", customer_id=customer_id, now=now, file=file)


def record_by(session: Session, actor: str, action: str, now: datetime) -> None:
    """Add an entry that stands alone: what it tells of changes nothing."""
    record(session, actor=actor, action=action, now=now)
