"""Count events, each once: the only way usage comes into the tables.

The same customer's event id is one event, however often it comes, in whatever batch, from whichever process and with
whatever timestamp. The first stands. One that comes again with another name or other properties is a conflict, which
is counted and shown; another timestamp is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from portal_app.billing.instants import instant, micros
from portal_app.commands.arrival import Arrival, Incoming, Taken
from portal_app.commands.event_register import counted_keys, customer_ids, horizon, word_ids
from portal_app.commands.usage_events import EventIn
from portal_app.commands.usage_tables import share_counting
from portal_app.database import Session
from portal_app.errors import Invalid

__all__ = ["Taken", "ingest_events", "ingest_requests"]


def ingest_events(session: Session, events: Sequence[EventIn], now: datetime) -> Taken:
    """Take the events of one request: all of them, or, if one cannot be, none.

    Raises:
        Invalid: an event is older than what is kept.
    """
    (taken,) = ingest_requests(session, [events], now)
    if isinstance(taken, Invalid):
        raise taken
    return taken


def ingest_requests(session: Session, requests: Sequence[Sequence[EventIn]], now: datetime) -> list[Taken | Invalid]:
    """Take the events of several requests in one transaction; one that is refused takes nothing from the others."""
    share_counting(session)
    keys = customer_ids(session, {event.customer for events in requests for event in events})
    incoming = [
        Incoming(index, keys.get(event.customer, event.customer), event, micros(now))
        for index, events in enumerate(requests)
        for event in events
    ]
    refused = _refused(session, incoming)
    incoming = [item for item in incoming if item.request not in refused]
    words = word_ids(session, {word for item in incoming for word in (item.event.name, item.event.source)})
    arrival = Arrival(session, words)
    arrival.take([item for item in incoming if isinstance(item.owner, int)])
    arrival.keep([item for item in incoming if isinstance(item.owner, str)])
    return [refused.get(index) or arrival.taken(index) for index in range(len(requests))]


def _refused(session: Session, incoming: Sequence[Incoming]) -> dict[int, Invalid]:
    """Return why requests are refused: an event that would be new, from before the horizon, has no cell to go to."""
    before = horizon(session)
    old = [item for item in incoming if before is not None and item.event.at < before]
    counted = counted_keys(session, {item.key for item in old if isinstance(item.owner, int)})
    return {
        item.request: Invalid(
            field=f"{item.event.place}timestamp",
            problem=f"is before {instant(before or 0):%Y-%m-%dT%H:%M:%SZ}: older usage is closed",
        )
        for item in reversed(old)
        if item.key not in counted
    }
