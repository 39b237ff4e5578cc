"""Make the page's socket follow the address the page came from, whatever port the build was made for.

Reflex bakes the port of the build into the page. This plugin patches the one function that turns the
baked address into the real one; a build fails loudly if that function is no longer where it was.
"""

import reflex as rx
from typing_extensions import Unpack

ANCHOR = "    endpoint.hostname = frontend_hostname;\n"
PATCH = (
    ANCHOR
    + "    if (import.meta.env.PROD) {\n"
    + '      endpoint.protocol = endpoint.protocol.startsWith("ws")\n'
    + '        ? window.location.protocol.replace("http", "ws")\n'
    + "        : window.location.protocol;\n"
    + "      endpoint.host = window.location.host;\n"
    + "      endpoint.port = window.location.port;\n"
    + "      return endpoint;\n"
    + "    }\n"
)


class SameOriginSocket(rx.plugins.Plugin):
    """Patches Reflex's state.js while the pages are compiled."""

    def pre_compile(self, **context: Unpack[rx.plugins.PreCompileContext]) -> None:
        """Register the patch."""
        context["add_modify_task"]("utils/state.js", follow_location)


def follow_location(source: str) -> str:
    """Return state.js with the patch in place; patching twice changes nothing.

    Raises:
        ValueError: Reflex's function has changed.
    """
    if PATCH in source:
        return source
    if source.count(ANCHOR) != 1:
        raise ValueError("Reflex's getBackendURL is not as this patch knows it: see ui/same_origin.py")
    return source.replace(ANCHOR, PATCH)
