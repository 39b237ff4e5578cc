"""Load the nouns whose rows stand for themselves: customers, plans, prices, subscriptions, wallets, what is metered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal_app.commands.external_rows import find_rows
from portal_app.commands.terms import lock_named_terms
from portal_app.database import Session
from portal_app.imports.columns import KEY, Noun, Objection, Values
from portal_app.imports.run import Run, attributes, current, defaults, moved
from portal_app.imports.scratch import StagedRow
from portal_app.models.columns import Row

Check = Callable[[Session, Mapping[str, Values]], Iterable[tuple[str, Objection]]]
"""Finds what is wrong between the rows of a batch, given by key, and what is stored; yields the key of each."""
Added = Callable[[Session, Any], None]
"""What else happens when a row is new."""


@dataclass(frozen=True, slots=True)
class Aside:
    """An attribute that rows of its own hold: how it is found by the inner key, where there are any, and kept."""

    attribute: str
    find: Callable[[Session, Sequence[int]], Mapping[int, Any]]
    keep: Callable[[Session, int, Any], None]


def load_rows(
    run: Run,
    noun: Noun,
    check: Check = lambda _session, _rows: (),
    added: Added = lambda _session, _row: None,
    aside: Aside | None = None,
) -> None:
    """Add the rows that are new, change those that differ, leave the rest alone."""
    total, done = run.scratch.count(noun), 0
    for rows in run.scratch.batches(noun):
        batch = _Batch(run, noun, rows, aside)
        batch.refuse()
        batch.refuse_between(check)
        batch.store(added)
        run.session.flush()
        done += len(rows)
        run.advance(noun, done, total)


def hold_terms(run: Run, noun: Noun) -> None:
    """Let nobody else change the terms that the rows of a noun are part of, until the run ends."""
    for rows in run.scratch.batches(noun):
        named = ({key for row in rows if (key := row.values.get(name))} for name in ("plan", "subscription"))
        lock_named_terms(run.session, *named)


class _Batch:
    """Some rows, what is stored of them, and what both together come to."""

    def __init__(self, run: Run, noun: Noun, rows: Sequence[StagedRow], aside: Aside | None) -> None:
        self._run, self._noun, self._rows, self._aside = run, noun, rows, aside
        targets = run.resolve(noun, rows)
        self._stored: Mapping[str, Row] = find_rows(run.session, noun.table, [row.key for row in rows])
        ids = [row.id or 0 for row in self._stored.values()]
        self._beside: Mapping[int, Any] = aside.find(run.session, ids) if aside and ids else {}
        self._given = {row.key: attributes(noun, row.values, targets) for row in self._good()}
        self._whole = {row.key: self._values(row.key) for row in self._good()}

    def refuse(self) -> None:
        for row in self._good():
            self._run.refuse(row, self._objections(row.key))

    def refuse_between(self, check: Check) -> None:
        rows = {row.key: row for row in self._good()}
        for key, objection in check(self._run.session, {key: self._whole[key] for key in rows}):
            self._run.refuse(rows[key], [objection])

    def store(self, added: Added) -> None:
        run, noun = self._run, self._noun
        for row in self._good():
            stored, values = self._stored.get(row.key), dict(self._whole[row.key])
            beside = values.pop(self._aside.attribute) if self._aside else None
            if stored is None:
                new = run.new(noun, row.key, values)
                run.note(noun, new, is_new=True, has_changed=False)
                self._keep_aside(new, beside)
                added(run.session, new)
            else:
                has_changed = run.change(stored, values)
                has_changed |= self._keep_aside(stored, beside)
                run.note(noun, stored, is_new=False, has_changed=has_changed)

    def _keep_aside(self, row: Row, value: Any) -> bool:
        """Keep the attribute that other rows hold, if it is another than before, and tell whether it is."""
        if self._aside is None or value == self._beside.get(row.id or 0):
            return False
        self._run.session.flush()  # a new row gets its key
        self._aside.keep(self._run.session, row.id or 0, value)
        return True

    def _good(self) -> list[StagedRow]:
        return [row for row in self._rows if not row.bad]

    def _values(self, key: str) -> Values:
        stored = self._stored.get(key)
        values = (self._current(stored) if stored else defaults(self._noun)) | self._given[key] | {KEY: key}
        self._noun.derive(values)
        return values

    def _current(self, stored: Row) -> Values:
        aside = self._held_aside(stored)
        return current(self._noun, stored, aside) | aside

    def _held_aside(self, stored: Row) -> Values:
        return {self._aside.attribute: self._beside.get(stored.id or 0)} if self._aside else {}

    def _objections(self, key: str) -> Iterator[Objection]:
        if key in self._stored:
            stored = self._stored[key]
            yield from moved(self._noun, stored, self._whole[key], self._held_aside(stored))
        yield from self._noun.check(self._whole[key])
