"""Purging on PostgreSQL while others purge or send: what is purged is counted once, and a retry is answered."""

from datetime import timedelta

import cast
import pytest
from cast import NOW, days_ago
from postgres import while_open
from sqlalchemy import func, select
from usage_cast import add_feature, ingest, sent

from portal_app.commands import arrival
from portal_app.commands.ingest_events import Taken
from portal_app.commands.purge_usage import close_usage, purge_some
from portal_app.models.usage import KEYS, STREAMS
from portal_app.queries.invariants import all_violations


@pytest.fixture
def closed(postgres_database):
    """Acme has sent an event each day for fifty days, and those older than ten days are to be purged."""
    with postgres_database.writing() as session:
        cast.add_customer(session)
        add_feature(session)
        ingest(session, *(sent(f"e{day}", at=days_ago(day), n=1) for day in range(50)))
        close_usage(session, days_ago(10), "tests", NOW)
    return postgres_database


def purge(database):
    while True:
        with database.writing() as session:
            if not purge_some(session):
                return


def test_two_who_purge_at_once_count_each_event_once(closed):
    while_open(closed, purge_some, lambda: purge(closed))
    purge(closed)
    with closed.reading() as session:
        assert session.connection().execute(select(func.sum(STREAMS.c.purged))).scalar() == 39
        assert list(all_violations(session)) == []


def test_a_retry_whose_id_is_forgotten_while_it_is_looked_up_is_a_duplicate(closed, monkeypatch):
    def forgotten_meanwhile(session, keys):
        purge(closed)
        return first_sent(session, keys)

    first_sent = arrival.first_sent
    monkeypatch.setattr(arrival, "first_sent", forgotten_meanwhile)
    with closed.writing() as session:
        assert ingest(session, sent("e49", at=None, n=1), now=NOW + timedelta(minutes=1)) == Taken(0, 1, 0, 0)
    with closed.reading() as session:
        kept = session.connection().execute(
            select(KEYS.c.event_id).where(KEYS.c.at < cast.days_ago(40).timestamp() * 1e6)
        )
        assert kept.scalars().all() == []
