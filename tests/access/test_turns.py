"""How much is done for one customer at the same time, and that a turn is always given back."""

import asyncio

import pytest

from portal_app.access.turns import AT_ONCE, RETRY_AFTER_SECONDS, Turns
from portal_app.database import THREADS
from portal_app.errors import TooManyRequests


class Work:
    """Things to do that begin in turns and go on until they are told to stop."""

    def __init__(self, at_once):
        self.turns = Turns(at_once)
        self.begun = []
        self.over = asyncio.Event()

    async def do(self, whose, name, waiting=None):
        async with self.turns.of(whose, waiting=waiting):
            self.begun.append(name)
            await self.over.wait()

    async def start(self, whose, *names, waiting=None):
        started = [asyncio.create_task(self.do(whose, name, waiting)) for name in names]
        for _ in range(5):  # each step of the loop lets every task go as far as it can
            await asyncio.sleep(0)
        return started


def finished(work):
    """Run it to its end; a turn that nobody gives back must fail a test, not hold it up."""
    return asyncio.run(asyncio.wait_for(work, 10))


@pytest.mark.threat("T40")
def test_so_many_of_one_begin_and_the_next_ones_in_their_order():
    async def acme():
        work = Work(2)
        started = await work.start("acme", 1, 2, 3, 4)
        at_first = list(work.begun)
        work.over.set()
        await asyncio.gather(*started)
        return at_first, work.begun

    assert finished(acme()) == ([1, 2], [1, 2, 3, 4])


@pytest.mark.threat("T40")
def test_nobody_waits_for_another_customers_turns():
    async def two():
        work = Work(1)
        started = [*await work.start("acme", "acme", "acme"), *await work.start("globex", "globex")]
        begun = list(work.begun)
        work.over.set()
        await asyncio.gather(*started)
        return begun

    assert finished(two()) == ["acme", "globex"]


@pytest.mark.threat("T40")
def test_who_comes_when_as_many_wait_as_may_is_told_to_come_again_and_takes_no_place():
    async def crowd():
        work = Work(2)
        started = await work.start("acme", 1, 2, 3, waiting=1)
        refused = await asyncio.gather(*await work.start("acme", 4, 5, waiting=1), return_exceptions=True)
        patient = await work.start("acme", 6)  # without a limit
        work.over.set()
        await asyncio.gather(*started, *patient)
        return refused, work.begun

    refused, begun = finished(crowd())
    assert [type(answer) for answer in refused] == [TooManyRequests] * 2
    assert refused[0].facts == {"retry_after": RETRY_AFTER_SECONDS}
    assert begun == [1, 2, 3, 6]


@pytest.mark.threat("T40")
def test_a_turn_is_given_back_by_who_fails_and_by_who_gives_up_before_or_during_it():
    async def gone():
        work = Work(1)
        during, before = await work.start("acme", "during", "before")
        before.cancel()
        during.cancel()
        await asyncio.gather(during, before, return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            async with work.turns.of("acme", waiting=1):
                raise ZeroDivisionError
        started = await work.start("acme", "next", "waits", waiting=1)
        begun = list(work.begun)
        work.over.set()
        await asyncio.gather(*started)
        return begun

    assert finished(gone()) == ["during", "next"]


def test_whoever_has_gone_is_forgotten():
    async def come_and_go():
        work = Work(1)
        started = await work.start("acme", 1, 2, 3)
        kept = len(work.turns._queues)
        work.over.set()
        await asyncio.gather(*started)
        return kept, len(work.turns._queues)

    assert finished(come_and_go()) == (1, 0)


def test_one_customer_leaves_the_others_a_thread_that_reads():
    assert AT_ONCE < THREADS
