"""Bodies of errors: flat ones of handlers, and the shorter ones from before a handler."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from portal_app.api.wire.values import Omitted
from portal_app.errors import InsufficientScope, Invalid, PortalError, Unauthorized, plain_problem

MOST_NAMED = 100
"""Fields that one answer says something of: a body has room for hundreds of thousands that cannot be used."""


class ErrorWire(BaseModel):
    """The flat body of an error raised by a handler."""

    code: str
    message: str
    http_status_code: int
    details: Omitted[dict[str, Any]] = None


class AuthErrorWire(BaseModel):
    """The body of an error raised before a handler: no credential, or a wrong one."""

    error: str


class PermissionErrorWire(BaseModel):
    """The body of a good credential used for something it may not do."""

    message: str


def error_wire(error: PortalError) -> ErrorWire | AuthErrorWire | PermissionErrorWire:
    """Return an error as the dialect writes it."""
    if isinstance(error, Unauthorized):
        return AuthErrorWire(error=str(error))
    if isinstance(error, InsufficientScope):
        return PermissionErrorWire(message=str(error))
    return ErrorWire(code=error.code, message=str(error), http_status_code=error.status.value)


def http_error_wire(status: int) -> ErrorWire:
    """Return what HTTP itself refuses (no such path or method, a body too large) as the dialect writes it."""
    code = {404: "not_found", 405: "invalid_operation"}.get(status, "validation_error")
    return ErrorWire(code=code, message=HTTPStatus(status).phrase, http_status_code=status)


def malformed_wire(error: RequestValidationError) -> ErrorWire:
    """Return the fields that cannot be used: the first in the message, the first hundred in the details."""
    named = error.errors()[:MOST_NAMED]
    problems = {_field(found["loc"]): plain_problem(found["type"], found["msg"]) for found in named}
    field, problem = next(iter(problems.items()))
    details = {"fields": problems} if len(problems) > 1 else None
    return ErrorWire(
        code=Invalid.code, message=f"{field}: {problem}", http_status_code=Invalid.status.value, details=details
    )


def _field(location: tuple[int | str, ...]) -> str:
    """Write where a value stands: `line_items[0].amount`, or `body` for all of it."""
    path = ""
    for part in location[1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".") or "body"
