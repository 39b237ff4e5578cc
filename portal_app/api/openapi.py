"""The description of the API: `/openapi.json`, and a page people can read, without a script or a foreign request.

Off in production unless PORTAL_API_DOCS switches them on.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse

from portal_app.api.docs_page import page

Document = dict[str, Any]


def add_documentation(api: FastAPI) -> None:
    """Serve the description of `api` and its page."""
    api.add_api_route("/openapi.json", lambda: JSONResponse(document(api)), include_in_schema=False)
    api.add_api_route("/docs", lambda: HTMLResponse(page(document(api))), include_in_schema=False)


def document(api: FastAPI) -> Document:
    """Return the OpenAPI document. Malformed requests are answered with 400, which FastAPI does not know."""
    found = api.openapi()
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(name, None)
    return found
