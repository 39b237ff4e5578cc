"""The key that many requests of the same time come with: looked up once for all of them, and never from memory."""

import asyncio

import cast
import httpx2
import pytest
import time_machine
from operators import audited
from statements import counted_by

from portal_app import clock
from portal_app.access.api_keys import Scope, parse_api_key
from portal_app.commands.api_keys import revoke_api_key
from portal_app.commands.usage_writer import close_current_writer


@pytest.fixture(autouse=True)
def writer():
    """Each test has a database of its own, and so a writer of its own."""
    yield
    close_current_writer()


@pytest.fixture
def key(database, acme_id):
    return cast.api_key(database, Scope.EVENTS, now=clock.utc_now())


async def sent_at_once(api, key, *numbers):
    """Send events at the same time, and return their statuses."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://api") as client:
        bodies = [{"event_id": f"e-{n}", "event_name": "call", "external_customer_id": "acme"} for n in numbers]
        sent = [client.post("/v1/events", json=body, headers={"x-api-key": key}) for body in bodies]
        return [answer.status_code for answer in await asyncio.gather(*sent)]


@pytest.mark.threat("T33")
def test_a_revoked_key_sends_nothing_more_though_many_were_sending_with_it(api, database, key):
    assert asyncio.run(sent_at_once(api, key, *range(20))) == [202] * 20
    with database.writing() as session:
        revoke_api_key(session, parse_api_key(key).key_id, clock.utc_now())
    assert asyncio.run(sent_at_once(api, key, *range(20, 40))) == [401] * 20


@pytest.mark.threat("T33")
def test_who_knows_only_the_id_of_a_key_is_refused_beside_those_who_know_all_of_it(api, key):
    parsed = parse_api_key(key)
    wrong = str(type(parsed)(parsed.environment, parsed.key_id, "x" * 43))

    async def both():
        return await asyncio.gather(sent_at_once(api, key, *range(10)), sent_at_once(api, wrong, *range(10, 20)))

    assert asyncio.run(both()) == [[202] * 10, [401] * 10]


@pytest.mark.threat("T34")
@pytest.mark.parametrize("path", ["/v1/events", "/v1/customers"])
def test_a_body_that_comes_until_after_its_key_has_ended_does_nothing(api, database, acme_id, path):
    """Else whoever has found a key would leave requests behind that wait for their last byte."""
    key = cast.api_key(database, Scope.ADMIN, now=clock.utc_now())
    known = audited(database)

    async def send(travelled):
        async def slowly():
            yield b'{"event_name": "call", "external_customer_id": "acme", '
            travelled.shift(31)
            with database.writing() as session:
                revoke_api_key(session, parse_api_key(key).key_id, clock.utc_now())
            yield b'"external_id": "globex", "name": "Globex"}'

        headers = {"x-api-key": key, "Content-Type": "application/json"}
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=api), base_url="http://api") as client:
            return await client.post(path, content=slowly(), headers=headers)

    with time_machine.travel(clock.utc_now(), tick=True) as travelled:
        assert asyncio.run(send(travelled)).status_code == 401
    done = [action for _, action, _ in audited(database)[len(known) :]]
    assert done == ["api_key.revoked", "api_key.refused"]


def test_a_key_is_looked_up_once_for_all_who_come_with_it_at_the_same_time(api, database, key):
    asyncio.run(sent_at_once(api, key, 0))  # notes that the key is used
    with counted_by(database) as statements:
        asyncio.run(sent_at_once(api, key, *range(1, 31)))
    assert sum("FROM api_key" in statement for statement in statements) <= 3
