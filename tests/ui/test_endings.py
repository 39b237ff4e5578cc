"""One question for all open pages: whose session has ended?"""

import asyncio
from datetime import timedelta

import cast
import pytest
from sqlmodel import select

from portal_app import clock
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.use_session import revoke_session
from portal_app.database import Database
from portal_app.models.access import PortalSession
from portal_app.models.customer import Customer
from portal_app.queries.access import live_sessions_of_anyone
from portal_app.ui import endings
from portal_app.ui.endings import Endings


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(endings, "POLL_SECONDS", 0.02)


@pytest.fixture
def jti(database):
    with database.writing() as session:
        cast.add_customer(session, "acme")
    cast.mint(database, "acme", clock.utc_now())
    with database.reading() as session:
        return session.exec(select(PortalSession.jti)).one()


def revoke(database: Database, jti: str) -> None:
    with database.writing() as session:
        revoke_session(session, jti, "tests", "tests", clock.utc_now())


def archive(database: Database, jti: str) -> None:
    with database.writing() as session:
        customer = session.exec(select(Customer)).one()
        customer.status = RecordStatus.ARCHIVED
        session.add(customer)


@pytest.mark.threat("T7")
@pytest.mark.parametrize("end", [revoke, archive])
def test_everybody_who_waits_for_a_session_is_told_of_its_end(database, jti, end):
    waiting = Endings()

    async def two_pages() -> None:
        pages = [asyncio.create_task(waiting.expect(jti).within(600)) for _ in range(2)]
        await asyncio.sleep(0.1)
        assert not any(page.done() for page in pages)
        await asyncio.to_thread(end, database, jti)
        async with asyncio.timeout(20):
            await asyncio.gather(*pages)

    asyncio.run(two_pages())


def test_nobody_is_told_of_the_end_of_a_session_while_the_register_does_not_answer(sqlite_database, monkeypatch):
    def broken(*_: object) -> set[str]:
        raise RuntimeError

    monkeypatch.setattr(endings, "live_sessions_of_anyone", broken)
    waiting = Endings()

    async def page() -> None:
        asked = asyncio.create_task(waiting.expect("anything").within(600))
        await asyncio.sleep(0.2)
        assert not asked.done()
        asked.cancel()

    asyncio.run(page())


def test_whoever_waits_no_longer_is_not_asked_for(sqlite_database, monkeypatch):
    asked = []
    monkeypatch.setattr(endings, "live_sessions_of_anyone", lambda _session, jtis, _now: asked.append(jtis) or {*jtis})
    waiting = Endings()

    async def pages() -> None:
        await waiting.expect("one").within(0.1)
        await asyncio.sleep(0.1)
        asked.clear()
        await asyncio.sleep(0.1)

    asyncio.run(pages())
    assert asked == []


@pytest.mark.threat("T7")
def test_what_wakes_a_page_before_it_waits_is_not_lost(sqlite_database):
    waiting = Endings()

    async def page() -> None:
        ending = waiting.expect("one")
        waiting.wake("one")
        async with asyncio.timeout(20):
            await ending.within(600)

    asyncio.run(page())


def test_of_many_sessions_those_that_live_are_named(session, settings, acme):
    now = cast.NOW
    jtis = []
    for ago in (timedelta(0), timedelta(hours=2), timedelta(0)):
        cast.mint_session(session, settings, "acme", "tests", now - ago)
        jtis.append(session.exec(select(PortalSession.jti).order_by(PortalSession.id.desc())).first())
    revoke_session(session, jtis[2], "tests", "tests", now)
    assert live_sessions_of_anyone(session, ["unknown"] * 1200 + jtis, now) == {jtis[0]}
