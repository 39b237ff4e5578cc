"""What the PDFs' font can print: Latin, Greek, Cyrillic. Everything else degrades visibly."""

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # pyright: ignore[reportMissingTypeStubs]

FONT = Path(__file__).parent / "fonts" / "OpenSans-Regular.ttf"
UNPRINTABLE = "\ufffd"
_SPELLED = {"\u202f": "\u00a0", "\u2009": "\u00a0", "₹": "Rs ", "→": "->", "\t": " ", "\r": "", "\n": " "}


def printable(text: str) -> tuple[str, bool]:
    """Return `text` as the font can print it, and whether any character had to be replaced by a sign."""
    spelled = "".join(_SPELLED.get(character, character) for character in text)
    shown = "".join(c if ord(c) in _glyphs() else UNPRINTABLE for c in spelled)
    return shown, UNPRINTABLE in shown


@cache
def _glyphs() -> frozenset[int]:
    with TTFont(FONT) as font:
        return frozenset(font.getBestCmap() or ())
