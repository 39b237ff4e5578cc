"""Events on their way into the tables: which are new, which are there already, and what they change."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal_app.commands.count_events import Counted, count
from portal_app.commands.event_register import Key, Stored, first_sent, first_sent_by_strangers
from portal_app.commands.usage_events import EventIn, read_json
from portal_app.commands.usage_tables import Row, Rows, execute_each
from portal_app.database import Session
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
CONFLICTS = Rows(
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


class Incoming(NamedTuple):
    """An event, the request it came in, and its customer: the key, or the operator's id if nobody knows it."""

    request: int
    owner: int | str
    event: EventIn
    received_at: int

    @property
    def key(self) -> Key:
        """What makes it one event."""
        return self.owner, self.event.event_id


class Arrival:
    """One transaction's events on their way into the tables, and what became of each request's."""

    def __init__(self, session: Session, words: Mapping[str, int]) -> None:
        """Begin with nothing; `words` are the keys of all names and sources that will come."""
        self._session, self._words = session, words
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

    def take(self, incoming: Sequence[Incoming]) -> None:
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
        CONFLICTS.write(session, _conflict_rows(conflicts))

    def keep(self, incoming: Sequence[Incoming]) -> None:
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

    def _again(self, incoming: Sequence[Incoming], new: Iterable[Incoming]) -> list[Incoming]:
        first = set(map(id, new))
        again = [item for item in incoming if id(item) not in first]
        self._duplicates.update(item.request for item in again)
        return again

    def _conflicting(self, again: Sequence[Incoming], stored: Mapping[Key, Stored]) -> list[Incoming]:
        conflicts = [item for item in again if not _says_the_same(item.event, stored.get(item.key))]
        for item in conflicts:
            log.warning(
                "event %r of customer %r came again with other content", item.event.event_id, item.event.customer
            )
        self._conflicts.update(item.request for item in conflicts)
        return conflicts

    def _event_row(self, item: Incoming) -> Row:
        (_, owner, event, received_at), words = item, self._words
        return owner, event.at, event.event_id, words[event.name], words[event.source], event.text, received_at

    def _unmatched_row(self, item: Incoming) -> Row:
        event, words = item.event, self._words
        return (
            item.owner, event.event_id, event.at, words[event.name], words[event.source], event.text,
            item.received_at, 0,
        )  # fmt: skip

    def _stream_rows(self, counting: Iterable[Incoming]) -> Iterator[Row]:
        words = self._words
        streams: defaultdict[tuple[int | str, int], list[int]] = defaultdict(list)
        received: dict[tuple[int | str, int], int] = {}
        for _, owner, event, received_at in counting:
            key = owner, words[event.name]
            streams[key].append(event.at)
            if received.get(key, 0) < received_at:
                received[key] = received_at
        for key, ats in streams.items():
            yield (*key, len(ats), 0, min(ats), max(ats), received[key])


def _conflict_rows(conflicts: Sequence[Incoming]) -> Iterator[Row]:
    times = Counter(item.key for item in conflicts)
    last = {item.key: item for item in conflicts}
    return ((*key, times[key], item.event.name, item.event.text, item.received_at) for key, item in last.items())


def _firsts(incoming: Iterable[Incoming]) -> dict[Key, Incoming]:
    """Return the first of those that have the same key."""
    firsts: dict[Key, Incoming] = {}
    for item in incoming:
        firsts.setdefault((item.owner, item.event.event_id), item)
    return firsts


def _counted(item: Incoming) -> Counted:
    event = item.event
    return Counted(int(item.owner), event.at, event.event_id, event.name, event.properties)


def _says_the_same(event: EventIn, stored: Stored | None) -> bool:
    """Compare a retry with what was sent first; nothing is left to compare with once that is purged, maybe just now."""
    if stored is None or not stored.name:
        return True
    same_text = event.text == stored.text or read_json(event.text) == read_json(stored.text)
    return event.name == stored.name and same_text
