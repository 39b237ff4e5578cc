"""The cookies of the operator's people: a session that lives in the register, and a browser that was here before.

A session's cookie is 256 random bits; the register keeps an HMAC of it. A device's cookie is signed and
opens nothing: it only keeps strangers' wrong guesses from counting against whoever signed in here before.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal_app.access.operator_roles import Role

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
USE_NOTED_EVERY = timedelta(minutes=1)
DEVICE_SECONDS = 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class OperatorPrincipal:
    """Somebody of the operator in a live session. `session_id` is its row; `expires_at` is its latest end (UTC).

    `last_used_at` is when they last did something, to the minute (UTC).
    """

    operator_id: int
    session_id: int
    email: str
    name: str
    role: Role
    expires_at: datetime
    last_used_at: datetime

    @property
    def actor(self) -> str:
        """Who the audit log says it was."""
        return f"operator {self.email}"

    def was_idle(self, now: datetime) -> bool:
        """Tell whether it is time to note that they do something: once a minute, not at every click."""
        return now - self.last_used_at >= USE_NOTED_EVERY


def session_cookie(*, https: bool) -> str:
    """Return the cookie's name: browsers bind one with this prefix to the host, to https and to every path."""
    return "__Host-operator" if https else "operator_session"


def device_cookie(*, https: bool) -> str:
    """Return the name of the cookie that says which browser this is."""
    return "__Host-operator-device" if https else "operator_device"


def new_session_token() -> str:
    """Make the value of a session's cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str, key: bytes) -> str:
    """Return what the register keeps of a cookie; of what cannot be one, a text that matches nothing."""
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest() if _TOKEN.fullmatch(token) else ""


def new_device(email: str, key: bytes) -> str:
    """Make the value of a device's cookie for one account."""
    nonce = secrets.token_urlsafe(16)
    return f"{nonce}.{_device_mark(nonce, email, key)}"


def device_of(cookie: str, email: str, key: bytes) -> str:
    """Return which device signed in to this account before, or nothing if the cookie does not prove it."""
    nonce, _, mark = cookie.partition(".")
    return nonce if hmac.compare_digest(mark.encode(), _device_mark(nonce, email, key).encode()) else ""


def cookie_value(header: str, name: str) -> str:
    """Return one cookie of a `Cookie` header, or nothing. One that comes twice is nobody's."""
    pairs = [part.strip().partition("=") for part in header.split(";")]
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 else ""


def _device_mark(nonce: str, email: str, key: bytes) -> str:
    return hmac.new(key, f"device {nonce} {email}".encode(), hashlib.sha256).hexdigest()
