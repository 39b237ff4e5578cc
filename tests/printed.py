"""Where a PDF's words stand, measured by the widths of the fonts that are in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader

POINTS = 72 / 25.4
"""In a millimetre."""


@dataclass(frozen=True, slots=True)
class Words:
    """One run of text on a page. Millimetres from the left and from the foot of the paper; `size` is the font's."""

    page: int
    text: str
    left: float
    right: float
    base: float
    size: float


def words_of(reader: PdfReader) -> list[Words]:
    """Return every run of text, page by page, in the order it was drawn."""
    return [words for number, page in enumerate(reader.pages, start=1) for words in _runs(number, page)]


def overlapping(words: list[Words]) -> list[tuple[str, str]]:
    """Return the texts that stand on one another."""
    found = []
    by_height = sorted(words, key=lambda one: (one.page, one.base))
    for at, one in enumerate(by_height):
        for other in by_height[at + 1 :]:
            if other.page != one.page or other.base - one.base > one.size:
                break
            if _touch(one, other):
                found.append((one.text, other.text))
    return found


def _touch(one: Words, other: Words) -> bool:
    capital = min(one.size, other.size) * 0.7
    is_level = abs(one.base - other.base) < capital
    return is_level and one.left < other.right - 0.1 and other.left < one.right - 0.1


def _runs(number: int, page: Any) -> Iterator[Words]:
    fonts = {name: _Font(font.get_object()) for name, font in page["/Resources"]["/Font"].items()}
    font, size, x, y = None, 0.0, 0.0, 0.0
    for operands, operator in page.get_contents().operations:
        if operator == b"Tf":
            font, size = fonts[operands[0]], float(operands[1])
        elif operator == b"Td":
            x, y = float(operands[0]), float(operands[1])
        elif operator == b"Tj" and font is not None:
            text, width = font.read(operands[0].original_bytes)
            start, x = x, x + width * size / 1000
            yield Words(number, text, start / POINTS, x / POINTS, y / POINTS, size / POINTS)


class _Font:
    """A font of the file: what its glyphs mean, and how wide they are."""

    def __init__(self, font: Any) -> None:
        self._letters = _letters(font["/ToUnicode"].get_data().decode("ascii"))
        inner = font["/DescendantFonts"][0].get_object()
        self._default, self._widths = float(inner["/DW"]), _widths(list(inner["/W"]))

    def read(self, codes: bytes) -> tuple[str, float]:
        """Return the text of two-byte codes, and its width in thousandths of the font's size."""
        glyphs = [int.from_bytes(codes[at : at + 2]) for at in range(0, len(codes), 2)]
        text = "".join(self._letters.get(glyph, "?") for glyph in glyphs)
        return text, sum(self._widths.get(glyph, self._default) for glyph in glyphs)


def _letters(table: str) -> dict[int, str]:
    pairs = re.findall(r"^<([0-9A-F]{4})> <([0-9A-F]{4,8})>$", table, re.MULTILINE)
    return {int(glyph, 16): bytes.fromhex(letter).decode("utf-16-be") for glyph, letter in pairs}


def _widths(runs: list[Any]) -> dict[int, float]:
    """Read `first [w w …]` and `first last w`, as PDF 32000-1, 9.7.4.3, writes them."""
    widths: dict[int, float] = {}
    while runs:
        first, second = int(runs.pop(0)), runs.pop(0)
        if isinstance(second, list):
            widths |= {first + at: float(width) for at, width in enumerate(second)}
        else:
            widths |= dict.fromkeys(range(first, int(second) + 1), float(runs.pop(0)))
    return widths
