"""What API keys says: every key, and the one that was just made, shown once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypedDict

import reflex as rx

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.commands.api_keys import create_api_key, revoke_api_key
from portal_app.display import Display
from portal_app.errors import NotFound
from portal_app.labels import Badge, Tone
from portal_app.queries.access import ApiKeyRecord, list_api_keys_of_operator
from portal_app.settings import get_settings
from portal_app.texts import gettext as _
from portal_app.ui.addresses import clean
from portal_app.ui.components.badges import BadgeRow, badge_row
from portal_app.ui.loading import or_reference
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.told import told

LIVES = {"30": _("30 days"), "90": _("90 days"), "365": _("1 year"), "": _("No end")}
SCOPES = {
    Scope.MINT: _("Mint links to the portal"),
    Scope.EVENTS: _("Send usage events"),
    Scope.READ: _("Read everything"),
    Scope.WRITE: _("Write customers, wallets, invoices and the catalogue"),
    Scope.ADMIN: _("Everything, and the portal's settings"),
}
MAX_CHARACTERS = 255


class KeyRow(TypedDict):
    """A key as a row shows it."""

    key_id: str
    name: str
    scopes: str
    created: str
    expires: str
    used: str
    badge: BadgeRow
    may_revoke: bool
    revoke_label: str


class KeysState(Desk):
    """The finished texts of the API keys."""

    rows: list[KeyRow] = []
    made: str = ""
    refused: str = ""
    failed: str = ""
    is_loaded: bool = False

    @rx.event
    @told
    async def load(self) -> None:
        """Load every key."""
        self.made = self.refused = ""
        await self._load()
        self.is_loaded = True

    @rx.event
    @told
    async def create(self, sent: dict[str, Any]) -> None:
        """Make a key of what the form says, and show it this once."""
        self.made, self.refused = "", ""
        name = clean(sent.get("name")).strip()[:MAX_CHARACTERS]
        scopes = [scope for scope in Scope if sent.get(scope.value)]
        if not name or not scopes:
            self.refused = _("A key needs a name.") if not name else _("A key needs something that it may do.")
            return
        now, life = clock.utc_now(), clean(sent.get("life"))
        ends = now + timedelta(days=int(life)) if life in LIVES and life else None
        actor = self._who().actor
        key = await self._do(create_api_key, get_settings(), name, scopes, now, actor=actor, expires_at=ends)
        await self._load()
        self.made = str(key)

    @rx.event
    def put_away(self) -> None:
        """Forget the key that was shown."""
        self.made = ""

    @rx.event
    @told
    async def revoke(self, key_id: str) -> None:
        """End a key at once."""
        try:
            await self._do(revoke_api_key, clean(key_id), clock.utc_now(), self._who().actor)
        except NotFound:
            return
        await self._load()

    async def _load(self) -> None:
        now, display = clock.utc_now(), self._display()
        keys, self.failed = await or_reference(self._ask(list_api_keys_of_operator))
        self.rows = [_row(key, display, now) for key in keys or []]


def _row(key: ApiKeyRecord, display: Display, now: datetime) -> KeyRow:
    return KeyRow(
        key_id=key.key_id,
        name=key.name,
        scopes=", ".join(key.scopes),
        created=display.date(key.created_at),
        expires=display.date(key.expires_at) if key.expires_at else "",
        used=display.moment(key.last_used_at) if key.last_used_at else _("never"),
        badge=badge_row(_standing(key, now)),
        may_revoke=key.is_live(now),
        revoke_label=_("Revoke {name}").format(name=key.name),
    )


def _standing(key: ApiKeyRecord, now: datetime) -> Badge:
    if key.revoked_at is not None:
        return Badge(_("Revoked"), Tone.BAD)
    return Badge(_("Live"), Tone.GOOD) if key.is_live(now) else Badge(_("Expired"), Tone.OFF)
