"""Events as they are kept, newest first: of one customer, of a customer nobody knows yet, or of everyone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, exists, select, tuple_
from sqlmodel import col
from sqlmodel import select as select_rows

from portal_app.billing.instants import instant, micros
from portal_app.billing.metering import Filters, passes
from portal_app.billing.periods import TimeRange
from portal_app.commands.usage_events import read_json
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.customer import Customer
from portal_app.models.usage import EVENTS, KEYS, STREAMS, UNMATCHED, WORDS
from portal_app.queries.usage_events import MAX_EVENTS

Mark = tuple[int, str, int]
"""Where an event stands: its instant in microseconds since 1970, its id, and the inner key of whose it is.

An id is one event of its customer only: others may have it, too, at the same instant.
"""
AT_ONCE = 500
"""How many events are held at a time while properties are compared."""
NOBODY = 0
"""Stands in marks for whoever nobody knows yet."""


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event. `properties` is JSON as it is kept; `customer_public_id` is None while nobody knows the customer."""

    event_id: str
    external_customer_id: str
    customer_public_id: str | None
    name: str
    source: str
    at: int
    properties: str
    received_at: int
    customer_key: int

    @property
    def happened_at(self) -> datetime:
        """When it happened."""
        return instant(self.at)

    @property
    def came_at(self) -> datetime:
        """When it was received."""
        return instant(self.received_at)

    @property
    def mark(self) -> Mark:
        """Where it stands."""
        return self.at, self.event_id, self.customer_key


@dataclass(frozen=True, slots=True)
class EventSearch:
    """Which events: in `span`, and between two marks, neither included."""

    span: TimeRange
    external_customer_id: str | None = None
    name: str | None = None
    event_id: str | None = None
    source: str | None = None
    filters: Filters = ()
    older_than: Mark | None = None
    newer_than: Mark | None = None
    limit: int = 50


def list_events_of_operator(session: Session, search: EventSearch) -> tuple[list[KeptEvent], bool]:
    """Return events newest first, and whether there are more.

    Raises:
        Invalid: so many would have to be read that do not match.
    """
    found: list[KeptEvent] = []
    for latest, events in _streams(session, search):
        # Streams come in the order of their last events: what is older than enough of what is found cannot matter.
        if len(found) > search.limit and found[search.limit].at > latest:
            break
        found = sorted([*found, *events], key=lambda event: event.mark, reverse=True)[: search.limit + 1]
    return found[: search.limit], len(found) > search.limit


def _streams(session: Session, search: EventSearch) -> Iterator[tuple[int, list[KeptEvent]]]:
    """Yield when a customer's last event was, and its events that match."""
    known = select_rows(Customer.id, Customer.public_id, Customer.external_id)
    named = search.external_customer_id
    if named is not None:
        customer = session.exec(known.where(Customer.external_id == named)).first()
        if customer is None:
            yield 0, _matching(session, UNMATCHED, search, named, named, None)
        else:
            yield 0, _matching(session, EVENTS, search, customer[0] or 0, customer[2], customer[1])
        return
    seen: set[int] = set()
    rows: Sequence[Any] = session.connection().execute(_senders(search)).all()
    for key, public_id, external_id, latest in rows:
        if key not in seen:
            seen.add(key)
            yield latest, _matching(session, EVENTS, search, key, external_id, public_id)


def _senders(search: EventSearch) -> Any:
    """The select of who may have sent what is searched for, a row for each name of events, the last event first."""
    stream, span = STREAMS.c, search.span
    statement = (
        select(Customer.id, Customer.public_id, Customer.external_id, stream.last_at)  # pyright: ignore[reportCallIssue, reportArgumentType]
        .join_from(STREAMS, Customer, col(Customer.id) == stream.customer_id)
        .where(stream.last_at >= micros(span.start_at), stream.first_at < micros(span.end_at))
        .order_by(stream.last_at.desc())
    )
    if search.older_than is not None:
        statement = statement.where(stream.first_at <= search.older_than[0])
    if search.newer_than is not None:
        statement = statement.where(stream.last_at >= search.newer_than[0])
    if search.event_id is not None:
        key = KEYS.c
        ours = key.customer_id == stream.customer_id, key.event_id == search.event_id
        statement = statement.where(
            exists().where(*ours, key.at >= micros(span.start_at), key.at < micros(span.end_at))
        )
    if search.name is not None:
        named = select(WORDS.c.id).where(WORDS.c.word == search.name).scalar_subquery()
        statement = statement.where(stream.name == named)
    return statement


def _matching(
    session: Session, table: Table, search: EventSearch, owner: int | str, external_id: str, public_id: str | None
) -> list[KeptEvent]:
    streamed = {"yield_per": AT_ONCE}
    found: list[KeptEvent] = []
    with session.connection().execute(_statement(table, search, owner), execution_options=streamed) as rows:
        for read, row in enumerate(rows):
            event_id, at, name, source, properties, received_at = tuple(row)
            if read >= MAX_EVENTS:
                raise Invalid(field="property_filters", problem=f"would read more than {MAX_EVENTS} events")
            if not search.filters or passes(search.filters, _properties(properties)):
                kept = (event_id, external_id, public_id, name, source or "", at, properties, received_at)
                found.append(KeptEvent(*kept, customer_key=_key_of(owner)))
            if len(found) > search.limit:
                break
    return found


def _statement(table: Table, search: EventSearch, owner: int | str) -> Any:
    named, source, event = WORDS.alias(), WORDS.alias(), table.c
    key = event.customer_id if table is EVENTS else event.external_customer_id
    statement = (
        select(event.event_id, event.at, named.c.word, source.c.word, event.properties, event.received_at)
        .join_from(table, named, named.c.id == event.name)
        .join(source, source.c.id == event.source, isouter=True)
        .where(key == owner, event.at >= micros(search.span.start_at), event.at < micros(search.span.end_at))
        .order_by(event.at.desc(), event.event_id.desc())
    )
    wanted = {named.c.word: search.name, event.event_id: search.event_id, source.c.word: search.source}
    statement = statement.where(*(column == value for column, value in wanted.items() if value is not None))
    if search.event_id is not None and table is EVENTS:  # the register knows where it stands
        known = KEYS.c.customer_id == owner, KEYS.c.event_id == search.event_id
        statement = statement.where(event.at == select(KEYS.c.at).where(*known).scalar_subquery())
    here, whose = tuple_(event.at, event.event_id), _key_of(owner)
    if search.older_than is not None:
        *there, marked = search.older_than
        statement = statement.where(here <= tuple(there) if whose < marked else here < tuple(there))
    if search.newer_than is not None:
        *there, marked = search.newer_than
        statement = statement.where(here >= tuple(there) if whose > marked else here > tuple(there))
    return statement.limit(MAX_EVENTS + 1 if search.filters else search.limit + 1)


def _key_of(owner: int | str) -> int:
    return owner if isinstance(owner, int) else NOBODY


def _properties(text: str) -> Mapping[str, Any]:
    return read_json(text)
