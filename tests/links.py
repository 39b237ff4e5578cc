"""Links to files, as a page signs them."""

from datetime import datetime

import cast
from sqlmodel import select

from portal_app.access.downloads import FileKind, sign_download
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.principal import CustomerId, Principal
from portal_app.database import Database
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer
from portal_app.settings import get_settings


def live_principal(database: Database, external_id: str, now: datetime) -> Principal:
    """Mint a session and return whose it is."""
    cast.mint(database, external_id, now)
    with database.reading() as session:
        row = session.exec(
            select(PortalSession, Customer)
            .join(Customer, Customer.id == PortalSession.customer_id)
            .order_by(PortalSession.id.desc())
        ).first()
        minted, customer = row
        return Principal(CustomerId(customer.id), customer.public_id, minted.jti, minted.expires_at)


def file_link(principal: Principal, kind: FileKind, subject: str, now: datetime, locale: str = "en_US") -> str:
    """Return the path of a link for one minute."""
    key = derive_key(get_settings().secret_key.get_secret_value(), Purpose.DOWNLOADS)
    return f"/files/{sign_download(key, principal, kind, subject, locale, now)}"
