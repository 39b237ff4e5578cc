"""Refused API keys, for the audit log: written after the answer, so that its time tells nothing, without the key."""

from __future__ import annotations

from contextlib import suppress

from fastapi import Request
from starlette.background import BackgroundTask

from portal_app import clock
from portal_app.access.limits import address_in, counted_as, limiter, trusted_proxies
from portal_app.commands.api_keys import Refusal, note_api_key_refused
from portal_app.database import current_database
from portal_app.errors import InsufficientScope, PortalError, Unavailable
from portal_app.settings import get_settings

OF_A_KEY = "6/hour"
OF_AN_ADDRESS = "6/hour"
OF_STRANGERS = "60/hour"
"""How much is written down: of each key there is; of what is none, from one address and from all together."""
NO_KEY = "no key of ours"


def refusal_to_note(request: Request, error: PortalError) -> BackgroundTask | None:
    """Return what is to be done once a request with a key has been refused; without a key there is nothing to tell."""
    if "x-api-key" not in request.headers:
        return None
    key_id, reason = str(error.facts.get("key_id", "")), str(error.facts.get("reason", NO_KEY))
    if isinstance(error, InsufficientScope):
        reason = f"may not: {error.facts.get('scope', '')}"
    address = address_in(request.scope, trusted_proxies(get_settings()))[:64]
    path = getattr(request.scope.get("route"), "path_format", "")
    return BackgroundTask(_note, Refusal(key_id, reason, f"{request.method} {path}", address))


async def _note(refusal: Refusal) -> None:
    if await _is_too_much(refusal):
        return
    with suppress(Unavailable):
        await current_database().write(note_api_key_refused, refusal, clock.utc_now())


async def _is_too_much(refusal: Refusal) -> bool:
    """Tell whether enough of this is written down: nobody fills the log by asking."""
    if refusal.key_id:
        return bool(await limiter().wait_for(OF_A_KEY, "refused key", refusal.key_id))
    if await limiter().wait_for(OF_AN_ADDRESS, "refused key from", counted_as(refusal.address)):
        return True
    return bool(await limiter().wait_for(OF_STRANGERS, "refused keys of strangers"))
