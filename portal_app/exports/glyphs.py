"""What the PDFs' font can print: Latin, Greek, Cyrillic. Everything else degrades visibly."""

import re
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # pyright: ignore[reportMissingTypeStubs]

FONT = Path(__file__).parent / "fonts" / "OpenSans-Regular.ttf"
UNPRINTABLE = "\ufffd"
_SPELLED = {
    "\u202f": "\u00a0", "\u2009": "\u00a0", "\uffe5": "¥", "→": "->", "\t": " ", "\r": "", "\n": " ",
    **dict.fromkeys("\u200b\u200e\u200f\u061c", ""),
}  # fmt: skip
_SIGNS = {
    "₹": "Rs", "₪": "ILS", "₩": "KRW", "\uffe6": "KRW", "₽": "RUB", "฿": "THB", "₱": "PHP", "₴": "UAH", "₺": "TRY",
    "₡": "CRC", "₦": "NGN", "₭": "LAK", "₮": "MNT", "₲": "PYG", "₵": "GHS", "₸": "KZT", "₼": "AZN", "₾": "GEL",
    "֏": "AMD", "৳": "BDT", "៛": "KHR", "؋": "AFN",
}  # fmt: skip
"""Currencies whose signs the font lacks, in letters."""
_SIGN = re.compile(f"([{''.join(_SIGNS)}])(?=([0-9])?)")


def printable(text: str) -> tuple[str, bool]:
    """Return `text` as the font can print it, and whether any character had to be replaced by a sign."""
    text = _SIGN.sub(lambda sign: _SIGNS[sign[1]] + ("\u00a0" if sign[2] else ""), text)
    spelled = "".join(_SPELLED.get(character, character) for character in text)
    shown = "".join(c if ord(c) in _glyphs() else UNPRINTABLE for c in spelled)
    return shown, UNPRINTABLE in shown


@cache
def _glyphs() -> frozenset[int]:
    with TTFont(FONT) as font:
        return frozenset(font.getBestCmap() or ())
