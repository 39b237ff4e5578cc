"""What a fresh checkout gets when it starts: a migrated database, the demo world, links to open, a key to try."""

from __future__ import annotations

import asyncio
import base64
from datetime import datetime

from portal_app import clock
from portal_app.access.api_keys import ApiKeyText, Scope
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.operator_roles import Role
from portal_app.commands.api_keys import create_api_key
from portal_app.commands.mint_session import mint_session
from portal_app.commands.operators import create_operator
from portal_app.database import Database, Session, current_database
from portal_app.demo.world import DEMO_CUSTOMERS, load_demo
from portal_app.migrations import migrate
from portal_app.queries.access import find_api_key_of_operator
from portal_app.queries.customers import count_customers_of_operator, names_of_operator
from portal_app.queries.operators import list_accounts_of_operator
from portal_app.secrets_file import development_secret
from portal_app.settings import Settings, get_settings

DEVELOPMENT_OPERATOR = "ada@northwind.example"


async def welcome() -> None:
    """In development, prepare the database and print where to look; in production, do nothing."""
    if not get_settings().in_production:
        print(await asyncio.to_thread(prepare, current_database(), get_settings()), flush=True)  # noqa: T201 (this is for the person at the terminal)


def prepare(database: Database, settings: Settings) -> str:
    """Migrate, load the demo world into an empty database, and return the text that says where to look."""
    migrate(database.engine)
    now = clock.utc_now()
    with database.writing() as session:
        if count_customers_of_operator(session) == 0:
            load_demo(session, now.date(), now)
    key = _development_key()
    with database.writing() as session:
        if find_api_key_of_operator(session, key.key_id) is None:
            create_api_key(session, settings, "development", [Scope.ADMIN], now, key)
        names = names_of_operator(session, tuple(DEMO_CUSTOMERS))
        _add_development_operator(session, now)
        links = [
            (external_id, mint_session(session, settings, external_id, "start in development", now).url)
            for external_id in DEMO_CUSTOMERS
            if external_id in names
        ]
    return _text(settings, key, links)


def _add_development_operator(session: Session, now: datetime) -> None:
    if DEVELOPMENT_OPERATOR not in {account.email for account in list_accounts_of_operator(session)}:
        create_operator(session, DEVELOPMENT_OPERATOR, "Ada", Role.ADMIN, development_password(), "development", now)


def development_password() -> str:
    """Return the password of this folder's development operator."""
    secret = development_secret("PORTAL_DEVELOPMENT_KEY_SECRET")
    return base64.b32encode(derive_key(secret, Purpose.DEVELOPMENT_PASSWORD))[:16].decode().lower()


def _development_key() -> ApiKeyText:
    return ApiKeyText(
        "dev", development_secret("PORTAL_DEVELOPMENT_KEY_ID"), development_secret("PORTAL_DEVELOPMENT_KEY_SECRET")
    )


def _text(settings: Settings, key: ApiKeyText, links: list[tuple[str, str]]) -> str:
    lines = ["", f"  Customer portal on {settings.origin}", "", "  Links for one hour:", ""]
    for external_id, url in links:
        lines += [f"  {external_id} — {DEMO_CUSTOMERS[external_id]}", f"  {url}", ""]
    if settings.serves_operator:
        lines += [
            f"  Operator's pages on {settings.own_origin}/operator (development only):",
            f"  {DEVELOPMENT_OPERATOR}, password {development_password()}",
            "",
        ]
    lines += [
        "  API key (development only):",
        f"  {key}",
        "",
        f"  curl -X POST -H 'x-api-key: {key}' {settings.origin}/v1/customers/portal/acme",
        "",
    ]
    return "\n".join(lines)
