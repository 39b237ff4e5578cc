"""The answers besides success that an operation's documentation lists, with the body of each."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from portal_app.api.wire.errors import AuthErrorWire, ErrorWire, PermissionErrorWire

Answers = dict[int | str, dict[str, Any]]

BAD_REQUEST = "A field that cannot be used as sent; `message` names it."
NOT_FOUND = "There is no such object. Another customer's is answered with the same body."
UNAVAILABLE = (
    "The database did not answer in time. Nothing was changed, or the same call with its key changes nothing more."
)
FAILED_OFTEN = "Too many wrong credentials came from this address; `Retry-After` says when to go on."
ALWAYS: Answers = {
    400: {"model": ErrorWire, "description": BAD_REQUEST},
    429: {"model": ErrorWire, "description": FAILED_OFTEN},
    500: {"model": ErrorWire, "description": "Something is wrong inside. Quote the `X-Request-ID`."},
    503: {"model": ErrorWire, "description": UNAVAILABLE},
}
BODY: Answers = {
    413: {"model": ErrorWire, "description": "The body is larger than 1 MB."},
    415: {"model": ErrorWire, "description": "The body is not `application/json`."},
}
EVENTS_BODY: Answers = BODY | {413: {"model": ErrorWire, "description": "The body is larger than 32 MB."}}
BUSY: Answers = {
    429: {"model": ErrorWire, "description": "Too many events are waiting. None was taken; `Retry-After` says when."},
}
MISSING: Answers = {404: {"model": ErrorWire, "description": NOT_FOUND}}
CONFLICT: Answers = {
    409: {"model": ErrorWire, "description": "It exists already, or something else changed it just now."}
}
MISSING_FEATURE: Answers = {501: {"model": ErrorWire, "description": "Not implemented in this deployment."}}
KEY: Answers = ALWAYS | {
    401: {"model": AuthErrorWire, "description": "No API key, or one that is unknown, expired or revoked."},
    403: {"model": PermissionErrorWire, "description": "The key lacks the scope."},
}
READ_ONLY: Answers = {403: {"model": PermissionErrorWire, "description": "Always: the portal is read-only."}}
PDF_OR_URL: Answers = {
    200: {
        "description": "A link for one minute, or the PDF.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    },
}
MANY_AT_ONCE = "Too many requests of this customer are waiting, or too many wrong credentials came from this address."
TOKEN: Answers = ALWAYS | {
    429: {"model": ErrorWire, "description": f"{MANY_AT_ONCE} `Retry-After` says when to go on."},
    401: {"model": AuthErrorWire, "description": "No session token, or one that is invalid, expired or revoked."},
}


def described_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return how a body is documented that a route reads itself."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    content = {"application/json": {"schema": schema | ({"$defs": definitions} if definitions else {})}}
    return {"requestBody": {"required": True, "content": content}}
