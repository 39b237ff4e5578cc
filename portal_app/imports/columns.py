"""A column of an operator's file and the map of a whole file, with sizes taken from the tables they fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from sqlalchemy import Boolean, Integer, String, inspect
from sqlalchemy import Enum as EnumType
from sqlalchemy.types import TypeEngine
from sqlmodel import AutoString

from portal_app.imports import kinds
from portal_app.imports.kinds import Kind
from portal_app.models.columns import Row, ScaledDecimal, UtcDateTime

KEY = "external_id"
ID_SIZE = 255
"""Characters of an external id, in every table."""
Values = dict[str, Any]
Objection = tuple[str, str]
"""The name of a column, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `attribute` is where its value goes, `empty` says what an empty cell comes to if not `default`."""

    name: str
    kind: Kind
    meaning: str
    example: str
    required: bool = False
    default: Any = None
    empty: str = ""
    attribute: str = ""

    @property
    def refers_to(self) -> str:
        """The noun whose external ids this column holds, or nothing."""
        return self.kind.refers_to


@dataclass(frozen=True)
class Noun:
    """The map of one file: `name` is also the file's, without its ending.

    `fixed` columns keep what a row was created with. `derive` fills in what other cells decide, and `check`
    finds what is wrong between cells: both see every attribute, also of columns that the file leaves out.
    `parent` names the column whose rows belong together, `at` the one that orders them, `key` the one that tells them
    apart; with `repeats`, rows with the same key may come again.
    """

    name: str
    singular: str
    table: type[Any]
    columns: tuple[Column, ...]
    fixed: frozenset[str] = frozenset()
    parent: str = ""
    at: str = ""
    key: str = KEY
    repeats: bool = False
    check: Callable[[Values], Iterator[Objection]] = lambda _values: iter(())
    derive: Callable[[Values], None] = lambda _values: None

    @cached_property
    def nested(self) -> frozenset[str]:
        """The columns that hold JSON, which a line of JSON may have as it is."""
        return frozenset(column.name for column in self.columns if column.kind.is_nested)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their names."""
        return {column.name: column for column in self.columns}

    def restored(self, rested: Values) -> Values:
        """Return values from what JSON has made of them."""
        return {name: self.by_name[name].kind.restore(value) for name, value in rested.items()}


def column(
    table: type[Row],
    name: str,
    example: str,
    meaning: str,
    *,
    kind: Kind | None = None,
    required: bool = False,
    empty: str = "",
    derived: str = "",
) -> Column:
    """Return a column that fills the table's column of the same name: size, scale, words and default are its own.

    `empty` says in words what the default means; `derived`, what an empty cell comes to where other cells decide.
    """
    field = table.model_fields[name]
    default = None if required or derived or field.is_required() or field.default_factory else field.get_default()
    kind = kind or _kind_of(table, name)
    return Column(name, kind, meaning, example, required, default, derived or empty or _written(default), name)


def key(table: type[Row], example: str) -> Column:
    """Return the column that tells a file's rows apart."""
    meaning = "names the row; the same id again is the same row"
    return Column(KEY, kinds.identifier(_size(_type_of(table, KEY))), meaning, example, required=True, attribute=KEY)


def reference(noun: str, singular: str, example: str, meaning: str, *, required: bool = False) -> Column:
    """Return a column that names a row of another file by its external id."""
    return Column(singular, kinds.identifier(ID_SIZE, noun), meaning, example, required, attribute=f"{singular}_id")


def _kind_of(table: type[Row], name: str) -> Kind:
    match stored := _type_of(table, name):
        case ScaledDecimal():
            return kinds.number(stored.scale)
        case UtcDateTime():
            return kinds.instant()
        case EnumType() if stored.enum_class is not None:
            return kinds.word(stored.enum_class)  # pyright: ignore[reportArgumentType] (every vocabulary is a StrEnum)
        case Boolean():
            return kinds.yes_or_no()
        case Integer():
            return kinds.whole()
        case _:
            return kinds.text(_size(stored))


def _type_of(table: type[Row], name: str) -> TypeEngine[Any]:
    stored = inspect(table).columns[name].type
    return stored.impl_instance if isinstance(stored, AutoString) else stored


def _size(stored: TypeEngine[Any]) -> int:
    if not isinstance(stored, String) or stored.length is None:
        raise TypeError(f"no file holds values of the type {stored!r}")
    return stored.length


def _written(default: Any) -> str:
    match default:
        case None | "":
            return ""
        case bool():
            return "`true`" if default else "`false`"
        case Enum():
            return f"`{default.value}`"
        case _:
            return f"`{default}`"
