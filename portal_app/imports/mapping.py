"""mapping.toml: how the columns of another product's files become ours.

One table per noun: the `file` it comes from, the `columns` that fill ours, and, if need be, `only` which
rows. Several nouns may come from the same file. The format is documented in docs/importing.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from portal_app.billing.money import CURRENCIES, minor_digits
from portal_app.billing.periods import known_zones
from portal_app.errors import plain_problem
from portal_app.imports.kinds import Reading
from portal_app.imports.nouns import NOUNS
from portal_app.imports.numbers import read_number
from portal_app.imports.problems import BadCell, Problem, did_you_mean, quoted

FILE = "mapping.toml"
ANY = "*"
"""In `only`: whatever the cell holds, if it holds anything."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _spelled_out(value: Any) -> Any:
    return {"from": value} if isinstance(value, str) else value


def _casefolded(words: dict[str, str]) -> dict[str, str]:
    return {theirs.casefold(): ours for theirs, ours in words.items()}


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Rule(BaseModel):
    """Where one of our cells comes from: the first of `sources` that is not empty, else `value`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: Names = Field(default=(), alias="from")
    value: str = ""
    words: Annotated[dict[str, str], AfterValidator(_casefolded)] = {}
    """Their words to ours, in any case; others stay as they are."""
    minor_units: str = ""
    """The cell counts cents, or whatever the currency named in this column of theirs has."""

    def speaks_of(self, row: Collection[str]) -> bool:
        """Tell whether a row with these columns says anything of our cell; lines of JSON may leave some out."""
        return "value" in self.model_fields_set or not self.sources or any(name in row for name in self.sources)

    def read(self, cells: Mapping[str, str], reading: Reading) -> tuple[str, bool]:
        """Return our cell, and whether it is written as in the file, decimal mark and all.

        Raises:
            BadCell: it should count minor units, but is no whole number or in no known currency.
        """
        theirs = next((cells[name] for name in self.sources if cells.get(name)), "")
        found = theirs or self.value
        found = self.words.get(found.casefold(), found)
        if self.minor_units and found:
            return self._in_major_units(found, cells, reading), False
        return found, found == theirs

    def _in_major_units(self, found: str, cells: Mapping[str, str], reading: Reading) -> str:
        currency = cells.get(self.minor_units, "").casefold()
        if currency not in CURRENCIES:
            raise BadCell(f"{quoted(currency)} in {self.minor_units} is not a currency in use (ISO 4217)")
        amount, mark = read_number(found)
        reading.note_mark(mark, found)
        if amount != int(amount):
            raise BadCell(f"{quoted(found)} is not a whole number of minor units")
        return f"{Decimal(int(amount)).scaleb(-minor_digits(currency)):f}"


class NounMapping(BaseModel):
    """Where the rows of one noun come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    columns: dict[str, Annotated[Rule, BeforeValidator(_spelled_out)]]
    only: dict[str, Names] = {}
    """Rows are taken if each of these columns of theirs holds one of the words, or anything for `*`."""

    def takes(self, cells: Mapping[str, str]) -> bool:
        """Tell whether a row of theirs is one of ours."""
        return all(
            cells.get(name, "") in words or (ANY in words and cells.get(name)) for name, words in self.only.items()
        )

    def theirs(self) -> frozenset[str]:
        """Return all columns of theirs that are named."""
        named = {name for rule in self.columns.values() for name in (*rule.sources, rule.minor_units) if name}
        return frozenset(named | set(self.only))


@dataclass(frozen=True, slots=True)
class MappingFile:
    """A whole mapping.toml. `zone` is how times without an offset are meant."""

    zone: ZoneInfo | None
    nouns: dict[str, NounMapping]
    problems: tuple[Problem, ...] = ()


def read_mapping(path: Path) -> MappingFile:
    """Read a mapping; what is wrong with it is in its problems."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        return MappingFile(None, {}, (Problem(FILE, None, "", f"cannot be read: {error}"),))
    problems: list[Problem] = []
    zone = _zone(tables.pop("timezone", None), problems)
    nouns = {name: found for name, table in tables.items() if (found := _noun(name, table, problems))}
    return MappingFile(zone, nouns, tuple(problems))


def _zone(name: Any, problems: list[Problem]) -> ZoneInfo | None:
    if isinstance(name, str) and name in known_zones():
        return ZoneInfo(name)
    if name is not None:
        sentence = f"{quoted(str(name))} is not an IANA time zone{did_you_mean(str(name), known_zones())}"
        problems.append(Problem(FILE, None, "timezone", sentence))
    return None


def _noun(name: str, table: Any, problems: list[Problem]) -> NounMapping | None:
    if name not in NOUNS:
        problems.append(Problem(FILE, None, name, f"is neither timezone nor a noun{did_you_mean(name, NOUNS)}"))
        return None
    try:
        found = NounMapping.model_validate(table)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join([name, *(str(part) for part in fault["loc"])])
            problems.append(Problem(FILE, None, place, plain_problem(fault["type"], fault["msg"])))
        return None
    problems.extend(_unknown_columns(name, found.columns))
    return found


def _unknown_columns(name: str, columns: Iterable[str]) -> list[Problem]:
    known = [column.name for column in NOUNS[name].columns]
    return [
        Problem(FILE, None, f"{name}.columns.{column}", f"is not a column of {name}{did_you_mean(column, known)}")
        for column in columns
        if column not in known
    ]
