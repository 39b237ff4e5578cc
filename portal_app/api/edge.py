"""What every request of the API passes first and last: its id, CORS, and the answer to what nobody expected."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from portal_app.api.wire.errors import error_wire
from portal_app.errors import Invalid, PortalError

logger = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
_GOOD_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
OPEN_PATHS = ("/v1/", "/openapi.json")
"""Any page may call these: they take no cookie, so a foreign page has nothing of its visitor's to use."""
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": REQUEST_ID,
    "Access-Control-Max-Age": "86400",
}


class Edge:
    """The outermost layer of the API. An id that a caller sent is echoed if it is a plain word."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID, ""))
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                if scope["path"].startswith(OPEN_PATHS):
                    headers.update(CORS)
            await send(message)

        try:
            await self._answer(scope, receive, send_marked)
        except Exception:
            logger.exception("request %s failed", request_id)
            if started:
                raise
            await _response(PortalError())(scope, receive, send_marked)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS" and scope["path"].startswith(OPEN_PATHS):
            await Response(status_code=HTTPStatus.OK)(scope, receive, send)
        elif "\0" in scope["path"] or b"%00" in scope["query_string"]:
            problem = Invalid(field="url", problem="holds a NUL character")
            await _response(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _request_id(sent: str) -> str:
    return sent if _GOOD_ID.fullmatch(sent) else f"req_{ULID()}"


def _response(error: PortalError) -> Response:
    return JSONResponse(error_wire(error).model_dump(), status_code=error.status.value)
