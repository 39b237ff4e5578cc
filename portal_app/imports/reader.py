"""The one reader: CSV or JSON Lines in, rows of text out, each with the line it begins on.

UTF-8 with or without a byte order mark; any line ending; commas, semicolons or tabs. One row at a time is in memory.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

import orjson

from portal_app.imports.problems import quoted

SUFFIXES = {".csv": "CSV", ".jsonl": "JSON Lines", ".ndjson": "JSON Lines"}
MAX_LINE = 2**20
_WIDEST_PLAIN = 40
_NO_HEADER = "is empty: its first line should name the columns"
_SCALARS = (str, Decimal, bool, type(None))

Objection = tuple[str, str]


class BadFile(ValueError):
    """A file that cannot be read any further; `line` is where."""

    def __init__(self, line: int | None, sentence: str) -> None:
        """Keep the place."""
        self.line = line
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of text: cells by column, trimmed, empty where nothing was said; a column left out is no key."""

    line: int
    cells: dict[str, str]
    objections: tuple[Objection, ...] = ()
    """Columns that hold no text, or the row as a whole (no column), and why."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file being read. JSON Lines have no header. `bytes_read` says how far the reading has come."""

    header: tuple[str, ...] | None
    header_line: int
    records: Iterator[Record]
    bytes_read: Callable[[], int]


@contextmanager
def open_file(path: Path, nested: Collection[str] = ()) -> Generator[OpenFile]:
    """Open a file of rows; the records may be read until the end of the block.

    What is in the columns called `nested` may be JSON of any depth: its cell is its text.

    Raises:
        BadFile: it is no CSV or JSON Lines in UTF-8; reading the records may raise it, too.
        OSError: it cannot be read at all.
    """
    with path.open("rb") as raw:
        if raw.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            raise BadFile(None, "is UTF-16: save it as UTF-8")
        raw.seek(0)
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
        if SUFFIXES[path.suffix] == "CSV":
            header, line, records = _open_csv(file)
        else:
            header, line, records = None, 0, _json_records(file, nested)
        yield OpenFile(header, line, records, raw.tell)


def _open_csv(file: TextIO) -> tuple[tuple[str, ...], int, Iterator[Record]]:
    lines = _lines(file)
    blank = 0
    first = next(lines, "")
    while first and not first.strip():
        blank, first = blank + 1, next(lines, "")
    if not first:
        raise BadFile(None, _NO_HEADER)
    delimiter = max(",;\t", key=first.count)
    rows = _csv_rows(itertools.chain([first], lines), delimiter, blank)
    line, cells = next(rows, (0, ()))
    if not cells:  # there are separators, and nothing between them
        raise BadFile(None, _NO_HEADER)
    header = tuple(cells)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise BadFile(line, f"two columns are called {quoted(twice)}")
    return header, line, (_csv_record(header, number, row) for number, row in rows)


def _csv_rows(lines: Iterator[str], delimiter: str, offset: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the line it begins on."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        begins = offset + reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise BadFile(begins, f"a quote that opens in the row of line {begins} is never closed") from error
            perhaps = ", as if a quote in this row were never closed" if offset + reader.line_num > begins else ""
            raise BadFile(begins, f"is not CSV from here on{perhaps}: {error}") from error
        if any(cells):
            yield begins, cells


def _csv_record(header: tuple[str, ...], line: int, cells: list[str]) -> Record:
    if len(cells) != len(header):
        return Record(line, {}, (("", f"has {len(cells)} cells, but the header has {len(header)}"),))
    return Record(line, dict(zip(header, cells, strict=True)))


def _json_records(file: TextIO, nested: Collection[str]) -> Iterator[Record]:
    for number, line in enumerate(_lines(file), start=1):
        if line.strip():
            yield _json_record(number, line, nested)


def _json_record(number: int, line: str, may_nest: Collection[str]) -> Record:
    try:
        found = _EXACT.decode(line)
    except (ValueError, ArithmeticError, RecursionError) as error:
        return Record(number, {}, (("", f"is not JSON: {error}"),))
    if not isinstance(found, dict):
        return Record(number, {}, (("", "is not a JSON object"),))
    row = cast(dict[str, Any], found)
    for key in row.keys() & may_nest:
        if not isinstance(row[key], _SCALARS):
            row[key] = _json_text(row[key])
    nested = tuple((key, "is not a single value") for key, value in row.items() if not isinstance(value, _SCALARS))
    return Record(number, {key: _text(value) for key, value in row.items() if isinstance(value, _SCALARS)}, nested)


def _text(value: str | Decimal | bool | None) -> str:  # noqa: FBT001 (what JSON has)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            plain = abs(value.adjusted()) < _WIDEST_PLAIN and abs(int(value.as_tuple().exponent)) < _WIDEST_PLAIN
            return f"{value:f}" if plain else str(value)
        case str():
            return value.strip()


def _json_text(value: Any) -> str:
    return orjson.dumps(value, _exact).decode()


def _exact(value: Decimal) -> orjson.Fragment:
    return orjson.Fragment(str(value))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


_EXACT = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse, object_pairs_hook=_unique)
"""Made once: `json.loads` would make one for each line."""


def _lines(file: TextIO) -> Iterator[str]:
    for number in itertools.count(1):
        line = file.readline(MAX_LINE)
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            raise BadFile(number, f"is longer than {MAX_LINE} characters")
        if not line:
            return
        yield line
