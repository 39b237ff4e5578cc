"""States in Redis: a handler that is cancelled while it waits for a state leaves no lock behind.

Reflex cancels the loading of a page when its reader goes on to the next one. If Redis has granted the lock by
then, and the answer is still on its way, nobody releases it, and the page waits until it expires: ten seconds. The
same if whoever was told of a release is cancelled before it takes the lock: the next in line is never told.
"""

from __future__ import annotations

from asyncio import CancelledError, ensure_future, shield
from typing import Any

from reflex.istate.manager.redis import StateManagerRedis


def pass_locks_on(manager: object) -> None:
    """Make a manager of states in Redis give back what a cancelled task was granted; leave any other as it is."""
    if not isinstance(manager, StateManagerRedis):
        return
    redis: Any = manager.redis
    take, wait = manager._try_get_lock, manager._wait_lock

    async def try_get_lock(lock_key: bytes, lock_id: bytes) -> bool | None:
        taking = ensure_future(take(lock_key, lock_id))
        try:
            return await shield(taking)
        except CancelledError:
            if await taking:
                await redis.delete(lock_key)
            raise

    async def wait_lock(lock_key: bytes, lock_id: bytes) -> None:
        try:
            await wait(lock_key, lock_id)
        except CancelledError:
            manager._notify_next_waiter(lock_key)
            raise

    manager._try_get_lock, manager._wait_lock = try_get_lock, wait_lock
