"""What a customer used, counted from its events one by one: for cells that are split, and for slices."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal_app.access.principal import CustomerId
from portal_app.billing.aggregation import Cell
from portal_app.billing.metering import Filters, MeterRule, Unusable, label_of, passes
from portal_app.commands.usage_events import read_json
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.usage import EVENTS, WORDS

MAX_EVENTS = 100_000
"""How many events one question may read one by one."""
AT_ONCE = 1000
"""How many of them are held at a time."""

Labels = tuple[str, ...]
Usage = dict[tuple[int, Labels], list[Cell]]
"""By meter and labels: a cell for each gap between two cuts, in order."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which events to count, and what to tell them apart by."""

    sources: frozenset[str] = frozenset()
    """Those alone; any, if there are none."""
    filters: Filters = ()
    labels: tuple[str, ...] = ()
    """`source`, or the names of properties with `properties.` before them."""

    @property
    def needs_events(self) -> bool:
        """Whether cells cannot answer."""
        return bool(self.sources or self.filters or self.labels)

    def labels_of(self, source: str, properties: Mapping[str, Any]) -> Labels:
        """Return an event's value for each label; empty where it has none."""
        return tuple(
            source if label == "source" else label_of(properties, label.removeprefix("properties."))
            for label in self.labels
        )


EVERYTHING = Slice()


def count_events(
    session: Session,
    customer_id: CustomerId,
    rules: Sequence[MeterRule],
    cuts: Sequence[int],
    usage: Usage,
    only: Slice = EVERYTHING,
    between: tuple[int, int] | None = None,
) -> None:
    """Count the events of a slice in the gaps between cuts; of those `between` two instants, if they are given.

    Raises:
        Invalid: there are more than `MAX_EVENTS`.
    """
    start, end = between or (cuts[0], cuts[-1])
    by_name: dict[str, list[MeterRule]] = {}
    for rule in rules:
        by_name.setdefault(rule.event_name, []).append(rule)
    for at, event_id, name, source, text in _events(session, customer_id, list(by_name), start, end):
        if only.sources and (source or "") not in only.sources:
            continue
        properties = read_json(text)
        if not passes(only.filters, properties):
            continue
        gap, labels = bisect_right(cuts, at) - 1, only.labels_of(source or "", properties)
        for rule in by_name[name]:
            value = _value(rule, properties)
            if value is not None:
                usage[rule.key, labels][gap].take(rule.aggregation, value, at, event_id)


def _value(rule: MeterRule, properties: Mapping[str, Any]) -> int | str | None:
    try:
        return rule.read(properties)
    except Unusable:
        return None


def _events(
    session: Session, customer_id: CustomerId, names: Sequence[str], start: int, end: int
) -> Iterator[tuple[Any, ...]]:
    named, source, event = WORDS.alias(), WORDS.alias(), EVENTS.c
    statement = (
        select(event.at, event.event_id, named.c.word, source.c.word, event.properties)
        .join_from(EVENTS, named, named.c.id == event.name)
        .join(source, source.c.id == event.source, isouter=True)
        .where(event.customer_id == customer_id, event.at >= start, event.at < end, named.c.word.in_(names))
        .order_by(event.at)
        .limit(MAX_EVENTS + 1)
    )
    with session.connection().execute(statement, execution_options={"yield_per": AT_ONCE}) as rows:
        for read, row in enumerate(rows):
            if read >= MAX_EVENTS:
                problem = f"the range holds more than {MAX_EVENTS} events to read one by one; choose a shorter one"
                raise Invalid(field="start_time", problem=problem)
            yield tuple(row)
