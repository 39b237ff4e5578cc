"""What the operator's pages send up: the logo, as bytes and nothing else."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from portal_app.commands.branding import set_logo
from portal_app.errors import BodyTooLarge
from portal_app.queries.branding import MAX_LOGO_BYTES
from portal_app.web.operator.guarded import Visit


async def take_logo(visit: Visit) -> Response:
    """Keep the picture that the body is; it is drawn anew, and never looked at under the name it came with."""
    data = await _body(visit, MAX_LOGO_BYTES)
    await visit.confirm()
    await visit.do(set_logo, data, visit.who.actor, visit.now)
    return JSONResponse({"message": "The logo is changed."})


async def _body(visit: Visit, limit: int) -> bytes:
    """Return the body.

    Raises:
        BodyTooLarge: it has more than `limit` bytes; no more than that is ever held.
    """
    body = b""
    async for chunk in visit.request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge(limit=limit)
    return body
