"""One page of a longer list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items of a list, and where they stand in it. `number` counts from 1; a list without items has one page."""

    items: tuple[Item, ...]
    number: int
    total: int
    size: int = PAGE_SIZE

    @property
    def count(self) -> int:
        """How many pages the list has."""
        return max(1, -(-self.total // self.size))


def offset_of(number: int, total: int, size: int = PAGE_SIZE) -> tuple[int, int]:
    """Return the page that exists for the one asked for (too far is the last one), and its first row."""
    number = min(max(number, 1), max(1, -(-total // size)))
    return number, (number - 1) * size
