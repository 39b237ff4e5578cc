"""What kinds of values cells hold: what their form is called, how each is read, how it comes back from scratch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale

from portal_app.billing.money import CURRENCIES
from portal_app.billing.periods import known_zones
from portal_app.commands.usage_events import properties_text, read_json
from portal_app.display import find_locale
from portal_app.errors import Invalid
from portal_app.imports.instants import read_instant
from portal_app.imports.numbers import read_number
from portal_app.imports.problems import BadCell, did_you_mean, quoted
from portal_app.models.columns import DoesNotFit, to_units

CERTAIN_DIGITS = 18
"""So many digits always fit a BIGINT."""
INT_MAX = 2**31 - 1
"""The largest INTEGER of PostgreSQL."""
BIGINT_MAX = 2**63 - 1
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code))
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MARKS = {".": "point", ",": "comma"}


@dataclass(slots=True)
class Reading:
    """Where in a file we are, and what its earlier cells have given away."""

    zone: ZoneInfo | None = None
    """How times without an offset are meant; None: refuse them."""
    line: int = 0
    is_made: bool = False
    """Whether the cell at hand comes from the mapping, which writes numbers in its own way."""
    _mark: tuple[str, int] = field(default=("", 0))

    def note_mark(self, mark: str, text: str) -> None:
        """Note a decimal mark.

        Raises:
            BadCell: an earlier number of this file used the other one.
        """
        earlier, line = self._mark
        if mark and not earlier:
            self._mark = mark, self.line
        elif mark and mark != earlier:
            raise BadCell(f"{text} has a decimal {_MARKS[mark]}, but line {line} has a decimal {_MARKS[earlier]}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a cell that is not empty becomes a value.

    `form` says what to write in it; `parse` raises BadCell; `restore` makes the value again from what
    JSON has made of it; `refers_to` is the noun whose external ids such cells hold; `is_nested` cells are JSON.
    """

    form: str
    parse: Callable[[str, Reading], Any]
    restore: Callable[[Any], Any] = lambda rested: rested
    refers_to: str = ""
    is_nested: bool = False


def text(size: int) -> Kind:
    """Free text; line breaks are kept, as one character each."""

    def parse(cell: str, _reading: Reading) -> str:
        return _storable(cell.replace("\r\n", "\n").replace("\r", "\n"), size)

    return Kind(f"text, up to {size} characters", parse)


def identifier(size: int, refers_to: str = "") -> Kind:
    """An id of the operator's own: the row's, or that of a row of the noun it refers to."""

    def parse(cell: str, _reading: Reading) -> str:
        if "\n" in cell or "\r" in cell:
            raise BadCell(f"{quoted(cell)} has a line break in it")
        return _storable(cell, size)

    form = f"`external_id` of {refers_to}" if refers_to else f"your id, up to {size} characters"
    return Kind(form, parse, refers_to=refers_to)


def printable(size: int) -> Kind:
    """A name or an id as events carry them: one line, and nothing in it that cannot be seen."""

    def parse(cell: str, _reading: Reading) -> str:
        if not _storable(cell, size).isprintable():
            raise BadCell(f"{quoted(cell)} holds a character that cannot be printed")
        return cell

    return Kind(f"text, up to {size} characters", parse)


def properties() -> Kind:
    """A JSON object of anything, kept as the text that events keep: exact numbers, keys in order."""

    def parse(cell: str, _reading: Reading) -> str:
        try:
            return properties_text(_json_object(cell))
        except Invalid as error:
            raise BadCell(str(error.facts["problem"])) from error

    return Kind("JSON object", parse, is_nested=True)


def choices() -> Kind:
    """A JSON object of lists of texts, as a meter keeps its filters."""

    def parse(cell: str, _reading: Reading) -> list[dict[str, Any]]:
        found = _json_object(cell)
        for name, values in found.items():
            if not name or not _are_texts(values):
                raise BadCell(f"{quoted(name)} needs a list of one or more texts")
        return [{"key": name, "values": values} for name, values in found.items()]

    return Kind("JSON object of lists of texts", parse, is_nested=True)


def number(scale: int, *, least: Decimal | None = None, above: Decimal | None = None) -> Kind:
    """An exact decimal with at most `scale` decimals."""

    def parse(cell: str, reading: Reading) -> Decimal:
        value, mark = read_number(cell)
        if not reading.is_made:
            reading.note_mark(mark, cell)
        if least is not None and value < least:
            raise BadCell(f"{cell} is less than {least}")
        if above is not None and value <= above:
            raise BadCell(f"{cell} is not more than {above}")
        return fitting(value, scale)

    bound = f", {least} or more" if least is not None else f", more than {above}" if above is not None else ""
    return Kind(f"number{bound}, up to {scale} decimals", parse, _optional(Decimal))


def whole(least: int = 1, most: int = INT_MAX) -> Kind:
    """A whole number, of a size that its column keeps."""

    def parse(cell: str, _reading: Reading) -> int:
        if not re.fullmatch("-?[0-9]{1,19}", cell) or not least <= int(cell) <= most:
            raise BadCell(f"{quoted(cell)} is not a whole number from {least} to {most}")
        return int(cell)

    return Kind(f"whole number, {least} or more", parse)


def instant(*, whole_day: bool = False) -> Kind:
    """A moment; where only a day is given, its first one or, with `whole_day`, its last second."""

    def parse(cell: str, reading: Reading) -> datetime:
        return read_instant(cell, reading.zone, whole_day=whole_day)

    form = "time with offset" + ("; a day alone means its end" if whole_day else "")
    return Kind(form, parse, _optional(datetime.fromisoformat))


def word(words: type[StrEnum]) -> Kind:
    """A word of a closed vocabulary, in any case."""
    spellings = {member.value.casefold(): member for member in words}
    known = [member.value for member in words]

    def parse(cell: str, _reading: Reading) -> StrEnum:
        if cell.casefold() not in spellings:
            raise BadCell(f"{quoted(cell)} is not one of {', '.join(known)}{did_you_mean(cell, known)}")
        return spellings[cell.casefold()]

    return Kind("one of " + ", ".join(f"`{value}`" for value in known), parse, _optional(words))


def yes_or_no() -> Kind:
    """True or false."""

    def parse(cell: str, _reading: Reading) -> bool:
        if cell.casefold() not in _TRUTHS:
            raise BadCell(f"{quoted(cell)} is neither true nor false")
        return _TRUTHS[cell.casefold()]

    return Kind("`true` or `false`", parse)


def currency() -> Kind:
    """An active ISO 4217 code, in any case; kept in lower case."""

    def parse(cell: str, _reading: Reading) -> str:
        if cell.casefold() not in CURRENCIES:
            raise BadCell(f"{quoted(cell)} is not a currency in use (ISO 4217)")
        return cell.casefold()

    return Kind("currency code (ISO 4217)", parse)


def country() -> Kind:
    """A two-letter country code, in any case; kept in upper case."""

    def parse(cell: str, _reading: Reading) -> str:
        if cell.upper() not in _COUNTRIES:
            raise BadCell(f"{quoted(cell)} is not a country code of two letters, such as DE")
        return cell.upper()

    return Kind("country code of two letters (ISO 3166)", parse)


def email(size: int) -> Kind:
    """Something with an @ between two parts: nothing more is asked of an address."""

    def parse(cell: str, _reading: Reading) -> str:
        if not _EMAIL.fullmatch(cell):
            raise BadCell(f"{quoted(cell)} is not an e-mail address")
        return _storable(cell, size)

    return Kind(f"e-mail address, up to {size} characters", parse)


def zone() -> Kind:
    """An IANA time zone."""

    def parse(cell: str, _reading: Reading) -> str:
        if cell not in known_zones():
            raise BadCell(f"{quoted(cell)} is not an IANA time zone{did_you_mean(cell, known_zones())}")
        return cell

    return Kind("time zone (IANA)", parse)


def locale() -> Kind:
    """A CLDR locale, with `-` or `_`; kept with `_`."""

    def parse(cell: str, _reading: Reading) -> str:
        if find_locale(cell) is None:
            raise BadCell(f"{quoted(cell)} is not a locale such as de_DE")
        return cell.replace("-", "_")

    return Kind("locale (CLDR)", parse)


def fitting(value: Decimal, scale: int) -> Decimal:
    """Return `value` if a column of that scale keeps it exactly.

    Raises:
        BadCell: it has too many decimals or digits.
    """
    if value.adjusted() + scale < CERTAIN_DIGITS and int(value.as_tuple().exponent) >= -scale:
        return value
    try:
        to_units(value, scale)
    except DoesNotFit as error:
        raise BadCell(str(error)) from error
    return value


def _json_object(cell: str) -> Mapping[str, Any]:
    try:
        found = read_json(cell)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadCell(f"is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadCell(f"{quoted(cell)} is not a JSON object")
    return cast("Mapping[str, Any]", found)


def _are_texts(values: Any) -> bool:
    if not isinstance(values, list):
        return False
    texts = cast("list[Any]", values)
    return bool(texts) and all(isinstance(text, str) for text in texts)


def _storable(cell: str, size: int) -> str:
    try:
        cell.encode()
    except UnicodeEncodeError as error:
        raise BadCell("is not valid UTF-8") from error
    if found := _CONTROL.search(cell):
        raise BadCell(f"has the control character U+{ord(found[0]):04X} in it")
    if len(cell) > size:
        raise BadCell(f"{quoted(cell)} has {len(cell)} characters; {size} fit")
    return cell


def _optional(restore: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda rested: None if rested is None else restore(rested)
