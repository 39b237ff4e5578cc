"""REST and files beside the pages: by the first part of the path, before anything of Reflex sees the request."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Beside:
    """ASGI application that hands some paths to one application and everything else to another."""

    def __init__(self, pages: ASGIApp, rest: ASGIApp, paths: tuple[str, ...]) -> None:
        """Hand what begins with one of `paths` to `rest`; sockets and the server's own life belong to `pages`."""
        self._pages, self._rest, self._paths = pages, rest, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        wanted = scope["type"] == "http" and scope["path"].startswith(self._paths)
        await (self._rest if wanted else self._pages)(scope, receive, send)
