"""The composition root: pages, gate, REST and headers put together into one ASGI application."""

import logging

import reflex as rx
from reflex.utils import prerequisites
from reflex_base import constants
from starlette.types import ASGIApp

from portal_app import development
from portal_app.api.app import PATHS, create_api
from portal_app.settings import get_settings
from portal_app.ui.gate import Gate, keep_to_connections, log_and_answer_nothing
from portal_app.ui.routes import add_pages
from portal_app.web import redaction
from portal_app.web.beside import Beside
from portal_app.web.headers import SecurityHeaders

settings = get_settings()
redaction.install()
logging.getLogger("portal_app").setLevel(logging.INFO)
pages = prerequisites.get_web_dir() / constants.Dirs.STATIC


def with_headers(wrapped: ASGIApp) -> ASGIApp:
    """Wrap everything that answers, errors included."""
    return SecurityHeaders(wrapped, settings, pages)


class App(rx.App):
    """Reflex's application, with REST and files beside it: they have a CORS policy of their own."""

    def __call__(self) -> ASGIApp:
        """Return all of it as one ASGI application."""
        return Beside(super().__call__(), with_headers(create_api()), PATHS)


app = App(
    api_transformer=with_headers,
    head_components=[
        rx.el.script(src="/boot.js"),
        rx.el.script(src="/keys.js", defer=True),
        rx.el.link(rel="stylesheet", href="/portal.css"),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.meta(name="robots", content="noindex"),
        rx.el.meta(name="color-scheme", content="light dark"),
    ],
    html_lang="en",
    # None of Reflex's overlays: toasts sent by the server need `eval`, and the shell says when the connection is lost.
    app_wraps={},
    toaster=None,
    backend_exception_handler=log_and_answer_nothing,
)
app.add_middleware(Gate())
keep_to_connections(app)
add_pages(app)
app.register_lifespan_task(development.welcome)
