"""The scratch file of one run: every row read and every problem found, on disk, so that memory stays constant.

A private SQLite database without a name, gone when it is closed; never the portal's own. It is what lets
files be larger than memory and in any order: ledgers come out sorted, lines come out beside their invoice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson

from portal_app.imports.columns import Noun, Values
from portal_app.imports.problems import Problem
from portal_app.imports.sources import Source

BATCH = 500
CACHE_KIB = 16 * 1024


@dataclass(slots=True)
class StagedRow:
    """A row whose cells have been read. `values` holds the columns that its file has, by name.

    A bad one is kept so that rows which refer to it are not blamed for it.
    """

    source: Source
    line: int
    key: str
    values: Values
    bad: bool = False
    place: tuple[str, str, int] = ("", "", 0)
    """Its parent, its time and its number within the file: what rows are sorted by."""

    @property
    def parent(self) -> str:
        """The key of the row it belongs to; empty where that could not be read."""
        return self.values.get(self.source.noun.parent, "")


class Scratch:
    """Rows by noun and key, and the problems found with them."""

    def __init__(self, sources: Sequence[Source]) -> None:
        """Make an empty scratch file for rows of these sources."""
        self._sources = {source.noun.name: source for source in sources}
        self.lossy: set[str] = set()
        """Nouns of which rows are missing here: a file could not be read to its end, or a row has no key."""
        self._order = {source.file: place for place, source in enumerate(sources)}
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._db.execute("CREATE TABLE problem (place INT, line INT, file TEXT, col TEXT, sentence TEXT)")
        for source in sources:
            self._create(source.noun)
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._db.close()

    def _create(self, noun: Noun) -> None:
        self._db.execute(
            f"CREATE TABLE {noun.name}"
            " (number INTEGER PRIMARY KEY, key TEXT, line INT, parent TEXT, at TEXT, bad INT, cells BLOB)"
        )
        if not noun.repeats:
            self._db.execute(f"CREATE UNIQUE INDEX {noun.name}_key ON {noun.name} (key)")
        if noun.parent:
            self._db.execute(f"CREATE INDEX {noun.name}_parent ON {noun.name} (parent, at)")

    def files(self) -> list[str]:
        """Return the names of the files that the rows come from, in loading order."""
        return list(self._order)

    # Problems

    def report(self, problem: Problem) -> None:
        """Keep a problem; a byte in the name of a column that is no text is written as an escape."""
        place = self._order.get(problem.file, -1)
        column, sentence = (
            text.encode(errors="backslashreplace").decode() for text in (problem.column, problem.sentence)
        )
        row = (place, problem.line or 0, problem.file, column, sentence)
        self._db.execute("INSERT INTO problem VALUES (?, ?, ?, ?, ?)", row)

    def problems(self) -> Iterator[Problem]:
        """Yield all problems, file by file and line by line."""
        found = self._db.execute("SELECT file, line, col, sentence FROM problem ORDER BY place, file, line, rowid")
        return (Problem(file, line or None, column, sentence) for file, line, column, sentence in found)

    def count_problems(self) -> int:
        """Return how many there are."""
        return self._one("SELECT count(*) FROM problem")

    # Rows going in

    def add(self, row: StagedRow) -> int | None:
        """Keep a row; where its key is taken already, keep nothing and return the line that has it."""
        noun = row.source.noun
        at = row.values.get(noun.at)
        cells = orjson.dumps(row.values, default=str)
        values = (row.key, row.line, row.parent, at.isoformat() if at else "", row.bad, cells)
        statement = f"INSERT INTO {noun.name} (key, line, parent, at, bad, cells) VALUES (?, ?, ?, ?, ?, ?)"
        if self._db.execute(f"{statement} ON CONFLICT DO NOTHING", values).rowcount:
            return None
        return self._one(f"SELECT line FROM {noun.name} WHERE key = ?", row.key)

    def mark_bad(self, row: StagedRow) -> None:
        """Remember that a row cannot be loaded."""
        row.bad = True
        self._db.execute(f"UPDATE {row.source.noun.name} SET bad = 1 WHERE number = ?", (row.place[-1],))

    # Rows coming out

    def holds(self, noun: Noun) -> bool:
        """Tell whether there is a file of this noun."""
        return noun.name in self._sources

    def count(self, noun: Noun) -> int:
        """Return how many rows of a noun there are, good and bad."""
        return self._one(f"SELECT count(*) FROM {noun.name}") if self.holds(noun) else 0

    def batches(self, noun: Noun) -> Iterator[list[StagedRow]]:
        """Yield the good rows of a noun in the order of its file, some hundred at a time."""
        last = 0
        while rows := self._select(noun, "NOT bad AND number > ? ORDER BY number LIMIT ?", last, BATCH):
            yield rows
            last = rows[-1].place[-1]

    def distinct(self, noun: Noun) -> Iterator[list[tuple[str, str]]]:
        """Yield parent and key of the good rows of a noun, those that repeat once, some hundred at a time."""
        with closing(self._db.cursor()) as cursor:
            cursor.execute(f"SELECT DISTINCT parent, key FROM {noun.name} WHERE NOT bad")
            while found := cursor.fetchmany(BATCH):
                yield found

    def outside(self, noun: Noun, first: datetime, last: datetime) -> Iterator[list[StagedRow]]:
        """Yield the good rows of a noun whose time is before `first` or after `last`."""
        number, times = 0, (first.isoformat(), last.isoformat())
        condition = "NOT bad AND (at < ? OR at > ?) AND number > ? ORDER BY number LIMIT ?"
        while rows := self._select(noun, condition, *times, number, BATCH):
            yield rows
            number = rows[-1].place[-1]

    def ordered_batches(self, noun: Noun) -> Iterator[list[StagedRow]]:
        """Yield all rows of a noun, good and bad, parent by parent and by time; rows of one moment as in the file."""
        last = ("", "", 0)
        condition = "(parent, at, number) > (?, ?, ?) ORDER BY parent, at, number LIMIT ?"
        while rows := self._select(noun, condition, *last, BATCH):
            yield rows
            last = rows[-1].place

    def children(self, noun: Noun, parents: Iterable[str]) -> dict[str, list[StagedRow]]:
        """Return the rows of a noun, good and bad, that belong to these parents, in the order of their file."""
        found: dict[str, list[StagedRow]] = {}
        for row in self._select(noun, "parent IN (SELECT value FROM json_each(?)) ORDER BY number", _json(parents)):
            found.setdefault(row.parent, []).append(row)
        return found

    def strangers(self, noun: Noun, children: Sequence[Noun]) -> Iterator[list[str]]:
        """Yield the parents that rows of `children` name and the file of `noun` does not have, in batches."""
        unknown = f"AND parent NOT IN (SELECT key FROM {noun.name})" if self.holds(noun) else ""
        named = [
            f"SELECT parent FROM {child.name} WHERE parent <> '' {unknown}" for child in children if self.holds(child)
        ]
        if named:
            with closing(self._db.cursor()) as cursor:
                cursor.execute(f"{' UNION '.join(named)} ORDER BY 1")
                while found := cursor.fetchmany(BATCH):
                    yield [key for (key,) in found]

    def by_key(self, noun: Noun, keys: Iterable[str]) -> dict[str, StagedRow]:
        """Return the rows, good and bad, that have these keys."""
        return {row.key: row for row in self._select(noun, "key IN (SELECT value FROM json_each(?))", _json(keys))}

    def bad_rows(self, noun: Noun) -> Iterator[StagedRow]:
        """Yield the rows that could not be loaded."""
        last = 0
        while rows := self._select(noun, "bad AND number > ? ORDER BY number LIMIT ?", last, BATCH):
            yield from rows
            last = rows[-1].place[-1]

    def _select(self, noun: Noun, condition: str, *values: Any) -> list[StagedRow]:
        if not self.holds(noun):
            return []
        source = self._sources[noun.name]
        statement = f"SELECT line, key, cells, bad, parent, at, number FROM {noun.name} WHERE {condition}"
        return [
            StagedRow(source, line, key, noun.restored(orjson.loads(cells)), bool(bad), (parent, at, number))
            for line, key, cells, bad, parent, at, number in self._db.execute(statement, values).fetchall()
        ]

    def _one(self, statement: str, *values: Any) -> int:
        return self._db.execute(statement, values).fetchone()[0]


def _json(keys: Iterable[str]) -> str:
    return orjson.dumps(list(keys)).decode()
