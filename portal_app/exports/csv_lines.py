"""CSV that spreadsheets open as it is meant: RFC 4180, UTF-8 with a byte order mark for Excel, no formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from portal_app.billing.money import plain

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet run a cell; the last four are `=+-@` as East Asian keyboards write them."""

Cell = str | Decimal | int | None


def csv_lines(head: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield a file line by line; numbers stay numbers, texts that a spreadsheet would run get a leading `'`."""
    yield BOM + _line(head)
    for row in rows:
        yield _line(row)


def _line(cells: Iterable[Cell]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_written(cell) for cell in cells])
    return buffer.getvalue()


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, int):
        return str(cell)
    text = cell.replace("\0", "")
    return f"'{text}" if text.startswith(_FORMULA) else text
