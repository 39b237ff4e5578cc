"""Count the events of customers who were unknown when these came in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, select
from sqlmodel import col

from portal_app.commands.arrival import CONFLICTS, Arrival, Incoming
from portal_app.commands.event_register import customer_ids, horizon, word_ids
from portal_app.commands.usage_events import EventIn, read_json
from portal_app.commands.usage_tables import stop_counting
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.usage import UNMATCHED, WORDS

AT_ONCE = 10_000

Kept = tuple[str, int, str, str, str | None, int, int]
"""Event id, instant, properties, name, source, when it came in, and how often with other content."""


def match_unmatched(session: Session, external_ids: Collection[str] | None = None) -> int:
    """Count the kept events of customers that are known by now, and return how many there were.

    Whatever makes a customer calls this in the same transaction, with its external id; without any, all are tried.
    """
    stop_counting(session)
    known = _waited_for(session) if external_ids is None else customer_ids(session, external_ids)
    return sum(_match(session, external_id, customer_id) for external_id, customer_id in known.items())


def _waited_for(session: Session) -> Mapping[str, int]:
    """Return the keys of all customers whose events are kept, by the operator's id: few of those that wait."""
    session.flush()  # what this transaction has made is known, too
    waiting = exists().where(UNMATCHED.c.external_customer_id == col(Customer.external_id))
    known = select(col(Customer.external_id), col(Customer.id)).where(waiting)
    rows: Sequence[Any] = session.connection().execute(known).all()
    return dict(rows)


def _match(session: Session, external_id: str, customer_id: int) -> int:
    matched = 0
    while kept := _some(session, external_id):
        _count(session, external_id, customer_id, kept)
        done = UNMATCHED.c.external_customer_id == external_id, UNMATCHED.c.event_id <= kept[-1][0]
        session.connection().execute(delete(UNMATCHED).where(*done))
        matched += len(kept)
    return matched


def _some(session: Session, external_id: str) -> Sequence[Kept]:
    name, source, kept = WORDS.alias(), WORDS.alias(), UNMATCHED.c
    statement = (
        select(kept.event_id, kept.at, kept.properties, name.c.word, source.c.word, kept.received_at, kept.conflicts)
        .join_from(UNMATCHED, name, name.c.id == kept.name)
        .join(source, source.c.id == kept.source, isouter=True)
        .where(kept.external_customer_id == external_id)
        .order_by(kept.event_id)
        .limit(AT_ONCE)
    )
    rows: Sequence[Any] = session.connection().execute(statement).all()
    return rows


def _count(session: Session, external_id: str, customer_id: int, kept: Sequence[Kept]) -> None:
    before = horizon(session) or 0
    incoming = [
        Incoming(
            0, customer_id, EventIn(external_id, name, event_id, at, read_json(text), text, source or ""), received
        )
        for event_id, at, text, name, source, received, _ in kept
        if at >= before
    ]
    words = word_ids(session, {word for item in incoming for word in (item.event.name, item.event.source)})
    Arrival(session, words).take(incoming)
    # What a retry said instead is not kept of a stranger, only that it did.
    conflicts = [(customer_id, row[0], row[6], row[3], "", row[5]) for row in kept if row[6]]
    CONFLICTS.write(session, conflicts)
