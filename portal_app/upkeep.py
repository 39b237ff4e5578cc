"""Do what time alone brings about, every few minutes, beside the server or from a timer of the machine's."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from portal_app import clock
from portal_app.commands.give_grants import due_gifts
from portal_app.commands.upkeep import (
    due_expiries,
    due_moves,
    expire_credits,
    give_credits,
    move_subscription_on,
)
from portal_app.database import Database, Session, current_database

logger = logging.getLogger(__name__)

EVERY_SECONDS = 300

T = TypeVar("T")


async def keep_up() -> None:
    """Run until the server stops; what fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await asyncio.to_thread(keep_up_once, current_database(), clock.utc_now())
        except Exception:  # whatever it is, the next turn may go better
            logger.exception("upkeep failed")


def keep_up_once(database: Database, now: datetime) -> str:
    """Do what is due now, each subscription and wallet in its own transaction, and return a sentence that tells it.

    Whatever one of them fails for is logged, and holds up no other.
    """
    moved = _do_each(database, due_moves, move_subscription_on, now)
    expired = _do_each(database, due_expiries, expire_credits, now)
    given = _do_each(database, due_gifts, give_credits, now)
    return f"{moved} subscriptions moved on, {expired} grants of credits expired, {given} given"


def _do_each(
    database: Database,
    due: Callable[[Session, datetime], Sequence[T]],
    do: Callable[[Session, T, datetime], int],
    now: datetime,
) -> int:
    """Do what is due, one transaction after the other, and return how much was done.

    Only what is due holds up other writers, and half of the time they have a turn: SQLite lets one write at a time.
    """
    with database.reading() as session:
        found = due(session, now)
    done = 0
    for one in found:
        began_at = time.monotonic()
        try:
            with database.writing() as session:
                done += do(session, one, now)
        except Exception as error:  # one customer's trouble is no other's
            if _is_everybodys(error):
                raise
            logger.exception("upkeep: %s of %s failed", do.__name__, one)
        time.sleep(time.monotonic() - began_at)
    return done


_HELD = {"40P01", "55P03", "57014"}
"""PostgreSQL's words for a row that others held too long, or in a circle (deadlock, lock and statement time-out)."""


def _is_everybodys(error: Exception) -> bool:
    """Tell whether it is the database itself that failed: the others would fare no better."""
    is_database = isinstance(error, OperationalError | InterfaceError)
    return is_database and getattr(error.orig, "sqlstate", None) not in _HELD
