"""Do what time alone brings about, every few minutes, beside the server or from a timer of the machine's."""

from __future__ import annotations

import asyncio
import logging

from portal_app import clock
from portal_app.commands.upkeep import expire_credits, give_credits, move_subscriptions_on
from portal_app.database import Database, current_database

logger = logging.getLogger(__name__)

EVERY_SECONDS = 300


async def keep_up() -> None:
    """Run until the server stops; what fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await asyncio.to_thread(keep_up_once, current_database())
        except Exception:  # whatever it is, the next turn may go better
            logger.exception("upkeep failed")


def keep_up_once(database: Database) -> str:
    """Do what is due now, each kind in its own transaction, and return a sentence that says what was."""
    now = clock.utc_now()
    with database.writing() as session:
        moved = move_subscriptions_on(session, now)
    with database.writing() as session:
        expired = expire_credits(session, now)
    with database.writing() as session:
        give_credits(session, now)
    return f"{moved} subscriptions moved on, {expired} grants of credits expired"
