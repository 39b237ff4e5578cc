"""The description of the API: `/openapi.json`, and a page people can read, without a script or a foreign request.

Off in production unless PORTAL_API_DOCS switches them on.
"""

from __future__ import annotations

import json
from http import HTTPStatus
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
    """Return the OpenAPI document: errors are described once each, and no 422 is, for there is none."""
    found: Document = json.loads(json.dumps(api.openapi()))
    schemas, shared = found["components"]["schemas"], {}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in found["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            for status, response in operation["responses"].items():
                if status >= "400":
                    operation["responses"][status] = _shared(shared, status, response)
    found["components"]["responses"] = shared
    _drop_titles(schemas)
    return found


def _shared(shared: Document, status: str, response: Document) -> Document:
    """Keep a response among the components, under a name of its status, and return the reference to it."""
    phrase = HTTPStatus(int(status)).phrase.replace(" ", "")
    same = [name for name, kept in shared.items() if kept == response]
    name = same[0] if same else phrase if phrase not in shared else f"{phrase}{len(shared)}"
    shared[name] = response
    return {"$ref": f"#/components/responses/{name}"}


def _drop_titles(part: Any) -> None:
    """Take out the titles that only say a field's name again."""
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        if isinstance(inner, dict) and isinstance(inner.get("title"), str):
            del inner["title"]
        _drop_titles(inner)
