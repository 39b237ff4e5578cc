"""The one door: a live session before any data, and nothing but named events through it.

Every Reflex handler is a public call: a websocket client can name any of them, in any order, with any
arguments, and whoever holds a page's client token may ask for its state. So `Gate` lets an event
through only on the connection that presented the portal token, only if its handler was declared with
`portal_event`, and only after the register confirmed the session once more. It leans on private parts
of Reflex (the boot event, the storage payload, the router's session id): reflex is pinned, and
tests/ui/test_gate_contract.py says which parts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar
from urllib.parse import parse_qsl, urlsplit

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, OnLoadInternalState, State, StateUpdate
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.utils.format import format_event_handler

from portal_app import clock
from portal_app.access.principal import CustomerId, Principal
from portal_app.access.tokens import SESSION, TokenRejected, verify
from portal_app.commands.use_session import note_opened
from portal_app.database import Session, current_database
from portal_app.display import Display, make_display
from portal_app.errors import Unavailable
from portal_app.queries.access import SessionStanding, check_session_of_anyone
from portal_app.queries.branding import Operator, branding_of_operator
from portal_app.queries.customers import CustomerProfile, get_profile
from portal_app.settings import get_settings

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

TOKEN_STORAGE = "portal_token"  # noqa: S105 (the name of a storage key; boot.js writes it)
LOCALE_STORAGE = "portal_locale"
RECHECK_SECONDS = 30.0

_GUARDED: set[str] = set()


class GateStatus(StrEnum):
    """What the door says. Everything but `open` shows a screen without data."""

    LOADING = "loading"
    OPEN = "open"
    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNAVAILABLE = "unavailable"


class OperatorRow(TypedDict):
    """Who bills, as pages show it. Shown on the screens of a closed door, too."""

    name: str
    support_email: str
    return_url: str
    logo_url: str


class ProfileRow(TypedDict):
    """The customer, as pages show it."""

    name: str
    initials: str
    external_id: str
    email: str
    address: list[str]
    tax_id: str
    zone: str


NO_OPERATOR = OperatorRow(name="", support_email="", return_url="", logo_url="")
NO_PROFILE = ProfileRow(name="", initials="", external_id="", email="", address=[], tax_id="", zone="")


def _name_of(handler: Callable[..., Any]) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def portal_event(*, background: bool = False, supersedes: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Declare a handler that customers in a live session may call. Anything else is refused."""

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
    operator: OperatorRow = NO_OPERATOR
    profile: ProfileRow = NO_PROFILE
    _principal: Principal | None = None
    _connection: str = ""
    _locale: str = ""
    _zone: str = ""

    @portal_event(background=True, supersedes=True)
    async def watch(self) -> None:
        """Close the door by itself when the session ends, even if nobody touches the page."""
        while True:
            async with self:
                if self._principal is None:
                    return
                await self._confirm()
                if self._principal is None:
                    return
                left = (self._principal.expires_at - clock.utc_now()).total_seconds()
            await asyncio.sleep(min(max(left, 0.0) + 0.01, RECHECK_SECONDS))

    async def _admit(self, token: object, locale: object, connection: str) -> None:
        """Wipe what an earlier owner left, then open the door if the token is good."""
        self.reset()
        self._connection = connection
        settings = get_settings()
        try:
            self.operator = _operator_row(await current_database().read(branding_of_operator, settings))
            if not token:
                self.status = GateStatus.MISSING.value
                return
            claims = verify(SESSION, settings.signing_keys(), token, clock.utc_now())
            self.reference = claims.jti[:8]
            await self._open(claims.jti, claims.subject, locale if isinstance(locale, str) else "")
        except TokenRejected as rejected:
            self.status = (GateStatus.EXPIRED if rejected.expired else GateStatus.INVALID).value
        except Unavailable:
            self.status = GateStatus.UNAVAILABLE.value

    async def _open(self, jti: str, subject: str, locale: str) -> None:
        now = clock.utc_now()
        check = await current_database().read(check_session_of_anyone, jti, subject, now)
        if check.principal is None:
            revoked = check.standing is SessionStanding.REVOKED
            self.status = (GateStatus.REVOKED if revoked else GateStatus.INVALID).value
            return
        await current_database().write(note_opened, check.principal, now)
        profile = await current_database().read(get_profile, check.principal.customer_id)
        self._principal = check.principal
        self._locale = locale or profile.locale or get_settings().operator_locale
        self._zone = profile.timezone
        self.profile = _profile_row(profile, self._display())
        self.status = GateStatus.OPEN.value

    async def _confirm(self) -> None:
        """Ask the register again; clear everything if the session is over."""
        principal = self._principal
        if principal is None:
            return
        now = clock.utc_now()
        if principal.expires_at <= now:
            self._close(GateStatus.EXPIRED)
            return
        try:
            check = await current_database().read(
                check_session_of_anyone, principal.jti, principal.customer_public_id, now
            )
        except Unavailable:
            return  # nothing is shown that was not shown before: the handler's own read says "unavailable"
        if check.principal is None:
            self._close(GateStatus.REVOKED)

    def _close(self, status: GateStatus) -> None:
        """Show a screen instead of data, and forget the data in every substate."""
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
        """The query of the page's address; the last one of a repeated name counts."""
        return dict(parse_qsl(urlsplit(str(self.router.url)).query))

    async def _ask(
        self,
        query: Callable[Concatenate[Session, CustomerId, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query for the customer whose session this is: tabs have no other way to data."""
        return await current_database().read(query, self._customer(), *args, **kwargs)


class Gate(rx.Middleware):
    """Lets an event through, or answers in its place. Fails closed."""

    async def preprocess(self, app: rx.App, state: BaseState, event: Event) -> StateUpdate | None:
        """Return None to let `event` run, or the update to send instead of it."""
        portal = await state.get_state(Portal)
        connection = state.router.session.session_id
        if event.name == BOOT:
            stored = _storage(event)
            await portal._admit(stored.get(TOKEN_STORAGE), stored.get(LOCALE_STORAGE), connection)
            return None
        if not connection or portal._connection != connection:
            return StateUpdate()
        if event.name == ON_LOAD:
            return None
        if not _may_run(app, event.name):
            return StateUpdate()
        await portal._confirm()
        if portal.status == GateStatus.OPEN.value:
            return None
        delta = await state._get_resolved_delta()
        state._clean()
        return StateUpdate(delta=delta)


def log_and_answer_nothing(exception: Exception) -> None:
    """Handle what a handler raised: keep it for the log; the browser learns nothing of it."""
    logger.error("a page's event failed", exc_info=exception)


def _may_run(app: rx.App, event_name: str) -> bool:
    registered = app._registration_context.event_handlers.get(event_name)
    return registered is not None and is_guarded(registered.handler.fn)


def _storage(event: Event) -> dict[str, object]:
    """Return what the browser's session storage sent with the boot event, by storage name."""
    sent = event.payload.get("vars")
    if not isinstance(sent, dict):
        return {}
    prefix = Portal.get_full_name()
    return {name: sent.get(f"{prefix}.{name}{FIELD_MARKER}") for name in (TOKEN_STORAGE, LOCALE_STORAGE)}


def _operator_row(operator: Operator) -> OperatorRow:
    return OperatorRow(
        name=operator.name,
        support_email=operator.support_email,
        return_url=operator.return_url,
        logo_url="/branding/logo" if operator.logo else "",
    )


def _profile_row(profile: CustomerProfile, display: Display) -> ProfileRow:
    words = [word for word in profile.name.split() if word[:1].isalnum()]
    return ProfileRow(
        name=profile.name,
        initials="".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper(),
        external_id=profile.external_id,
        email=profile.email,
        address=list(display.address(profile.address, profile.country)),
        tax_id=profile.tax_id,
        zone=display.zone.key,
    )


BOOT = format_event_handler(State.event_handlers["hydrate_and_load"])
ON_LOAD = format_event_handler(OnLoadInternalState.event_handlers["on_load_internal"])
