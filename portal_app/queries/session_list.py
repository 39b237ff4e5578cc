"""The links that were minted for a customer, as the operator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from portal_app.access.principal import CustomerId
from portal_app.database import Session
from portal_app.models.access import PortalSession
from portal_app.queries.paging import PAGE_SIZE, Page, offset_of


@dataclass(frozen=True, slots=True)
class MintedLink:
    """A link: who minted it, when and from where; how often and when it was opened; until when it works."""

    jti: str
    minted_by: str
    address: str
    is_preview: bool
    minted_at: datetime
    expires_at: datetime
    open_count: int
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str

    def is_live(self, now: datetime) -> bool:
        """Tell whether the link still works."""
        return self.revoked_at is None and self.expires_at > now


def list_links(session: Session, customer_id: CustomerId, number: int = 1) -> Page[MintedLink]:
    """Return one page of the customer's links, newest first."""
    mine = PortalSession.customer_id == customer_id
    total = session.exec(select(func.count()).select_from(PortalSession).where(mine)).one()
    number, offset = offset_of(number, total)
    newest = col(PortalSession.created_at).desc(), col(PortalSession.id).desc()
    rows = session.exec(select(PortalSession).where(mine).order_by(*newest).offset(offset).limit(PAGE_SIZE))
    return Page(tuple(_link(row) for row in rows), number, total)


def _link(row: PortalSession) -> MintedLink:
    return MintedLink(
        jti=row.jti,
        minted_by=row.minted_by,
        address=row.address,
        is_preview=row.is_preview,
        minted_at=row.created_at,
        expires_at=row.expires_at,
        open_count=row.open_count,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        revoked_reason=row.revoked_reason,
    )
