"""Correct or void an event that was counted: its cell is counted anew, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from portal_app.billing.instants import QUARTER_HOUR, instant, micros
from portal_app.commands.audit import record
from portal_app.commands.event_register import horizon
from portal_app.commands.rebuild_usage import rebuild_usage
from portal_app.commands.usage_events import properties_text
from portal_app.commands.usage_tables import Rows, execute_each, stop_counting
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound
from portal_app.models.usage import AMENDMENTS, EVENTS, KEYS, WORDS
from portal_app.queries.meters import meter_rules_of_operator

_AMENDMENTS = Rows("usage_amendment", "ON CONFLICT (customer_id, event_id) DO UPDATE SET is_void = excluded.is_void")


@dataclass(frozen=True, slots=True)
class Amendment:
    """Who changes what was counted, why, and when."""

    actor: str
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _Counted:
    customer_id: int
    event_id: str
    at: int
    name_id: int
    name: str
    text: str

    @property
    def row(self) -> ColumnElement[bool]:
        event = EVENTS.c
        return (event.customer_id == self.customer_id) & (event.at == self.at) & (event.event_id == self.event_id)


def correct_event(
    session: Session, customer_id: int, event_id: str, properties: Mapping[str, Any], amendment: Amendment
) -> None:
    """Let an event's properties be these. Its retries are still compared with what was sent first.

    Raises:
        NotFound: the customer has no such event.
        Invalid: the properties cannot be kept, the event was voided, or usage of its time is closed.
    """
    text = properties_text(properties)
    event = _to_amend(session, customer_id, event_id)
    _keep_as_sent(session, event, amendment, is_void=False)
    session.connection().execute(update(EVENTS).where(event.row).values(properties=text))
    _count_anew(session, event)
    _record(session, event, amendment, "event.corrected", after=text)


def void_event(session: Session, customer_id: int, event_id: str, amendment: Amendment) -> None:
    """Let an event count no longer. Sent again, it is the same event, and still does not count.

    Raises:
        NotFound: the customer has no such event.
        Invalid: the event was voided already, or usage of its time is closed.
    """
    event = _to_amend(session, customer_id, event_id)
    _keep_as_sent(session, event, amendment, is_void=True)
    session.connection().execute(delete(EVENTS).where(event.row))
    fewer = "UPDATE usage_stream SET events = events - 1 WHERE customer_id = ? AND name = ?"
    execute_each(session, fewer, [(customer_id, event.name_id)])
    _count_anew(session, event)
    _record(session, event, amendment, "event.voided")


def _to_amend(session: Session, customer_id: int, event_id: str) -> _Counted:
    stop_counting(session)
    connection = session.connection()
    key, was, event = KEYS.c, AMENDMENTS.c, EVENTS.c
    at = connection.execute(select(key.at).where(key.customer_id == customer_id, key.event_id == event_id)).scalar()
    if at is None:
        raise NotFound(noun="Event")
    before = horizon(session)
    if before is not None and at < before:
        raise Invalid(
            field="event_id", problem=f"happened before {instant(before):%Y-%m-%d %H:%M} UTC: usage is closed"
        )
    if connection.execute(select(was.is_void).where(was.customer_id == customer_id, was.event_id == event_id)).scalar():
        raise Invalid(field="event_id", problem="was voided before")
    kept = (
        select(event.name, WORDS.c.word, event.properties)
        .join_from(EVENTS, WORDS, WORDS.c.id == event.name)
        .where(event.customer_id == customer_id, event.at == at, event.event_id == event_id)
    )
    name_id, name, text = connection.execute(kept).one()
    return _Counted(customer_id, event_id, at, name_id, name, text)


def _keep_as_sent(session: Session, event: _Counted, amendment: Amendment, *, is_void: bool) -> None:
    """Keep what was sent, if this is the first amendment; later ones leave it."""
    sent = event.customer_id, event.event_id, is_void, event.name_id, event.text, micros(amendment.now)
    _AMENDMENTS.write(session, [sent])


def _count_anew(session: Session, event: _Counted) -> None:
    bucket = event.at // QUARTER_HOUR
    rebuild_usage(
        session, event.customer_id, meter_rules_of_operator(session, [event.name]), first=bucket, last=bucket + 1
    )


def _record(session: Session, event: _Counted, amendment: Amendment, action: str, **more: str) -> None:
    record(
        session,
        actor=amendment.actor,
        action=action,
        now=amendment.now,
        customer_id=event.customer_id,
        event_id=event.event_id,
        reason=amendment.reason,
        before=event.text,
        **more,
    )
