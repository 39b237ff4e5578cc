"""The `x-api-key` header: which program of the operator's calls, and whether it may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from portal_app import clock
from portal_app.access.api_keys import ApiKeyText, Scope, allows, matches, parse_api_key
from portal_app.access.turns import CONFIRMED_SECONDS
from portal_app.api.shared import Shared
from portal_app.commands.api_keys import USE_NOTED_EVERY, note_api_key_used, pepper
from portal_app.database import Session, current_database
from portal_app.errors import InsufficientScope, Unauthorized
from portal_app.queries.access import ApiKeyRecord, find_api_key_of_operator
from portal_app.settings import get_settings

P = ParamSpec("P")
T = TypeVar("T")

HEADER = APIKeyHeader(name="x-api-key", scheme_name="API key", description="A key of the operator's.", auto_error=False)

CALLER = "portal.caller"
"""Where a request keeps who calls. Not in `request.state`, which a server may have all requests share."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program of the operator's, in one request. `now` is when the request came."""

    key_id: str
    now: datetime

    @property
    def actor(self) -> str:
        """Who the audit log says it was."""
        return f"API key {self.key_id}"

    @property
    def was_long_ago(self) -> bool:
        """Tell whether the key may have ended since: a body can take hours to come."""
        return (clock.utc_now() - self.now).total_seconds() > CONFIRMED_SECONDS

    async def ask(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query."""
        return await current_database().read(query, *args, **kwargs)

    async def do(self, command: Callable[..., T], *args: Any) -> T:
        """Run a command, which takes its actor and the time last."""
        return await current_database().write(command, *args, self.actor, self.now)


def caller_with(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that yields the caller if its key is live and has `scope`."""

    async def dependency(request: Request, _described: Annotated[str | None, Security(HEADER)] = None) -> Caller:
        caller: Caller | None = request.scope.get(CALLER)
        if caller is None or caller.was_long_ago:  # a route with a body asks before it is read, and FastAPI after
            caller = request.scope[CALLER] = await _admit(request.headers.get(HEADER.model.name, ""), scope)
        return caller

    return dependency


async def _admit(text: str, scope: Scope) -> Caller:
    key = parse_api_key(text)
    if key is None:
        raise Unauthorized
    now = clock.utc_now()
    record = await _live_record(key, now)
    if not allows(record.scopes, scope):
        raise InsufficientScope(key_id=key.key_id, scope=scope)
    if record.last_used_at is None or now - record.last_used_at >= USE_NOTED_EVERY:
        await _uses.find(key.key_id)
    return Caller(key.key_id, now)


async def _live_record(key: ApiKeyText, now: datetime) -> ApiKeyRecord:
    record = await _records.find(key.key_id)
    # An unknown key id costs the same comparison as a known one.
    good = matches(key, record.secret_hash if record else "", pepper(get_settings()))
    if record is None:
        raise Unauthorized
    if not good or not record.is_live(now):
        raise Unauthorized(key_id=key.key_id, reason=_why(record, good=good))
    return record


def _why(record: ApiKeyRecord, *, good: bool) -> str:
    """Say why a key of ours is refused, for the log alone: whoever sent it gets the same answer as everybody."""
    if not good:
        return "wrong secret"
    return "revoked" if record.revoked_at is not None else "expired"


async def _find(key_id: str) -> ApiKeyRecord | None:
    return await current_database().read(find_api_key_of_operator, key_id)


async def _note_use(key_id: str) -> None:
    await current_database().write(note_api_key_used, key_id, clock.utc_now())


# A program that sends from many connections at once has its key looked up once for all of them.
_records = Shared(_find)
_uses = Shared(_note_use)

Reader = Annotated[Caller, Depends(caller_with(Scope.READ))]
Writer = Annotated[Caller, Depends(caller_with(Scope.WRITE))]
Minter = Annotated[Caller, Depends(caller_with(Scope.MINT))]
EventWriter = Annotated[Caller, Depends(caller_with(Scope.EVENTS))]
Admin = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]
