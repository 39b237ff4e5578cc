"""What the register says of a token that a page presents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal_app import clock
from portal_app.access.limits import limiter
from portal_app.access.principal import Principal
from portal_app.access.tokens import SESSION, TokenRejected, verify
from portal_app.commands.use_session import note_opened, note_refused_link
from portal_app.database import current_database
from portal_app.queries.access import SessionStanding, check_session_of_anyone, return_url_of_anyone
from portal_app.settings import get_settings
from portal_app.ui.addresses import clean

UNREADABLE = "?"
OPENINGS_OF_A_LINK, REFUSALS_OF_A_LINK = "60/hour", "6/hour"
"""How many are written down of one link: whoever has it can present it without end, even when it has ended."""


class GateStatus(StrEnum):
    """What the door says. Everything but `open` shows a screen without data."""

    LOADING = "loading"
    OPEN = "open"
    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    CROWDED = "crowded"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Presented:
    """What a token amounts to: who looks, if it is good, and where its session leads back to, even if it ended."""

    status: GateStatus
    principal: Principal | None = None
    jti: str = ""
    return_url: str = ""


def presented_token(value: object) -> str:
    """Return what a page sent as its token. One with characters that no table holds is none, not another one."""
    text = clean(value)
    return text if text == value or not isinstance(value, str) else UNREADABLE


async def look_up(token: str, now: datetime) -> Presented:
    """Say what `token` amounts to now.

    Raises:
        Unavailable: the register did not answer.
    """
    if not token:
        return Presented(GateStatus.MISSING)
    try:
        claims = verify(SESSION, get_settings().signing_keys(), token, now)
    except TokenRejected as rejected:
        if not rejected.expired:
            return Presented(GateStatus.INVALID)
        back = await current_database().read(return_url_of_anyone, rejected.jti)
        return Presented(GateStatus.EXPIRED, jti=rejected.jti, return_url=back)
    check = await current_database().read(check_session_of_anyone, claims.jti, claims.subject, now)
    if check.principal is None:
        revoked = check.standing is SessionStanding.REVOKED
        return Presented(GateStatus.REVOKED if revoked else GateStatus.INVALID, None, claims.jti, check.return_url)
    return Presented(GateStatus.OPEN, check.principal, claims.jti, check.return_url)


async def note_opening(principal: Principal, now: datetime) -> None:
    """Write down that a link was opened."""
    if not await limiter().wait_for(OPENINGS_OF_A_LINK, "opened link", principal.jti):
        await current_database().write(note_opened, principal, now)


async def note_refusal(jti: str, now: datetime) -> None:
    """Write down that a link was presented which has ended."""
    if not await limiter().wait_for(REFUSALS_OF_A_LINK, "refused link", jti):
        await current_database().write(note_refused_link, jti, now)


def term(expires_at: datetime) -> str:
    """Return a session's end beside the server's present, in milliseconds: a page's own clock may be wrong."""
    ends, now = (round(instant.timestamp() * 1000) for instant in (expires_at, clock.utc_now()))
    return f"{ends}/{now}"
