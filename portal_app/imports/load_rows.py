"""Load the nouns whose rows stand for themselves: customers, plans, prices, subscriptions, wallets, what is metered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from portal_app.commands.external_rows import find_rows
from portal_app.database import Session
from portal_app.imports.columns import KEY, Noun, Objection, Values
from portal_app.imports.run import Run, attributes, current, defaults, moved
from portal_app.imports.scratch import StagedRow
from portal_app.models.columns import Row

Check = Callable[[Session, Mapping[str, Values]], Iterable[tuple[str, Objection]]]
"""Finds what is wrong between the rows of a batch, given by key, and what is stored; yields the key of each."""
Added = Callable[[Session, Any], None]
"""What else happens when a row is new."""


def load_rows(
    run: Run,
    noun: Noun,
    check: Check = lambda _session, _rows: (),
    added: Added = lambda _session, _row: None,
) -> None:
    """Add the rows that are new, change those that differ, leave the rest alone."""
    total, done = run.scratch.count(noun), 0
    for rows in run.scratch.batches(noun):
        batch = _Batch(run, noun, rows)
        batch.refuse()
        batch.refuse_between(check)
        batch.store(added)
        run.session.flush()
        done += len(rows)
        run.advance(noun, done, total)


class _Batch:
    """Some rows, what is stored of them, and what both together come to."""

    def __init__(self, run: Run, noun: Noun, rows: Sequence[StagedRow]) -> None:
        self._run, self._noun, self._rows = run, noun, rows
        targets = run.resolve(noun, rows)
        self._stored: Mapping[str, Row] = find_rows(run.session, noun.table, [row.key for row in rows])
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
            stored, values = self._stored.get(row.key), self._whole[row.key]
            if stored is None:
                new = run.new(noun, row.key, values)
                run.note(noun, new, is_new=True, has_changed=False)
                added(run.session, new)
            else:
                run.note(noun, stored, is_new=False, has_changed=run.change(stored, values))

    def _good(self) -> list[StagedRow]:
        return [row for row in self._rows if not row.bad]

    def _values(self, key: str) -> Values:
        stored = self._stored.get(key)
        values = (current(self._noun, stored) if stored else defaults(self._noun)) | self._given[key] | {KEY: key}
        self._noun.derive(values)
        return values

    def _objections(self, key: str) -> Iterator[Objection]:
        if key in self._stored:
            yield from moved(self._noun, self._stored[key], self._whole[key])
        yield from self._noun.check(self._whole[key])
