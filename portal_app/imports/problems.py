"""What is wrong with a file, as sentences an operator can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


class BadCell(ValueError):
    """A cell that cannot be used; its message is the sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct. `line` counts from 1; the whole file is meant by None, the whole row by an empty column."""

    file: str
    line: int | None
    column: str
    sentence: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.column, self.sentence) if part)


def did_you_mean(word: str, known: Iterable[str], ending: str = "") -> str:
    """Return a closing question with the nearest known word and an ending, or nothing if none is near."""
    spellings = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), spellings, n=1, cutoff=0.6)
    return f" (did you mean {spellings[near[0]]}{ending}?)" if near else ""


def quoted(text: str, limit: int = 60) -> str:
    """Return a cell's text in quotes, safe to print on one line and cut where it is long."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
