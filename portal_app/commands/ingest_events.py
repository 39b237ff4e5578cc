"""Count events, each once: the only way usage comes into the tables.

The same customer's event id is one event, however often it comes, in whatever batch, from whichever process and with
whatever timestamp. The first stands. One that comes again with another name or other properties is a conflict, which
is counted and shown; another timestamp is not.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from portal_app.billing.instants import instant, micros
from portal_app.commands.count_events import Counted, count
from portal_app.commands.event_register import (
    Key,
    Stored,
    counted_keys,
    customer_ids,
    first_sent,
    first_sent_by_strangers,
    horizon,
    word_ids,
)
from portal_app.commands.usage_events import EventIn, read_json
from portal_app.commands.usage_tables import Row, Rows, execute_each, share_counting
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.queries.meters import meter_rules_of_operator

log = logging.getLogger(__name__)

_KEYS = Rows("usage_key", "ON CONFLICT DO NOTHING")
_EVENTS = Rows("usage_event")
_UNMATCHED = Rows("usage_unmatched", "ON CONFLICT DO NOTHING")
_STREAMS = Rows(
    "usage_stream",
    """ON CONFLICT (customer_id, name) DO UPDATE SET
    events = usage_stream.events + excluded.events,
    first_at = CASE WHEN excluded.first_at < usage_stream.first_at
      THEN excluded.first_at ELSE usage_stream.first_at END,
    last_at = CASE WHEN excluded.last_at > usage_stream.last_at
      THEN excluded.last_at ELSE usage_stream.last_at END,
    received_at = CASE WHEN excluded.received_at > usage_stream.received_at
      THEN excluded.received_at ELSE usage_stream.received_at END""",
)
_CONFLICTS = Rows(
    "usage_conflict",
    """ON CONFLICT (customer_id, event_id) DO UPDATE SET
    times = usage_conflict.times + excluded.times,
    name = excluded.name, properties = excluded.properties, received_at = excluded.received_at""",
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request's events: new ones count, duplicates had been counted, conflicts are among those.

    `unmatched` are the new ones whose customer is not known yet: they are kept, and count once it is.
    """

    new: int
    duplicates: int
    conflicts: int
    unmatched: int


class _Incoming(NamedTuple):
    """An event, the request it came in, and its customer: the key, or the operator's id if nobody knows it."""

    request: int
    owner: int | str
    event: EventIn

    @property
    def key(self) -> Key:
        return self.owner, self.event.event_id


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
        _Incoming(index, keys.get(event.customer, event.customer), event)
        for index, events in enumerate(requests)
        for event in events
    ]
    refused = _refused(session, incoming)
    incoming = [item for item in incoming if item.request not in refused]
    words = word_ids(session, {word for item in incoming for word in (item.event.name, item.event.source)})
    arrival = _Arrival(session, words, micros(now))
    arrival.take([item for item in incoming if isinstance(item.owner, int)])
    arrival.keep([item for item in incoming if isinstance(item.owner, str)])
    return [refused.get(index) or arrival.taken(index) for index in range(len(requests))]


def _refused(session: Session, incoming: Sequence[_Incoming]) -> dict[int, Invalid]:
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


class _Arrival:
    """One transaction's events on their way into the tables, and what became of each request's."""

    def __init__(self, session: Session, words: Mapping[str, int], received_at: int) -> None:
        self._session, self._words, self._received_at = session, words, received_at
        self._new: Counter[int] = Counter()
        self._duplicates: Counter[int] = Counter()
        self._conflicts: Counter[int] = Counter()
        self._unmatched: Counter[int] = Counter()

    def taken(self, request: int) -> Taken:
        """Return what became of a request's events."""
        return Taken(
            new=self._new[request],
            duplicates=self._duplicates[request],
            conflicts=self._conflicts[request],
            unmatched=self._unmatched[request],
        )

    def take(self, incoming: Sequence[_Incoming]) -> None:
        """Count the events of known customers that are new."""
        session = self._session
        firsts = _firsts(incoming)
        new = _KEYS.write_new(session, ((*key, item.event.at) for key, item in firsts.items()))
        counting = [firsts[key] for key in new]
        _EVENTS.write(session, (self._event_row(item) for item in counting))
        rules = meter_rules_of_operator(session, {item.event.name for item in counting})
        count((_counted(item) for item in counting), rules).write(session)
        _STREAMS.write(session, self._stream_rows(counting))
        self._new.update(item.request for item in counting)
        again = self._again(incoming, counting)
        conflicts = self._conflicting(again, first_sent(session, {item.key for item in again}))
        _CONFLICTS.write(session, self._conflict_rows(conflicts))

    def keep(self, incoming: Sequence[_Incoming]) -> None:
        """Keep the events of customers nobody knows yet."""
        firsts = _firsts(incoming)
        new = _UNMATCHED.write_new(self._session, (self._unmatched_row(item) for item in firsts.values()))
        kept = [firsts[key] for key in new]
        self._new.update(item.request for item in kept)
        self._unmatched.update(item.request for item in kept)
        again = self._again(incoming, kept)
        conflicts = self._conflicting(again, first_sent_by_strangers(self._session, {item.key for item in again}))
        more = "UPDATE usage_unmatched SET conflicts = conflicts + 1 WHERE external_customer_id = ? AND event_id = ?"
        execute_each(self._session, more, [item.key for item in conflicts])

    def _again(self, incoming: Sequence[_Incoming], new: Iterable[_Incoming]) -> list[_Incoming]:
        first = set(map(id, new))
        again = [item for item in incoming if id(item) not in first]
        self._duplicates.update(item.request for item in again)
        return again

    def _conflicting(self, again: Sequence[_Incoming], stored: Mapping[Key, Stored]) -> list[_Incoming]:
        conflicts = [item for item in again if not _says_the_same(item.event, stored[item.key])]
        for item in conflicts:
            log.warning(
                "event %r of customer %r came again with other content", item.event.event_id, item.event.customer
            )
        self._conflicts.update(item.request for item in conflicts)
        return conflicts

    def _event_row(self, item: _Incoming) -> Row:
        event, words = item.event, self._words
        return (item.owner, event.at, event.event_id, words[event.name], words[event.source], event.text,
                self._received_at)  # fmt: skip

    def _unmatched_row(self, item: _Incoming) -> Row:
        event, words = item.event, self._words
        return (item.owner, event.event_id, event.at, words[event.name], words[event.source], event.text,
                self._received_at, 0)  # fmt: skip

    def _stream_rows(self, counting: Iterable[_Incoming]) -> Iterable[Row]:
        times: dict[tuple[int | str, int], list[int]] = {}
        for item in counting:
            times.setdefault((item.owner, self._words[item.event.name]), []).append(item.event.at)
        return ((*key, len(ats), 0, min(ats), max(ats), self._received_at) for key, ats in times.items())

    def _conflict_rows(self, conflicts: Iterable[_Incoming]) -> Iterable[Row]:
        times = Counter(item.key for item in conflicts)
        last = {item.key: item.event for item in conflicts}
        return ((*key, times[key], event.name, event.text, self._received_at) for key, event in last.items())


def _firsts(incoming: Iterable[_Incoming]) -> dict[Key, _Incoming]:
    """Return the first of those that have the same key."""
    firsts: dict[Key, _Incoming] = {}
    for item in incoming:
        firsts.setdefault(item.key, item)
    return firsts


def _counted(item: _Incoming) -> Counted:
    event = item.event
    return Counted(int(item.owner), event.at, event.event_id, event.name, event.properties)


def _says_the_same(event: EventIn, stored: Stored) -> bool:
    """Compare a retry with what was sent first; nothing is left to compare with once that is purged."""
    if not stored.name:
        return True
    same_text = event.text == stored.text or read_json(event.text) == read_json(stored.text)
    return event.name == stored.name and same_text
