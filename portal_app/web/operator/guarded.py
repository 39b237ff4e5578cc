"""The door of the operator's routes: a live session, a role that may, and a page of ours that asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from portal_app import clock
from portal_app.access.limits import address_in, trusted_proxies
from portal_app.access.operator_roles import HOME, POLICY, WITHOUT_SESSION, may
from portal_app.access.operator_sessions import OperatorPrincipal, cookie_value, session_cookie, token_hash
from portal_app.commands.operator_sessions import cookie_key, note_operator_seen, note_refused
from portal_app.database import current_database
from portal_app.errors import PortalError, SignedOut, Unavailable
from portal_app.queries.operators import find_operator_session_of_operator
from portal_app.settings import get_settings

MAX_FORM_BYTES = 16 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the operator, in one request. `fields` are those of the form; `now` is when it came."""

    request: Request
    who: OperatorPrincipal
    fields: Mapping[str, str]
    now: datetime

    async def ask(self, query: Callable[..., T], *arguments: Any) -> T:
        """Run a query."""
        return await current_database().read(query, *arguments)

    async def do(self, command: Callable[..., T], *arguments: Any) -> T:
        """Run a command."""
        return await current_database().write(command, *arguments)

    async def confirm(self) -> None:
        """Ask for the session once more, when what came with the request has taken its time.

        Raises:
            SignedOut: it has been ended since, or its role is another one.
        """
        who = await operator_of(self.request, self.now)  # as of then: who sends for long has not been idle
        if who is None or who.role is not self.who.role:
            raise SignedOut

    @property
    def address(self) -> str:
        """Where the request came from."""
        return address_of(self.request)


Handler = Callable[[Visit], Awaitable[Response]]


def guarded(method: str, path: str, handler: Handler) -> Route:
    """Return the route of a handler; one that the policy does not know is a mistake of ours.

    Raises:
        KeyError: it has no entry in the policy.
    """
    name = f"{method} {path}"
    POLICY[name]

    async def answer(request: Request) -> Response:
        if method == "POST" and not is_from_our_page(request):
            return refused("This form was not sent by a page of ours.")
        fields = await form_fields(request) if method == "POST" and _is_form(request) else {}
        now = clock.utc_now()  # asked when all is here: whoever sends it slowly may have been signed out meanwhile
        who = await operator_of(request, now)
        if who is None:
            return back(HOME, problem="signed_out")
        if not may(who.role, name):
            await current_database().write(note_refused, who, name, now)
            return refused("Your role does not allow this.")
        if who.was_idle(now):
            with suppress(Unavailable):  # a database that is busy does not hold them up
                await current_database().write(note_operator_seen, who, now)
        return await handler(Visit(request, who, fields, now))

    return Route(path, answer, methods=[method])


def is_open(path: str) -> None:
    """Check that a route without a session is one on purpose.

    Raises:
        KeyError: it is not.
    """
    WITHOUT_SESSION[f"POST {path}"]


async def operator_of(request: Request, now: datetime) -> OperatorPrincipal | None:
    """Return whose cookie a request brings, or None."""
    settings = get_settings()
    name = session_cookie(https=settings.own_origin.startswith("https://"))
    token = cookie_value(request.headers.get("cookie", ""), name)
    kept = token_hash(token, cookie_key(settings))
    return await current_database().read(find_operator_session_of_operator, kept, now)


def is_from_our_page(request: Request) -> bool:
    """Tell whether a page of ours sent this: browsers say so, and no page can make them say otherwise."""
    return request.headers.get("origin", "") in get_settings().own_origins


async def form_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form; the last one of a repeated name counts, and one that is too long has none.

    NUL is left out: no database looks for it.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return {}
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: value.replace("\0", "") for name, value in fields}


def back(path: str, **parameters: str) -> RedirectResponse:
    """Lead to a page of ours after a form; an address that is not one of the operator's pages becomes the first."""
    ours = path == HOME or path.startswith((f"{HOME}/", f"{HOME}?"))
    path = path if ours else HOME
    query = ("&" if "?" in path else "?") + urlencode(parameters) if parameters else ""
    return RedirectResponse(path + query, HTTPStatus.SEE_OTHER)


async def not_done(_request: Request, error: Exception) -> Response:
    """Answer why it could not be done, whether the handler says so or the register before it did not answer."""
    if not isinstance(error, PortalError):  # registered for PortalError alone; the signature is Starlette's
        raise error
    return PlainTextResponse(str(error), error.status.value)


def refused(sentence: str) -> Response:
    """Answer what may not be done."""
    return PlainTextResponse(sentence, HTTPStatus.FORBIDDEN)


def address_of(request: Request) -> str:
    """Return where a request came from, as the proxies that are trusted say."""
    return address_in(request.scope, trusted_proxies(get_settings()))[:64]


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
