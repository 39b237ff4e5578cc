"""The composition root: pages, gate, REST and headers put together into one ASGI application."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from reflex.utils import prerequisites
from reflex_base import constants
from starlette.types import ASGIApp

from portal_app import development
from portal_app.api.app import create_api
from portal_app.commands.usage_writer import close_current_writer
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import OVERVIEW
from portal_app.ui.connections import limit_connections
from portal_app.ui.gate import BOOT, Gate, Portal
from portal_app.ui.kept_apart import keep_to_connections
from portal_app.ui.loading import log_and_answer_nothing
from portal_app.ui.operator.addresses import CUSTOMERS
from portal_app.ui.redis_locks import pass_locks_on
from portal_app.ui.routes import add_pages
from portal_app.ui.screens import no_such_page
from portal_app.upkeep import keep_up
from portal_app.web import logs, redaction
from portal_app.web.front import ApiBeforePages
from portal_app.web.headers import SecurityHeaders
from portal_app.web.operator.imports import keep_swept
from portal_app.web.operator.routes import create_operator_routes

settings = get_settings()
redaction.install(settings.secrets())
if settings.in_production:
    logs.install()
logging.getLogger("portal_app").setLevel(logging.INFO)
pages = prerequisites.get_web_dir() / constants.Dirs.STATIC


class PortalApp(rx.App):
    """Reflex's application, with the API beside its pages and the headers around everything that answers."""

    def __call__(self) -> ASGIApp:
        """Return what a server runs."""
        inner = super().__call__()
        if settings.serves_operator:
            inner = ApiBeforePages(create_operator_routes(), inner, pages)
        return SecurityHeaders(ApiBeforePages(create_api(), inner, pages), settings, pages)


@asynccontextmanager
async def finish_events() -> AsyncIterator[None]:
    """Take the events that wait when the server is told to stop: their senders are still there."""
    yield
    await asyncio.to_thread(close_current_writer)


app = PortalApp(
    head_components=[
        rx.el.script(src="/branding/theme.js"),
        rx.el.script(src="/boot.js"),
        rx.el.script(src="/keys.js", defer=True),
        rx.el.script(src="/session.js", defer=True),
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
app.add_page(
    no_such_page(OVERVIEW if settings.serves_portal else CUSTOMERS), route="404", title=_("There is no such page")
)
if settings.serves_portal:
    add_pages(app)
if settings.serves_operator:
    # Imported here alone: without this surface, none of its states or events is registered.
    from portal_app.ui.operator.pages import Desk, OperatorGate, add_operator_pages

    app.add_middleware(OperatorGate())
    keep_to_connections(app, Portal, Desk)
    add_operator_pages(app)
    app.register_lifespan_task(keep_swept)
else:
    app.add_middleware(Gate())
    keep_to_connections(app, Portal)
limit_connections(app, settings, BOOT)
pass_locks_on(app.state_manager)
app.register_lifespan_task(development.welcome)
app.register_lifespan_task(keep_up)
app.register_lifespan_task(finish_events)
