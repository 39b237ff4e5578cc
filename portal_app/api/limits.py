"""How often the API is asked by one key, or in vain from one address."""

from __future__ import annotations

from fastapi import Request

from portal_app.access.limits import address_in, counted_as, limiter, trusted_proxies
from portal_app.errors import TooManyRequests
from portal_app.settings import get_settings


async def minted_again(key_id: str) -> None:
    """Count a link that a key asks for.

    Raises:
        TooManyRequests: it has asked for too many.
    """
    if wait := await limiter().wait_for(get_settings().limit_mints, "mint", key_id):
        raise TooManyRequests(retry_after=wait)


async def failed_again(request: Request) -> int:
    """Count a request without a good credential; return 0, or for how many seconds its address has failed too often.

    Good credentials are never held up, from wherever they come: behind a proxy that is not named in
    `PORTAL_TRUSTED_PROXIES` everybody has its address.
    """
    settings = get_settings()
    address = address_in(request.scope, trusted_proxies(settings))
    return await limiter().wait_for(settings.limit_failures, "failure", counted_as(address))
