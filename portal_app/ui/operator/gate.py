"""The operator's door: a live session by cookie before any data, and for each event the role it takes.

It stands before the portal's gate on the same socket. The boot event says which pages a connection shows; a
connection is at one door at a time, and what the other one showed it is gone.
"""

from __future__ import annotations

import logging
from asyncio import sleep
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Concatenate, ParamSpec, TypedDict, TypeVar
from urllib.parse import urlsplit

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, StateUpdate
from reflex_base.constants import RouteVar

from portal_app import clock
from portal_app.access.limits import FORWARDED, client_address, trusted_proxies
from portal_app.access.operator_roles import HOME, Role, may
from portal_app.access.operator_sessions import OperatorPrincipal, cookie_value, session_cookie, token_hash
from portal_app.access.turns import CONFIRMED_SECONDS
from portal_app.commands.operator_sessions import cookie_key, note_operator_seen, note_refused
from portal_app.database import Session, current_database
from portal_app.display import Display, make_display
from portal_app.errors import Unavailable
from portal_app.queries.branding import branding_of_operator
from portal_app.queries.operators import find_operator_session_of_operator
from portal_app.settings import get_settings
from portal_app.ui.addresses import clean, parameters_of
from portal_app.ui.connections import CONNECTIONS
from portal_app.ui.gate import BOOT, ON_LOAD, Gate, Portal
from portal_app.ui.profile import initials_of

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

RECHECK_SECONDS = 5.0
"""How long a page shows what it has before the register is asked again."""
_HERE = f"{__package__}."


class DeskStatus(StrEnum):
    """What the operator's door says. Everything but `open` shows no data."""

    LOADING = "loading"
    OPEN = "open"
    CLOSED = "closed"
    UNAVAILABLE = "unavailable"


class WhoRow(TypedDict):
    """Who is signed in, as pages show it."""

    name: str
    email: str
    role: str
    initials: str


NOBODY = WhoRow(name="", email="", role="", initials="")


class Desk(rx.State):
    """Who works here. Every state of an operator's page is its substate, so that closing the door clears them all."""

    status: str = DeskStatus.LOADING.value
    business: str = ""
    who: WhoRow = NOBODY
    may_mint: bool = False
    may_change: bool = False
    was_open: bool = False
    here: str = HOME
    problem: str = ""
    trouble: str = ""
    _principal: OperatorPrincipal | None = None
    _token_hash: str = ""
    _confirmed_at: datetime | None = None
    _connection: str = ""
    _locale: str = ""

    @rx.event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Close the door by itself when the session ends, even if nobody touches the page."""
        connection = self._connection
        while True:
            async with self:
                if not connection or self._connection != connection:
                    return
                await self._confirm()
                if self._principal is None:
                    return
            await sleep(RECHECK_SECONDS)

    async def _admit(self, cookies: str, address: str, connection: str) -> None:
        """Wipe what an earlier owner left, then open the door if the cookie is good."""
        self.reset()
        self._connection = connection
        CONNECTIONS.present(connection)
        self.here = _address_here(address)
        self.problem = parameters_of(address).get("problem", "")[:20]
        settings = get_settings()
        name = session_cookie(https=settings.own_origin.startswith("https://"))
        self._token_hash = token_hash(cookie_value(cookies, name), cookie_key(settings))
        try:
            operator = await current_database().read(branding_of_operator, settings)
            self.business, self._locale = operator.name, operator.locale
            await self._open()
        except Exception:  # whatever it is, the page must say something and show nothing
            logger.exception("an operator's page could not be opened")
            self.status = DeskStatus.UNAVAILABLE.value

    async def _open(self) -> None:
        now = clock.utc_now()
        who = await current_database().read(find_operator_session_of_operator, self._token_hash, now)
        if who is None:
            self.status = DeskStatus.CLOSED.value
            return
        self.who = WhoRow(name=who.name, email=who.email, role=who.role.value, initials=initials_of(who.name))
        self.may_mint, self.may_change = who.role is not Role.VIEWER, who.role is Role.ADMIN
        self._principal, self._confirmed_at = who, now
        CONNECTIONS.admit(self._connection, f"operator {self._connection}")  # it is no stranger's
        self.status, self.was_open, self.problem = DeskStatus.OPEN.value, True, ""

    async def _confirm(self) -> None:
        """Ask the register again; clear everything if the session is over.

        If the register does not answer, what is on screen stays, and nothing new is answered.
        """
        now, self._confirmed_at = clock.utc_now(), None
        if self._principal is None:
            return
        try:
            who = await current_database().read(find_operator_session_of_operator, self._token_hash, now)
        except Unavailable:
            return
        except Exception:  # `watch` must go on, and nothing is confirmed
            logger.exception("an operator's session could not be confirmed")
            return
        if who is None or who.role is not self._principal.role:
            await self._close()
        else:
            self._principal, self._confirmed_at = who, now

    async def _close(self) -> None:
        """Ask to sign in instead of showing data, and forget the data in every substate."""
        for page in Desk.get_substates():
            await self.get_state(page)
        kept = (self.business, self._connection, _address_here(str(self.router.url)))
        self.reset()
        self.business, self._connection, self.here = kept
        self.status, self.was_open = DeskStatus.CLOSED.value, True

    async def _seen(self) -> None:
        """Keep the session from growing idle: somebody did something. A database that is busy does not hold them up."""
        who, now = self._principal, clock.utc_now()
        if who is not None and self._confirmed_at is not None and who.was_idle(now):
            with suppress(Unavailable):
                await current_database().write(note_operator_seen, who, now)

    def _who(self) -> OperatorPrincipal:
        """Return who is signed in. The gate has just confirmed it."""
        if self._principal is None:
            raise PermissionError
        return self._principal

    def _display(self, zone: str = "UTC") -> Display:
        """How the operator reads."""
        return make_display(self._locale, zone)

    def _address(self) -> str:
        """Return where the page is open, as the proxies that are trusted say."""
        forwarded = self.router.headers.raw_headers.get(FORWARDED, "")
        return client_address(self.router.session.client_ip, [forwarded], trusted_proxies(get_settings()))[:64]

    def _parameters(self) -> dict[str, str]:
        """The query of the page's address."""
        return parameters_of(str(self.router.url))

    async def _ask(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query for whoever is signed in.

        Raises:
            Unavailable: the database did not answer, or the register of sessions did not confirm this one.
        """
        self._require_confirmed()
        return await current_database().read(query, *args, **kwargs)

    async def _do(self, command: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a command for whoever is signed in.

        Raises:
            Unavailable: the database did not answer, or the register of sessions did not confirm this one.
        """
        self._require_confirmed()
        return await current_database().write(command, *args, **kwargs)

    def _require_confirmed(self) -> None:
        confirmed_at, now = self._confirmed_at, clock.utc_now()
        if confirmed_at is None or (now - confirmed_at).total_seconds() > CONFIRMED_SECONDS:
            raise Unavailable
        self._who()


class OperatorGate(Gate):
    """Lets an event of the operator's pages through, or answers in its place; all others go to the portal's gate."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Return None to let `event` run, or the update to send instead of it."""
        desk = await state.get_state(Desk)
        connection = state.router.session.session_id
        if event.name == BOOT:
            if _is_here(event):
                return await _boot(desk, await state.get_state(Portal), event, connection)
            desk.reset()
            return await super().preprocess(app, state, event)
        if not connection or desk._connection != connection:
            return await super().preprocess(app, state, event)
        if event.name == ON_LOAD:
            return None  # it names the events of the page, and each of them comes here
        name = policy_name(app, event.name)
        if name is None or await _may_run(desk, name):
            return None if name else StateUpdate()
        delta = await state._get_resolved_delta()
        state._clean()
        return StateUpdate(delta=delta)


def policy_name(app: rx.App, event_name: str) -> str | None:
    """Return what the policy calls an event, or None if it is not one of the operator's pages."""
    registered = app._registration_context.event_handlers.get(event_name)
    handler = registered.handler.fn if registered else None
    return handler.__qualname__ if handler and handler.__module__.startswith(_HERE) else None


async def _may_run(desk: Desk, name: str) -> bool:
    await desk._confirm()
    who = desk._principal
    if desk.status != DeskStatus.OPEN.value or who is None:
        return False
    if may(who.role, name):
        if name != _WATCH:
            await desk._seen()
        return True
    await current_database().write(note_refused, who, name, clock.utc_now())
    return False


async def _boot(desk: Desk, portal: Portal, event: Event, connection: str) -> StateUpdate | None:
    """Open the door to the cookie that the connection came with, and let nothing that the page sent in.

    Browsers say from which page a socket is opened: one that does not say so is no page of ours.
    """
    portal.reset()
    if not isinstance(event.payload, dict):
        return StateUpdate()
    headers = event.router_data.get(RouteVar.HEADERS) or {}
    hashes = event.payload.get("hashes")
    event.payload.clear()
    event.payload.update(vars={}, hashes=hashes if isinstance(hashes, list) else None)
    is_ours = headers.get("origin", "") in get_settings().own_origins
    cookies = headers.get("cookie", "") if is_ours else ""
    await desk._admit(cookies, clean(event.router_data.get(RouteVar.ORIGIN)), connection)
    return None


def _address_here(address: str) -> str:
    """Return the path and search of an operator's page, for the way back to it after signing in."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query and "problem=" not in parts.query else parts.path or HOME


def _is_here(event: Event) -> bool:
    path = urlsplit(clean(event.router_data.get(RouteVar.ORIGIN))).path
    return path == HOME or path.startswith(f"{HOME}/")


_WATCH = "Desk.watch"
