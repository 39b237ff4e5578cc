"""Every address that answers, and what it asks for first. One that is not listed here turns this red."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from portal_app.api.app import create_api
from portal_app.portal_app import app
from portal_app.web.front import API_PATHS

GUARDS = {"caller_with", "visitor"}
"""The dependencies that let nobody through without a key of the operator's or a customer's live session."""

OPEN = {
    "GET /files/{token}": "the link is the credential, for one minute",
    "GET /branding/logo": "the operator's logo, the same for everybody",
    "GET /branding/theme.js": "the theme that pages begin with, the same for everybody",
    "GET /openapi.json": "the API's description, in production only if asked for",
    "GET /docs": "the same, to be read",
    "GET /ping": "whether the process answers",
    "GET /_health": "whether it is well, as one word",
    "/_event": "the socket: every event of it comes to the gate",
    "/": "compiled pages: the same for everybody, without data",
}


def guards_of(dependant) -> Iterator[str]:
    """Yield the name of every dependency of a route, however deep."""
    for dependency in dependant.dependencies:
        yield getattr(dependency.call, "__qualname__", "").partition(".")[0]
        yield from guards_of(dependency)


def routes_of(router) -> Iterator[BaseRoute]:
    """Yield every route, those of included routers, too."""
    for route in router.routes:
        included = getattr(route, "original_router", None)
        yield from routes_of(included) if included else [route]


def unguarded_routes() -> Iterator[str]:
    for route in routes_of(create_api()):
        if not isinstance(route, APIRoute) or not GUARDS & set(guards_of(route.dependant)):
            for method in sorted(getattr(route, "methods", None) or [""]):
                yield f"{method} {route.path}".strip()


def framework_routes() -> Iterator[str]:
    for route in app._api.routes:
        if isinstance(route, Mount):
            yield route.path
        else:
            assert isinstance(route, Route)
            yield from (f"{method} {route.path}" for method in route.methods - {"HEAD"})


@pytest.mark.threat("T14")
def test_every_route_of_the_api_asks_for_a_credential_first_or_is_open_for_a_reason():
    assert [route for route in unguarded_routes() if route not in OPEN] == []


@pytest.mark.threat("T14")
def test_the_framework_answers_at_these_addresses_and_no_other():
    assert sorted(framework_routes()) == ["/_event", "GET /_health", "GET /ping"]
    assert set(framework_routes()) <= OPEN.keys()


def test_every_route_that_asks_for_a_credential_is_below_a_path_whose_answers_are_never_kept():
    guarded = [
        route.path
        for route in routes_of(create_api())
        if isinstance(route, APIRoute) and GUARDS & set(guards_of(route.dependant))
    ]
    assert guarded
    assert all(path.startswith(API_PATHS) for path in guarded)
