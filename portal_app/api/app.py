"""The FastAPI application: its routers, and how each error becomes a body of the dialect."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from portal_app.api import branding, downloads, sessions
from portal_app.api.edge import Edge
from portal_app.api.limits import failed_again
from portal_app.api.openapi import add_documentation
from portal_app.api.operator import (
    analytics,
    credit_grants,
    customer_reads,
    customers,
    entitlements,
    events,
    features,
    groups,
    ingest,
    invoices,
    meters,
    missing,
    payments,
    plans,
    prices,
    settings,
    subscriptions,
    wallets,
)
from portal_app.api.portal import analytics as portal_analytics
from portal_app.api.portal import config, info, usage
from portal_app.api.portal import invoices as portal_invoices
from portal_app.api.portal import subscriptions as portal_subscriptions
from portal_app.api.portal import wallets as portal_wallets
from portal_app.api.refusals import refusal_to_note
from portal_app.api.wire.errors import error_wire, http_error_wire, malformed_wire
from portal_app.errors import InsufficientScope, PortalError, TooManyRequests, Unauthorized
from portal_app.settings import get_settings

OPERATOR = (
    customer_reads,
    customers,
    wallets,
    invoices,
    payments,
    subscriptions,
    plans,
    prices,
    entitlements,
    credit_grants,
    features,
    meters,
    groups,
    ingest,
    events,
    analytics,
    settings,
    missing,
)
PORTAL = (info, portal_subscriptions, portal_invoices, portal_wallets, usage, portal_analytics, config)
MODULES = (sessions, *OPERATOR, *PORTAL, downloads, branding)
"""In the order of the documentation."""
COMPRESS_FROM_BYTES = 1024


def create_api() -> FastAPI:
    """Return the REST application."""
    api = FastAPI(
        title="Customer portal",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would be asked for on every request
    )
    # `include_router` would wrap each router in another one, and have every request ask all of them for their version.
    # Routes are matched in turn: events come thousands of times more often than everything else.
    api.router.routes += sorted(_routes(), key=lambda route: route not in ingest.router.routes)
    api.openapi = lambda: get_openapi(title=api.title, version=api.version, routes=_routes())
    if get_settings().shows_api_docs:
        add_documentation(api)
    api.add_exception_handler(PortalError, _answer)
    api.add_exception_handler(RequestValidationError, _answer_malformed)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_middleware(GZipMiddleware, minimum_size=COMPRESS_FROM_BYTES, compresslevel=4)
    api.add_middleware(Edge)
    return api


async def _answer(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, PortalError):  # registered for PortalError alone; the signature is Starlette's
        raise error
    refused = refusal_to_note(request, error) if isinstance(error, Unauthorized | InsufficientScope) else None
    if isinstance(error, Unauthorized) and (wait := await failed_again(request)):
        error = TooManyRequests(retry_after=wait)
    later = error.facts.get("retry_after") if isinstance(error, TooManyRequests) else None
    headers = {"Retry-After": str(later)} if later is not None else None
    answer = _response(error_wire(error), error.status.value, headers)
    answer.background = refused
    return answer


async def _answer_malformed(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    body = malformed_wire(error)
    return _response(body, body.http_status_code)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request.url.path)))  # Starlette names those of one route only
    return _response(http_error_wire(error.status_code), error.status_code, headers)


def _methods(path: str) -> set[str]:
    routes = (route for route in _routes() if isinstance(route, APIRoute))
    return {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}


def _routes() -> list[BaseRoute]:
    return [route for module in MODULES for route in module.router.routes]


def _response(body: BaseModel, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)
