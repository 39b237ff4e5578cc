"""Which application answers: the API for its own paths, the pages for everything else."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

API_PATHS = ("/v1/", "/files/")
"""Nothing under these is ever a page: what the API does not know there is an error of its dialect."""


class ApiBeforePages:
    """ASGI application of two: neither sees, wraps or answers the other's requests."""

    def __init__(self, api: Starlette, pages: ASGIApp, compiled: Path) -> None:
        """Take both; `compiled` is the folder of compiled pages."""
        self._api, self._pages = api, pages
        self._folders = {f"/{page.parent.relative_to(compiled)}" for page in compiled.glob("*/**/index.html")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request to its application."""
        if scope["type"] == "http" and self._is_for_api(scope):
            await self._api(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"] in self._folders:
            # The page itself instead of a redirect to it, which would say the address again, token and all.
            scope = {**scope, "path": scope["path"] + "/"}
        await self._pages(scope, receive, send)

    def _is_for_api(self, scope: Scope) -> bool:
        return f"{scope['path']}/".startswith(API_PATHS) or any(
            route.matches(scope)[0] is not Match.NONE for route in self._api.routes
        )
