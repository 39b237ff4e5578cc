"""What the loaders of one run share: the open transaction, the scratch file, what is refused and what is counted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from portal_app.billing.money import plain
from portal_app.commands.external_rows import Target, find_targets
from portal_app.database import Session
from portal_app.imports.columns import KEY, Column, Noun, Objection, Values
from portal_app.imports.nouns import NOUNS
from portal_app.imports.problems import Problem, quoted
from portal_app.imports.progress import OnProgress, Step
from portal_app.imports.scratch import Scratch, StagedRow
from portal_app.models.catalog import Meter
from portal_app.models.columns import Row


@dataclass(slots=True)
class Tally:
    """How many rows of one noun came to what; the rest is of events.

    Some of those that are there were first sent with other content, which a dry run does not look for, and some new
    ones are of unknown customers.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    conflicts: int = 0
    unmatched: int = 0
    staged: int = 0


@dataclass(slots=True)
class Run:
    """One run, writing into one transaction that its caller commits or rolls back."""

    session: Session
    scratch: Scratch
    now: datetime
    on_progress: OnProgress
    tallies: dict[str, Tally] = field(default_factory=dict[str, Tally])
    new_meters: list[Meter] = field(default_factory=list[Meter])
    """Those that are to count what was there before them."""

    def refuse(self, row: StagedRow, objections: Iterable[Objection]) -> None:
        """Report what is wrong with a row, if anything, and load neither it nor, silently, what depends on it."""
        for column, sentence in objections:
            label = row.source.label(column) if column else ""
            self.scratch.report(Problem(row.source.file, row.line, label, sentence))
            self.scratch.mark_bad(row)

    def resolve(self, noun: Noun, rows: Sequence[StagedRow], leaving: str = "") -> dict[tuple[str, str], Target]:
        """Return where the references of these rows lead, by column and external id; refuse rows that lead nowhere.

        The column called `leaving` is left to the caller.
        """
        found: dict[tuple[str, str], Target] = {}
        for column in noun.columns:
            if column.refers_to and column.name != leaving:
                found |= self._resolve(column, [row for row in rows if not row.bad and row.values.get(column.name)])
        return found

    def _resolve(self, column: Column, rows: Sequence[StagedRow]) -> dict[tuple[str, str], Target]:
        noun = NOUNS[column.refers_to]
        named = {row.values[column.name] for row in rows}
        targets = find_targets(self.session, noun.table, named) if named else {}
        refused = self.scratch.by_key(noun, named - targets.keys()) if named - targets.keys() else {}
        for row in rows:
            key = row.values[column.name]
            if key in refused or (key not in targets and noun.name in self.scratch.lossy):
                self.scratch.mark_bad(row)
            elif key not in targets:
                self.refuse(row, [(column.name, f"there is no {noun.singular} {quoted(key)}")])
        return {(column.name, key): target for key, target in targets.items()}

    def new(self, noun: Noun, key: str, values: Values) -> Row:
        """Return a new row with these attributes; its moment of creation is now unless they say otherwise."""
        row: Values = {"created_at": self.now, "updated_at": self.now, KEY: key}
        row |= values
        return noun.table(**row)

    def change(self, row: Row, values: Values) -> bool:
        """Give a row these attributes, and tell whether any was different."""
        changed = differing(row, values)
        for name, value in changed.items():
            setattr(row, name, value)
        return bool(changed)

    def note(self, noun: Noun, row: Row, *, is_new: bool, has_changed: bool) -> None:
        """Stamp and store a row that is new or has changed, and count it."""
        tally = self.tally(noun)
        if is_new or has_changed:
            row.updated_at = self.now
            self.session.add(row)
        tally.added += is_new
        tally.changed += has_changed and not is_new
        tally.unchanged += not (is_new or has_changed)

    def tally(self, noun: Noun) -> Tally:
        """Return the noun's tally."""
        return self.tallies.setdefault(noun.name, Tally())

    def advance(self, noun: Noun, done: int, total: int) -> None:
        """Tell how far the loading of a noun has come, in rows."""
        self.on_progress(Step(f"loading {noun.name}", done, total, done))


def attributes(noun: Noun, values: Values, targets: dict[tuple[str, str], Target]) -> Values:
    """Return a row's values by the attributes they fill, its references as inner keys where `targets` has them."""
    found: Values = {}
    for name, value in values.items():
        column = noun.by_name[name]
        target = targets.get((name, value)) if column.refers_to else None
        found[column.attribute] = target.key if target else value
    return found


def defaults(noun: Noun) -> Values:
    """Return what the columns that a file leaves out come to in a new row."""
    return {column.attribute: column.default for column in noun.columns if column.name != KEY}


def current(noun: Noun, row: Row, leaving: Collection[str] = ()) -> Values:
    """Return what a stored row holds in the attributes of its noun's columns, but those called `leaving`."""
    names = [column.attribute for column in noun.columns if column.name != KEY]
    return {name: getattr(row, name) for name in names if name not in leaving}


def differing(row: Row, values: Values) -> Values:
    """Return those of the values that are others than the row's."""
    return {name: value for name, value in values.items() if getattr(row, name) != value}


def moved(noun: Noun, stored: Row, given: Values, beside: Values | None = None) -> Iterator[Objection]:
    """Yield the fixed columns that a file would change; `beside` are attributes that other rows hold."""
    for name in sorted(noun.fixed):
        column = noun.by_name[name]
        held = beside or {}
        before = held[column.attribute] if column.attribute in held else getattr(stored, column.attribute)
        if column.attribute in given and given[column.attribute] != before:
            if column.refers_to:
                yield name, f"this {noun.singular} has another {name}, which cannot change"
            else:
                yield name, f"is {described(before)} already and cannot become {described(given[column.attribute])}"


def frozen(noun: Noun, stored: Row, values: Values, leaving: frozenset[str] = frozenset()) -> Iterator[Objection]:
    """Yield the columns, but those called `leaving`, in which a row of a finalised invoice would change."""
    for column in noun.columns:
        if column.attribute in values and column.name not in leaving:
            before, after = getattr(stored, column.attribute), values[column.attribute]
            if before != after:
                sentence = f"is {described(before)} on a finalised invoice and cannot become {described(after)}"
                yield column.name, sentence


def described(value: Any) -> str:
    """Return a value as a sentence can say it."""
    match value:
        case None | "":
            return "nothing"
        case Decimal():
            return plain(value)
        case datetime():
            return value.isoformat()
        case list():
            return orjson.dumps(value).decode()
        case _:
            return str(value)
