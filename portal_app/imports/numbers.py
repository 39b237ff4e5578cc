"""Numbers as people and spreadsheets write them: read in the one way they can be meant, or refused.

A decimal point with commas, spaces or apostrophes between thousands, or a decimal comma with points or
spaces between them. `1,234` could be either and is refused; `1.234` is always a decimal point, and
`imports/kinds.py` lets no file use both marks.
"""

from __future__ import annotations

import re
from decimal import Decimal

from portal_app.imports.problems import BadCell, quoted

MAX_CHARACTERS = 60

_PLAIN = re.compile(r"-?[0-9]{1,19}(?P<rest>\.[0-9]{1,19})?")
_SIGN = r"(?P<sign>[+\-\u2212]?)"
_THOUSANDS = r"[1-9][0-9]{0,2}(?:(?P<group>[%s])[0-9]{3})(?:(?P=group)[0-9]{3})*"
_SPACES = " \u00a0\u202f"
_WITH_POINT = re.compile(rf"{_SIGN}(?P<whole>{_THOUSANDS % (_SPACES + ',' + '’' + chr(39))}|[0-9]*)(?P<rest>\.[0-9]+)?")
_WITH_COMMA = re.compile(rf"{_SIGN}(?P<whole>{_THOUSANDS % (_SPACES + '.')}|[0-9]+)(?P<rest>,[0-9]+)?")
_EITHER = re.compile(r"[+\-\u2212]?[1-9][0-9]{0,2},[0-9]{3}")


def read_number(text: str) -> tuple[Decimal, str]:
    """Return the number and the decimal mark that its writing gives away: `.`, `,`, or nothing.

    Raises:
        BadCell: it is no number, or could be two different ones.
    """
    if plain := _PLAIN.fullmatch(text):
        return Decimal(text), "." if plain["rest"] else ""
    if len(text) > MAX_CHARACTERS:
        raise BadCell(f"{quoted(text)} is too long for a number")
    if _EITHER.fullmatch(text):
        alternatives = f"{text.replace(',', '')} or {text.replace(',', '.')}"
        raise BadCell(f"{text} could be {alternatives}: write it without a thousands separator")
    for mark, pattern in ((".", _WITH_POINT), (",", _WITH_COMMA)):
        match = pattern.fullmatch(text)
        if match and (match["whole"] or match["rest"]):
            return _value(match), _mark(match, mark)
    raise BadCell(f"{quoted(text)} is not a number such as 1234.5")


def _value(match: re.Match[str]) -> Decimal:
    sign = "-" if match["sign"] in {"-", "\u2212"} else ""
    whole = re.sub(r"[^0-9]", "", match["whole"])
    decimals = (match["rest"] or "")[1:]
    return Decimal(f"{sign}{whole or 0}.{decimals}" if decimals else f"{sign}{whole}")


def _mark(match: re.Match[str], mark: str) -> str:
    told_by_group = match["group"] in {",", "."}
    return mark if match["rest"] or told_by_group else ""
