"""Make the page live on one origin: its socket follows the address the page came from, in development, too.

Reflex bakes the port of the build into the page, and its development server answers pages alone. This
plugin patches the function that turns the baked address into the real one, and has the development
server pass REST and files on to the backend. A build fails loudly if Reflex's files are no longer as
these patches know them.
"""

import reflex as rx
from reflex_base.plugins import PreCompileContext
from typing_extensions import Unpack

SOCKET_ANCHOR = "    endpoint.hostname = frontend_hostname;\n"
SOCKET_PATCH = """\
    if (import.meta.env.PROD) {
      endpoint.protocol = endpoint.protocol.startsWith("ws")
        ? window.location.protocol.replace("http", "ws")
        : window.location.protocol;
      endpoint.host = window.location.host;
      endpoint.port = window.location.port;
      return endpoint;
    }
"""
PROXY_ANCHOR = "    port: process.env.PORT,\n"
PROXIED = ("/v1", "/files", "/branding", "/openapi.json", "/docs")


class SameOrigin(rx.plugins.Plugin):
    """Patches Reflex's files while the pages are compiled."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Register the patches."""
        context["add_modify_task"]("utils/state.js", follow_location)
        context["add_modify_task"]("vite.config.js", pass_on_to_backend)


def follow_location(source: str) -> str:
    """Return state.js with a socket that follows `location`; patching twice changes nothing.

    Raises:
        ValueError: Reflex's function has changed.
    """
    return _patched(source, SOCKET_ANCHOR, SOCKET_PATCH)


def pass_on_to_backend(source: str) -> str:
    """Return vite.config.js whose development server passes REST and files on; patching twice changes nothing.

    Raises:
        ValueError: Reflex's configuration has changed.
    """
    backend = rx.config.get_config().api_url
    return _patched(
        source, PROXY_ANCHOR, "    proxy: {" + ", ".join(f'"{path}": "{backend}"' for path in PROXIED) + "},\n"
    )


def _patched(source: str, anchor: str, patch: str) -> str:
    if anchor + patch in source:
        return source
    if source.count(anchor) != 1:
        raise ValueError(f"Reflex's files are not as ui/same_origin.py knows them: {anchor.strip()} is missing")
    return source.replace(anchor, anchor + patch)
