"""Load the nouns whose rows stand for themselves: customers, plans, prices, subscriptions, wallets."""

from __future__ import annotations

from collections.abc import Sequence

from portal_app.commands.external_rows import Target, find_rows
from portal_app.imports.columns import Noun
from portal_app.imports.run import Run, attributes, current, defaults, moved
from portal_app.imports.scratch import StagedRow
from portal_app.models.columns import Row


def load_rows(run: Run, noun: Noun) -> None:
    """Add the rows that are new, change those that differ, leave the rest alone."""
    total, done = run.scratch.count(noun), 0
    for batch in run.scratch.batches(noun):
        _load_batch(run, noun, batch)
        done += len(batch)
        run.advance(noun, done, total)


def _load_batch(run: Run, noun: Noun, batch: Sequence[StagedRow]) -> None:
    targets = run.resolve(noun, batch)
    stored = find_rows(run.session, noun.table, [row.key for row in batch])
    for row in batch:
        if not row.bad:
            _load(run, noun, row, stored.get(row.key), targets)
    run.session.flush()


def _load(run: Run, noun: Noun, row: StagedRow, stored: Row | None, targets: dict[tuple[str, str], Target]) -> None:
    given = attributes(noun, row.values, targets)
    values = (current(noun, stored) if stored else defaults(noun)) | given
    noun.derive(values)
    objections = [*(moved(noun, stored, given) if stored else ()), *noun.check(values)]
    run.refuse(row, objections)
    if objections:
        return
    if stored is None:
        run.note(noun, run.new(noun, row.key, values), is_new=True, has_changed=False)
    else:
        run.note(noun, stored, is_new=False, has_changed=run.change(stored, values))
