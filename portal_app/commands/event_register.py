"""What is known already when events come in: customers, words, the horizon, and events that were taken before."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlmodel import col

from portal_app.commands.usage_tables import execute_each, is_sqlite
from portal_app.database import Session
from portal_app.models.customer import Customer
from portal_app.models.usage import HORIZON, WORDS

Key = tuple[int | str, str]
"""A customer (its key, or the operator's id of one that is not known) and an event id."""

_ASKED: BindParameter[Any] = bindparam("asked", expanding=True)
_CUSTOMERS = select(col(Customer.external_id), col(Customer.id)).where(col(Customer.external_id).in_(_ASKED))
_WORDS = select(WORDS.c.word, WORDS.c.id).where(WORDS.c.word.in_(_ASKED))
_HORIZON = select(HORIZON.c.before_at)
"""Every request asks these: they are built once."""

_ASKED_SQLITE = "json_each(?) AS asked CROSS JOIN {table} AS found ON found.{owner} = asked.value ->> 0"
_ASKED_POSTGRES = (
    "unnest(%s::{kind}[], %s::text[]) AS asked (owner, event_id) JOIN {table} AS found ON found.{owner} = asked.owner"
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as it was first sent; empty where that is purged."""

    name: str
    text: str


def customer_ids(session: Session, external_ids: Collection[str]) -> Mapping[str, int]:
    """Return the keys of those customers that exist, whatever their status, by the operator's id."""
    return _found(session, _CUSTOMERS, external_ids)


def word_ids(session: Session, words: Collection[str]) -> dict[str, int]:
    """Return the key of each word, kept now if it never was before; the empty one is 0."""
    wanted = {word for word in words if word}
    found = _found(session, _WORDS, wanted)
    if missing := sorted(wanted - found.keys()):
        insert = "INSERT INTO usage_word (word) VALUES (?) ON CONFLICT DO NOTHING"
        execute_each(session, insert, [(word,) for word in missing])
        found |= _found(session, _WORDS, missing)
    return found | {"": 0}


def _found(session: Session, statement: Select[Any, Any], asked: Collection[str]) -> dict[str, int]:
    if not asked:
        return {}
    session.flush()  # what this transaction has made is known, too
    rows = session.connection().execute(statement, {"asked": list(asked)})
    return dict(rows.all())


def horizon(session: Session) -> int | None:
    """Return before when raw events are purged, in microseconds since 1970; None if none ever was."""
    return session.connection().execute(_HORIZON).scalar()


def counted_keys(session: Session, keys: Collection[Key]) -> set[Key]:
    """Return those of the keys whose event was taken before."""
    return {(owner, event_id) for owner, event_id in _ask(session, keys, "found.customer_id, found.event_id")}


def first_sent(session: Session, keys: Collection[Key]) -> dict[Key, Stored]:
    """Return the events of known customers that these keys name, as they were first sent."""
    columns = "found.customer_id, found.event_id, word.word, COALESCE(was.properties, is_now.properties)"
    joins = """
        LEFT JOIN usage_event AS is_now ON is_now.customer_id = found.customer_id
          AND is_now.at = found.at AND is_now.event_id = found.event_id
        LEFT JOIN usage_amendment AS was ON was.customer_id = found.customer_id AND was.event_id = found.event_id
        LEFT JOIN usage_word AS word ON word.id = COALESCE(was.name, is_now.name)"""
    rows = _ask(session, keys, columns, joins)
    return {(owner, event_id): Stored(name or "", text or "") for owner, event_id, name, text in rows}


def first_sent_by_strangers(session: Session, keys: Collection[Key]) -> dict[Key, Stored]:
    """Return the unmatched events that these keys name."""
    columns = "found.external_customer_id, found.event_id, word.word, found.properties"
    joins = "LEFT JOIN usage_word AS word ON word.id = found.name"
    rows = _ask(session, keys, columns, joins, table="usage_unmatched", owner="external_customer_id", kind="text")
    return {(owner, event_id): Stored(name, text) for owner, event_id, name, text in rows}


def _ask(
    session: Session,
    keys: Collection[Key],
    columns: str,
    joins: str = "",
    *,
    table: str = "usage_key",
    owner: str = "customer_id",
    kind: str = "bigint",
) -> Iterable[tuple[Any, ...]]:
    """Look keys up in one statement."""
    if not keys:
        return ()
    ordered = sorted(keys)  # pyright: ignore[reportArgumentType] (all owners are of one kind)
    if is_sqlite(session):
        asked, parameters = _ASKED_SQLITE, (json.dumps(ordered),)
        event_id = "asked.value ->> 1"
    else:
        asked, parameters = _ASKED_POSTGRES, tuple(list(column) for column in zip(*ordered, strict=True))
        event_id = "asked.event_id"
    source = asked.format(table=table, owner=owner, kind=kind)
    statement = f"SELECT {columns} FROM {source} AND found.event_id = {event_id} {joins}"
    return session.connection().exec_driver_sql(statement, parameters).all()
