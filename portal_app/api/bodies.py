"""How a request's body is read: JSON, exactly, and nothing that no table could hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from portal_app.access.api_keys import parse_api_key
from portal_app.access.turns import TURNS, WAITING
from portal_app.errors import BodyTooLarge, Invalid, NotJson, SessionRequired, Unauthorized

MAX_BYTES = 1024 * 1024
MAX_BYTES_OF_EVENTS = 32 * 1024 * 1024
MAX_DEPTH = 32
MOST_DIGITS = 4300
"""Of a number that is written out, as of whole ones: to make one of more takes minutes, and keeps everybody waiting."""
PORTAL_PREFIX = "/v1/customer/portal/"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ExactRequest(Request):
    """A request whose JSON is read before FastAPI asks for it, which would hide what is wrong with it."""

    value: Any = None
    content: bytes = b""

    async def read(self, limit: int) -> None:
        """Read the body's value; decimals stay decimals.

        Raises:
            BodyTooLarge: it has more than `limit` bytes; no more than that is ever held.
            Invalid: it is malformed, too deep, or holds text that no database stores.
        """
        chunks: list[bytes] = []
        left = limit
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk, more = message.get("body", b""), message.get("more_body", False)
            left -= len(chunk)
            if left < 0:
                raise BodyTooLarge(limit=limit)
            chunks.append(chunk)
        self.content = b"".join(chunks)
        if self.content:
            self.value = read_json(self.content)

    async def body(self) -> bytes:
        """Return what was read."""
        return self.content

    async def json(self) -> Any:
        """Return the value of what was read."""
        return self.value


class DataRoute(APIRoute):
    """A route that turns away whoever may not call it, or brings no JSON, before it reads the body.

    Its function declares one dependency, which says who calls.
    """

    max_bytes: ClassVar[int] = MAX_BYTES
    reads_itself: ClassVar[bool] = False
    """Whether the route takes the body's value as it is, by `body_of`."""

    def get_route_handler(self) -> Handler:
        """Return the handler that FastAPI would, behind these checks."""
        handle, guard = self.get_handler(), self.guard

        async def checked(request: Request) -> Response:
            _refuse_strangers(request)
            if self.body_field is not None or self.reads_itself:
                await guard(request)
                _refuse_other_types(request)
                request = ExactRequest(request.scope, request.receive)
                await request.read(self.max_bytes)
            if not _is_of_a_customer(request):
                return await handle(request)
            visitor = await guard(request)
            async with TURNS.of(visitor.principal.customer_id, waiting=WAITING):
                return await handle(request)

        return checked

    @property
    def guard(self) -> Any:
        """What says who calls, or raises; asked again for the same request it says the same at once."""
        (guard,) = (dependency.call for dependency in self.dependant.dependencies)
        return guard

    def get_handler(self) -> Handler:
        """Return what answers a request that has passed these checks."""
        self.strict_content_type = False  # a body without a type is JSON
        return super().get_route_handler()


class EventsRoute(DataRoute):
    """A route that takes many events at once, and checks them itself.

    Its function takes the request and the caller, and returns a response. All that FastAPI would do in between is to
    ask the one dependency, and that costs as much as everything else about a request of one event.
    """

    max_bytes: ClassVar[int] = MAX_BYTES_OF_EVENTS
    reads_itself: ClassVar[bool] = True

    def get_handler(self) -> Handler:
        """Return a handler that asks the guard that the function declares, and calls it."""
        guard = self.guard
        take: Any = self.endpoint

        async def handle(request: Request) -> Response:
            return await take(request, await guard(request))

        return handle


def body_of(request: Request) -> Any:
    """Return the value that a route reads itself; None if there was no body."""
    return request.value if isinstance(request, ExactRequest) else None


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        Invalid: it is malformed, nested deeper than `MAX_DEPTH`, holds NUL or half a character, or a number beyond any.
    """
    try:
        value = _EXACT.decode(body.decode("utf-8"))
    except RecursionError:
        raise Invalid(field="body", problem=f"is nested deeper than {MAX_DEPTH}") from None
    except ValueError as error:
        raise Invalid(field="body", problem=f"is not JSON: {error}") from None
    _refuse_unstorable(value)
    return value


def _refuse_unstorable(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                _refuse_text(item)
            elif isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise Invalid(field="body", problem=f"is nested deeper than {MAX_DEPTH}")


def _refuse_text(text: str) -> None:
    if "\0" in text:
        raise Invalid(field="body", problem="holds a NUL character")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid(field="body", problem="holds half of a surrogate pair")


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(_TOO_LONG) from None
    if len(text) > MOST_DIGITS or abs(value.adjusted()) > MOST_DIGITS:
        raise ValueError(_TOO_LONG)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


_TOO_LONG = f"a number has more than {MOST_DIGITS} digits"
_EXACT = json.JSONDecoder(parse_float=_decimal, parse_constant=_refuse_constant)
"""Made once: `json.loads` would make one for each body."""


def _is_of_a_customer(request: Request) -> bool:
    return request.scope["path"].startswith(PORTAL_PREFIX)


def _refuse_strangers(request: Request) -> None:
    if _is_of_a_customer(request):
        if "x-session-token" not in request.headers:
            raise SessionRequired
    elif parse_api_key(request.headers.get("x-api-key", "")) is None:
        raise Unauthorized


def _refuse_other_types(request: Request) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    if has_body and kind not in {"", "application/json"}:
        raise NotJson(kind=kind)
