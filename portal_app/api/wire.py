"""The dialect of the documented API: response classes made from read models, and how values are written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from pydantic import BaseModel

from portal_app.commands.mint_session import MintedSession
from portal_app.errors import PortalError


class SessionWire(BaseModel):
    """What minting answers."""

    url: str
    token: str
    expires_at: str


class ErrorWire(BaseModel):
    """The flat body of an error raised by a handler."""

    code: str
    message: str
    http_status_code: int


class AuthErrorWire(BaseModel):
    """The body of an error raised before a handler: no credential, or a wrong one."""

    error: str


class PermissionErrorWire(BaseModel):
    """The body of a good credential used for something it may not do."""

    message: str


def session_wire(minted: MintedSession) -> SessionWire:
    """Return a minted session as the dialect writes it."""
    return SessionWire(url=minted.url, token=minted.token, expires_at=wire_time(minted.expires_at))


def error_wire(error: PortalError) -> ErrorWire:
    """Return an error as the dialect writes it."""
    return ErrorWire(code=error.code, message=str(error), http_status_code=error.status.value)


def wire_time(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with `Z`, with fractions only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def wire_decimal(value: Decimal) -> str:
    """Write a decimal as a plain string without padding: 43.420 is `43.42`, 100 is `100`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
