"""Sign in, out, and out everywhere. Wrong guesses of strangers never count against a browser that was here before."""

from __future__ import annotations

import asyncio
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from portal_app import clock
from portal_app.access.limits import counted_as
from portal_app.access.operator_roles import HOME
from portal_app.access.operator_sessions import (
    ABSOLUTE,
    DEVICE_SECONDS,
    cookie_value,
    device_cookie,
    device_of,
    new_device,
    session_cookie,
    token_hash,
)
from portal_app.access.passwords import MOST_CHARACTERS, NOBODYS, password_matches
from portal_app.commands.operator_sessions import (
    Guess,
    cookie_key,
    note_failed_sign_in,
    open_operator_session,
    sign_out,
    sign_out_everywhere,
)
from portal_app.database import current_database
from portal_app.queries.operators import SignInMaterial, sign_in_material_of_operator
from portal_app.settings import get_settings
from portal_app.web.operator.guarded import Visit, address_of, back, form_fields, is_from_our_page, refused

_turns = asyncio.Semaphore(2)
"""Each hash takes 64 MiB: a crowd of guesses waits, and the pages of everybody else do not."""


async def enter(request: Request) -> Response:
    """Sign in with e-mail address and password, and lead back to the page that was asked for."""
    if not is_from_our_page(request):
        return refused("This form was not sent by a page of ours.")
    fields = await form_fields(request)
    email = fields.get("email", "").strip().lower()[:200]
    async with _turns:  # from the count to what adds to it: guesses that come at once would all find none
        now = clock.utc_now()
        guess, found = await _judge(request, email, now)
        if found.is_locked:
            return back(fields.get("next", HOME), problem="locked")
        if not await _is_right(fields.get("password", ""), found):
            await current_database().write(note_failed_sign_in, guess, now)
            return back(fields.get("next", HOME), problem="refused")
    return await _admit(request, found, email, fields.get("next", HOME), now)


async def leave(visit: Visit) -> Response:
    """End this session."""
    await visit.do(sign_out, visit.who, visit.now)
    return _without_cookie(back(HOME))


async def leave_everywhere(visit: Visit) -> Response:
    """End every session of whoever asks."""
    await visit.do(sign_out_everywhere, visit.who, visit.now)
    return _without_cookie(back(HOME))


async def _judge(request: Request, email: str, now: datetime) -> tuple[Guess, SignInMaterial]:
    """Return under which bucket a guess counts, and what it must match.

    The bucket is the browser where it has signed in to this account before; else the address it comes from. So
    nobody's guesses close the account itself.
    """
    settings, address = get_settings(), address_of(request)
    place = counted_as(address)
    cookie = cookie_value(request.headers.get("cookie", ""), device_cookie(https=_https()))
    device = device_of(cookie, email, cookie_key(settings))
    bucket = f"device {device} {email}" if device else f"{place} {email}"
    found = await current_database().read(sign_in_material_of_operator, email, place, bucket, now)
    return Guess(email, bool(found.password_hash), address, (bucket, place)), found


async def _is_right(password: str, found: SignInMaterial) -> bool:
    kept = found.password_hash or NOBODYS
    matches = await asyncio.to_thread(password_matches, password[: MOST_CHARACTERS + 1], kept)
    return matches and bool(found.password_hash)


async def _admit(request: Request, found: SignInMaterial, email: str, path: str, now: datetime) -> Response:
    settings, name = get_settings(), session_cookie(https=_https())
    key = cookie_key(settings)
    replaced = token_hash(cookie_value(request.headers.get("cookie", ""), name), key)
    address = address_of(request)
    token = await current_database().write(open_operator_session, settings, found, replaced, address, now)
    if not token:
        return back(path, problem="refused")
    answer = back(path)
    _set_cookie(answer, name, token, int(ABSOLUTE.total_seconds()))
    _set_cookie(answer, device_cookie(https=_https()), new_device(email, key), DEVICE_SECONDS)
    return answer


def _without_cookie(answer: Response) -> Response:
    _set_cookie(answer, session_cookie(https=_https()), "", 0)
    return answer


def _set_cookie(answer: Response, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(name, value, max_age=seconds, path="/", secure=_https(), httponly=True, samesite="strict")


def _https() -> bool:
    return get_settings().own_origin.startswith("https://")
