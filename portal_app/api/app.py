"""The FastAPI application: its routers, and how each error becomes a body of the dialect."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from portal_app.api import downloads, sessions
from portal_app.api.wire import error_wire
from portal_app.errors import InsufficientScope, Invalid, PortalError, Unauthorized

logger = logging.getLogger(__name__)


def create_api() -> FastAPI:
    """Return the REST application, without its documentation pages."""
    api = FastAPI(title="Customer portal", docs_url=None, redoc_url=None, openapi_url=None)
    api.include_router(sessions.router)
    api.include_router(downloads.router)
    api.add_exception_handler(PortalError, _answer)
    api.add_exception_handler(RequestValidationError, _answer_malformed)
    api.add_exception_handler(Exception, _answer_unexpected)
    return api


async def _answer(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, PortalError):  # registered for PortalError alone; the signature is Starlette's
        raise error
    body: dict[str, object] = error_wire(error).model_dump()
    if isinstance(error, Unauthorized):
        body = {"error": str(error)}
    elif isinstance(error, InsufficientScope):
        body = {"message": str(error)}
    return JSONResponse(body, status_code=error.status.value)


async def _answer_malformed(request: Request, error: Exception) -> JSONResponse:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    field = ".".join(str(part) for part in first.get("loc", ())[1:]) or "body"
    return await _answer(request, Invalid(field=field, problem=first.get("msg", "is malformed")))


async def _answer_unexpected(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, HTTPException):
        raise error
    logger.error("an unexpected error", exc_info=error)
    return JSONResponse(error_wire(PortalError()).model_dump(), status_code=500)
