"""The `X-Session-Token` header: which customer looks. No other header, cookie or query parameter opens the portal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from portal_app import clock
from portal_app.access.principal import CustomerId, Principal
from portal_app.access.tokens import SESSION, TokenRejected, verify
from portal_app.access.turns import CONFIRMED_SECONDS
from portal_app.commands.use_session import note_opened
from portal_app.database import Session, current_database
from portal_app.errors import SessionRejected, SessionRequired, Unavailable
from portal_app.queries.access import check_session_of_anyone
from portal_app.settings import get_settings

P = ParamSpec("P")
T = TypeVar("T")

HEADER = APIKeyHeader(
    name="X-Session-Token", scheme_name="Session token", description="The token of a minted link.", auto_error=False
)

VISITOR = "portal.visitor"
"""Where a request keeps whose session it is. Not in `request.state`, which a server may have all requests share."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer in a live session, in one request: routes have no other way to a customer's data."""

    principal: Principal
    now: datetime

    async def ask(
        self, query: Callable[Concatenate[Session, CustomerId, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a query for the customer whose session this is.

        Raises:
            Unavailable: the database did not answer, or the request's turn came too long after the register's answer.
        """
        if (clock.utc_now() - self.now).total_seconds() > CONFIRMED_SECONDS:
            raise Unavailable
        return await current_database().read(query, self.principal.customer_id, *args, **kwargs)


async def visitor(request: Request, _described: Annotated[str | None, Security(HEADER)] = None) -> Visitor:
    """Return whose session it is, asking the register in each request."""
    if VISITOR not in request.scope:  # a route with a body asks before it is read, and FastAPI after
        request.scope[VISITOR] = await _admit(request.headers.get(HEADER.model.name, ""))
    return request.scope[VISITOR]


async def _admit(token: str) -> Visitor:
    if not token:
        raise SessionRequired
    now = clock.utc_now()
    try:
        claims = verify(SESSION, get_settings().signing_keys(), token, now)
    except TokenRejected:
        raise SessionRejected from None
    check = await current_database().read(check_session_of_anyone, claims.jti, claims.subject, now)
    if check.principal is None:
        raise SessionRejected
    if not check.used_before:
        await current_database().write(note_opened, check.principal, now)
    return Visitor(check.principal, now)


Customer = Annotated[Visitor, Depends(visitor)]
