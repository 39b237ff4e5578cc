"""What one customer asks for at the same time waits in its turn; what others ask for does not."""

import asyncio
import threading
import time

import cast
import httpx2
import pytest

from portal_app import clock
from portal_app.access.turns import Turns
from portal_app.api import bodies
from portal_app.api.portal import info
from portal_app.queries.customers import get_profile

AT_ONCE, WAITING = 2, 5


@pytest.fixture
def database(sqlite_database):
    """Nothing here depends on the engine."""
    return sqlite_database


@pytest.fixture
def slow(monkeypatch):
    """Make one query take its time; return how many run, and the most that ever did."""
    running, most, lock = [0], [0], threading.Lock()

    def profile(session, customer_id):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.05)
        with lock:
            running[0] -= 1
        return get_profile(session, customer_id)

    monkeypatch.setattr(info, "get_profile", profile)
    monkeypatch.setattr(bodies, "TURNS", Turns(AT_ONCE))
    monkeypatch.setattr(bodies, "WAITING", WAITING)
    return most


def asked_at_once(api, *tokens):
    async def ask():
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://api") as client:
            sent = [client.get("/v1/customer/portal/info", headers={"X-Session-Token": token}) for token in tokens]
            return await asyncio.gather(*sent)

    return asyncio.run(ask())


@pytest.mark.threat("T40")
@pytest.mark.usefixtures("acme_id", "globex_id")
def test_a_customer_is_answered_in_turn_and_only_so_many_may_wait(api, database, slow):
    acme, globex = (cast.mint(database, name, now=clock.utc_now()).token for name in ("acme", "globex"))
    answers = asked_at_once(api, *[acme] * 30, globex)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses[:30]) == {200, 429}
    assert statuses[30] == 200
    assert slow[0] <= AT_ONCE + 1  # the other customer's, too
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Retry-After"] == "1"
    assert refused.json()["code"] == "too_many_requests"
    assert {answer.status_code for answer in asked_at_once(api, *[acme] * (AT_ONCE + WAITING))} == {200}
