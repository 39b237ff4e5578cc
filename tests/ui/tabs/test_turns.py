"""What a page asks for waits in its customer's turn, and may wait longer than its session is known to live."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
import time_machine
from cast import NOW
from links import live_principal

from portal_app.access.turns import AT_ONCE, CONFIRMED_SECONDS, TURNS
from portal_app.errors import Unavailable
from portal_app.queries.customers import get_profile
from portal_app.ui.gate import Portal


@pytest.mark.threat("T7")
@pytest.mark.parametrize(("waited", "answer"), [(0, "Acme Corp"), (CONFIRMED_SECONDS + 1, None)])
@pytest.mark.usefixtures("acme")
def test_a_page_gets_data_when_its_turn_comes_unless_its_session_was_confirmed_too_long_ago(database, waited, answer):
    page = Portal(_reflex_internal_init=True)
    page._principal, page._confirmed_at = live_principal(database, "acme", NOW), NOW

    async def ask(clock):
        async with AsyncExitStack() as turns:
            for _ in range(AT_ONCE):
                await turns.enter_async_context(TURNS.of(page._customer()))
            asked = asyncio.create_task(page._ask(get_profile))
            await asyncio.sleep(0)
            clock.shift(timedelta(seconds=waited))
        try:
            return (await asked).name
        except Unavailable:
            return None

    with time_machine.travel(NOW, tick=False) as clock:
        assert asyncio.run(ask(clock)) == answer
