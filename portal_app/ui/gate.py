"""The one door: a live session before any data, and nothing but named events through it.

Every Reflex handler is a public call: a websocket client can name any of them, in any order, with any
arguments, and whoever holds a page's client token may ask for its state. So `Gate` lets an event
through only on the connection that presented the portal token, only if its handler was declared with
`portal_event`, and only after the register confirmed the session once more. That what an event loads
reaches that connection alone, and is forgotten with it, is seen to in `ui/kept_apart.py`. It leans on
private parts of Reflex: it is pinned, and tests/ui/test_gate_contract.py says which parts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, OnLoadInternalState, State, StateUpdate
from reflex_base.constants import RouteVar
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.utils.format import format_event_handler

from portal_app import clock
from portal_app.access.principal import CustomerId, Principal
from portal_app.access.turns import CONFIRMED_SECONDS, TURNS
from portal_app.database import Session, current_database
from portal_app.display import Display, make_display
from portal_app.errors import ChangedMeanwhile, Unavailable
from portal_app.queries.access import check_session_of_anyone
from portal_app.queries.branding import Operator, branding_of_operator
from portal_app.queries.customers import get_profile
from portal_app.queries.layout import Ranges
from portal_app.settings import get_settings
from portal_app.ui.addresses import OVERVIEW, clean, parameters_of
from portal_app.ui.connections import CONNECTIONS
from portal_app.ui.endings import ENDINGS
from portal_app.ui.profile import (
    NO_OPERATOR,
    NO_PROFILE,
    OperatorRow,
    ProfileRow,
    belongs_to_hidden,
    first_if_hidden,
    first_locale,
    graph_ranges,
    operator_row,
    profile_row,
)
from portal_app.ui.tokens import GateStatus, Presented, look_up, note_opening, note_refusal, presented_token, term

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TOKEN_STORAGE = "portal_token"  # noqa: S105 (the name of a storage key; boot.js writes it)
LOCALE_STORAGE = "portal_locale"
RECHECK_SECONDS = 30.0
"""How long a page shows what it has before the register is asked again for it alone; `Endings` asks more often."""

_GUARDED: set[str] = set()


def _name_of(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def portal_event(*, background: bool = False, supersedes: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Declare a handler that customers in a live session may call. Anything else is refused.

    A background handler passes the gate once, when it starts: whenever it takes the state anew it must
    `_confirm`, and it must end when the state is no longer its connection's, as `Portal.watch` does.
    """

    def declare(handler: Callable[..., Any]) -> Any:
        _GUARDED.add(_name_of(handler))
        options = {"background": True, "supersedes": supersedes} if background else {}
        return rx.event(handler, **options)  # pyright: ignore[reportCallIssue, reportArgumentType]

    return declare


def is_guarded(handler: Callable[..., Any]) -> bool:
    """Tell whether a handler was declared with `portal_event`."""
    return _name_of(handler) in _GUARDED


class Portal(rx.State):
    """Who is looking. Every state with customers' data is its substate, so that closing the door clears them all."""

    portal_token: str = rx.SessionStorage("", name=TOKEN_STORAGE)
    portal_locale: str = rx.SessionStorage("", name=LOCALE_STORAGE)
    status: str = GateStatus.LOADING.value
    reference: str = ""
    term: str = ""
    refused: int = 0
    operator: OperatorRow = NO_OPERATOR
    profile: ProfileRow = NO_PROFILE
    _principal: Principal | None = None
    _confirmed_at: datetime | None = None
    _connection: str = ""
    _locale: str = ""
    _zone: str = ""
    _operator_locale: str = ""
    _ranges: dict[str, Ranges] = {}

    @portal_event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Close the door by itself when the session ends, even if nobody touches the page."""
        connection = self._connection
        while True:
            async with self:
                if self._connection != connection:
                    return
                await self._confirm()
                if self._principal is None:
                    return
                ending = ENDINGS.expect(self._principal.jti)  # while the state is ours: a renewal would wake nobody
                left = (self._principal.expires_at - clock.utc_now()).total_seconds()
            await ending.within(min(max(left, 0.0) + 0.01, RECHECK_SECONDS))

    @portal_event()
    async def confirm(self) -> None:
        """Let the gate ask the register, and tell the end anew: a page that believes it is over asks."""
        if self._principal is not None:
            self.term = term(self._principal.expires_at)

    @portal_event()
    async def renew(self, token: str) -> Any:
        """Go on with a fresh token: one of the same customer loses nothing, any other one starts from nothing.

        A token that is no good changes nothing on a page that is open.
        """
        token, was, connection = presented_token(token), self._principal, self._connection
        if was is not None:
            try:
                presented = await look_up(token, clock.utc_now())
            except Unavailable:
                presented = Presented(GateStatus.UNAVAILABLE)
            if presented.principal is None:
                self.refused += 1
                return None
            if presented.principal.customer_id == was.customer_id:
                await self._go_on(was, presented, presented.principal, token)
                return None
        locale, refused = self.portal_locale, self.refused
        await self._close(GateStatus.LOADING)
        await self._admit(token, locale, connection)
        self.portal_token, self.portal_locale = token, locale
        self.refused = refused + (self.status != GateStatus.OPEN.value)
        return ON_LOAD_HANDLER if was is None else [rx.redirect(OVERVIEW, replace=True), ON_LOAD_HANDLER]

    async def _admit(self, token: str, locale: str, connection: str) -> None:
        """Wipe what an earlier owner left, then open the door if the token is good."""
        self.reset()
        self._connection = connection
        CONNECTIONS.present(connection)
        try:
            self._look_like(await current_database().read(branding_of_operator, get_settings()))
            presented = await look_up(token, clock.utc_now())
            self._point_to(presented)
            if presented.principal is None:
                self.status = presented.status.value
                if presented.jti:
                    await note_refusal(presented.jti, clock.utc_now())
            elif CONNECTIONS.admit(connection, presented.jti):
                await self._open(presented.principal, locale)
            else:
                self.status = GateStatus.CROWDED.value
        except Exception:  # whatever it is, the page must say something and show nothing
            logger.exception("a page could not be opened")
            self.status = GateStatus.UNAVAILABLE.value

    def _look_like(self, operator: Operator) -> None:
        """Show the operator's branding."""
        self.operator, self._ranges = operator_row(operator), graph_ranges(operator)
        self._operator_locale = operator.locale

    def _shows(self, name: str) -> bool:
        """Tell whether a page, or a part of one such as `overview.usage_graph`, is there."""
        return self.operator["shown"].get(name, True)

    async def _open(self, principal: Principal, locale: str) -> None:
        now = clock.utc_now()
        await note_opening(principal, now)
        profile = await current_database().read(get_profile, principal.customer_id)
        self._locale = first_locale(locale, profile.locale, self._operator_locale)
        self._zone = profile.timezone
        self.profile = profile_row(profile, self._display())
        self._principal, self._confirmed_at = principal, now
        self.term, self.status = term(principal.expires_at), GateStatus.OPEN.value

    async def _go_on(self, was: Principal, presented: Presented, principal: Principal, token: str) -> None:
        """Put a fresh token of the same customer in the place of the one before; everything else stays.

        If the fresh one cannot be admitted or written down, the one before goes on.
        """
        now = clock.utc_now()
        try:
            is_admitted = CONNECTIONS.admit(self._connection, principal.jti)
            if is_admitted:
                await note_opening(principal, now)
        except (Unavailable, ChangedMeanwhile):
            is_admitted = False
        if not is_admitted:
            CONNECTIONS.admit(self._connection, was.jti)
            self.refused += 1
            return
        self._point_to(presented)
        self._principal, self._confirmed_at, self.portal_token = principal, now, token
        self.term = term(principal.expires_at)
        ENDINGS.wake(was.jti)  # `watch` waits for that one's end

    def _point_to(self, presented: Presented) -> None:
        """Show which session this is, and its own way back before the operator's."""
        self.reference = presented.jti[:8]
        if presented.return_url:
            self.operator = OperatorRow(**{**self.operator, "return_url": presented.return_url})

    async def _confirm(self) -> None:
        """Ask the register again; clear everything if the session is over.

        If the register does not answer, what is on screen stays, and `_ask` answers nothing new.
        """
        principal, self._confirmed_at = self._principal, None
        if principal is None:
            return
        now = clock.utc_now()
        if principal.expires_at <= now:
            await self._close(GateStatus.EXPIRED)
            return
        try:
            check = await current_database().read(
                check_session_of_anyone, principal.jti, principal.customer_public_id, now
            )
        except Unavailable:
            return
        except Exception:  # `watch` must go on, and nothing is confirmed
            logger.exception("a session could not be confirmed")
            return
        if check.principal is None:
            await self._close(GateStatus.REVOKED)
        else:
            self._confirmed_at = now

    async def _close(self, status: GateStatus) -> None:
        """Show a screen instead of data, and forget the data in every substate."""
        for tab in Portal.get_substates():
            await self.get_state(tab)  # Redis has loaded only what this event needs, and `reset` clears what is loaded
        kept = (self.operator, self.reference, self._connection, self.portal_token, self.portal_locale)
        self.reset()
        self.operator, self.reference, self._connection, self.portal_token, self.portal_locale = kept
        self.status = status.value

    def _customer(self) -> CustomerId:
        """Return whose session this is. The gate has just confirmed it."""
        if self._principal is None:
            raise PermissionError
        return self._principal.customer_id

    def _display(self) -> Display:
        """How this customer reads."""
        return make_display(self._locale, self._zone)

    def _parameters(self) -> dict[str, str]:
        """The query of the page's address."""
        return parameters_of(str(self.router.url))

    async def _ask(
        self,
        query: Callable[Concatenate[Session, CustomerId, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query for the customer whose session this is: tabs have no other way to data.

        Raises:
            Unavailable: the database did not answer, or the register of sessions did not confirm this one.
        """
        customer = self._customer()
        async with TURNS.of(customer):
            # Asked now: the turn may have come long after the question.
            confirmed_at, now = self._confirmed_at, clock.utc_now()
            if confirmed_at is None or (now - confirmed_at).total_seconds() > CONFIRMED_SECONDS:
                raise Unavailable
            return await current_database().read(query, customer, *args, **kwargs)


class Gate(rx.Middleware):
    """Lets an event through, or answers in its place. Fails closed."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Return None to let `event` run, or the update to send instead of it."""
        portal = await state.get_state(Portal)
        connection = state.router.session.session_id
        if event.name == BOOT:
            return await _boot(portal, event, connection)
        if not connection or portal._connection != connection:
            return StateUpdate()
        if event.name in {ON_LOAD, RENEW}:
            # The one names the events of the page, which all come here; the other presents a token.
            return _lead_away(portal) if event.name == ON_LOAD else None
        if not _may_run(app, event.name) or belongs_to_hidden(portal.operator, event.name):
            return StateUpdate()
        await portal._confirm()
        if portal.status == GateStatus.OPEN.value:
            return None
        delta = await state._get_resolved_delta()
        state._clean()
        return StateUpdate(delta=delta)


async def _boot(portal: Portal, event: Event, connection: str) -> StateUpdate | None:
    """Open the door to what the boot event presents, and leave nothing in it but that.

    One that does not say where its page is would inherit the address of the page before it.
    """
    if not isinstance(event.payload, dict) or not isinstance(event.router_data.get(RouteVar.ORIGIN), str):
        return StateUpdate()
    sent, prefix = event.payload.get("vars"), Portal.get_full_name()
    stored = {name: f"{prefix}.{name}{FIELD_MARKER}" for name in (TOKEN_STORAGE, LOCALE_STORAGE)}
    given = sent if isinstance(sent, dict) else {}
    texts = {key: clean(given.get(key)) for key in stored.values()}
    texts[stored[TOKEN_STORAGE]] = presented_token(given.get(stored[TOKEN_STORAGE]))
    hashes = event.payload.get("hashes")
    event.payload.clear()
    event.payload.update(vars=texts, hashes=hashes if isinstance(hashes, list) else None)
    await portal._admit(texts[stored[TOKEN_STORAGE]], texts[stored[LOCALE_STORAGE]], connection)
    return None


def _may_run(app: rx.App, event_name: str) -> bool:
    registered = app._registration_context.event_handlers.get(event_name)
    return registered is not None and is_guarded(registered.handler.fn)


def _lead_away(portal: Portal) -> StateUpdate | None:
    """Return the way to the first page that is there from the address of one that is not."""
    there = first_if_hidden(portal.operator, urlsplit(str(portal.router.url)).path)
    return StateUpdate(events=Event.from_event_type(rx.redirect(there, replace=True))) if there else None


ON_LOAD_HANDLER = OnLoadInternalState.event_handlers["on_load_internal"]
BOOT = format_event_handler(State.event_handlers["hydrate_and_load"])
ON_LOAD = format_event_handler(ON_LOAD_HANDLER)
RENEW = format_event_handler(Portal.event_handlers["renew"])
