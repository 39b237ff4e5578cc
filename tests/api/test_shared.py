"""Look-ups that callers share: one for all who ask at the same time, and none older than its question."""

import asyncio

import pytest

from portal_app.api.shared import Shared


class Register:
    """Something slow to ask, which counts how often it was."""

    def __init__(self):
        self.asked = []
        self.value = "first"
        self.open = asyncio.Event()

    async def find(self, key):
        self.asked.append(key)
        value = self.value
        await self.open.wait()
        return value


async def _begun(*coroutines):
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


def test_those_who_ask_at_the_same_time_share_a_look_up():
    async def run():
        register = Register()
        shared = Shared(register.find)
        tasks = await _begun(*(shared.find("key") for _ in range(20)), shared.find("other"))
        register.open.set()
        assert await asyncio.gather(*tasks) == ["first"] * 21
        assert register.asked == ["key", "other"]

    asyncio.run(run())


def test_nobody_gets_an_answer_that_is_older_than_the_question():
    async def run():
        register = Register()
        shared = Shared(register.find)
        early = await _begun(shared.find("key"))
        register.value = "second"
        late = await _begun(*(shared.find("key") for _ in range(20)))
        register.open.set()
        assert await asyncio.gather(*early, *late) == ["first", *["second"] * 20]
        assert register.asked == ["key", "key"]
        register.value = "third"
        assert await shared.find("key") == "third"

    asyncio.run(run())


def test_who_goes_away_leaves_the_look_up_to_the_others():
    async def run():
        register = Register()
        shared = Shared(register.find)
        first, second = await _begun(shared.find("key"), shared.find("key"))
        first.cancel()
        register.open.set()
        assert await second == "first"

    asyncio.run(run())


def test_a_failure_is_everybodys_and_is_not_kept():
    async def run():
        async def fail(_key):
            await asyncio.sleep(0)
            raise ConnectionError

        shared = Shared(fail)
        for task in await _begun(shared.find("key"), shared.find("key")):
            with pytest.raises(ConnectionError):
                await task
        with pytest.raises(ConnectionError):
            await shared.find("key")

    asyncio.run(run())
