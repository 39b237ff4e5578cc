"""The `x-api-key` header: which key, and whether it may."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header

from portal_app import clock
from portal_app.access.api_keys import Scope, allows, matches, parse_api_key
from portal_app.commands.api_keys import note_api_key_used, pepper
from portal_app.database import current_database
from portal_app.errors import InsufficientScope, Unauthorized
from portal_app.queries.access import ApiKeyRecord, find_api_key_of_operator
from portal_app.settings import get_settings


def api_key_with(scope: Scope) -> Callable[..., Awaitable[ApiKeyRecord]]:
    """Return a dependency that yields the caller's key if it is live and has `scope`."""

    async def dependency(x_api_key: Annotated[str, Header(description="an API key")] = "") -> ApiKeyRecord:
        key = parse_api_key(x_api_key)
        if key is None:
            raise Unauthorized
        now = clock.utc_now()
        record = await current_database().read(find_api_key_of_operator, key.key_id)
        # An unknown key id costs the same comparison as a known one.
        good = matches(key, record.secret_hash if record else "", pepper(get_settings()))
        if record is None or not good or not record.is_live(now):
            raise Unauthorized
        if not allows(record.scopes, scope):
            raise InsufficientScope
        await current_database().write(note_api_key_used, key.key_id, now)
        return record

    return dependency
