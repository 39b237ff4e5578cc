"""Moments as files write them: ISO 8601 with an offset, or local to a zone that the operator has named."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal_app.billing.periods import local_midnight
from portal_app.imports.problems import BadCell, quoted

FIRST_YEAR, LAST_YEAR = 1900, 9000
_FORM = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<time>\d{2}:\d{2}(?::\d{2})?)(?P<fraction>[.,]\d{1,9})?"
    r" ?(?P<zone>Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?|[A-Z]{3,5})?)?",
    re.ASCII,
)

_OTHER_ORDER = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?!\d)", re.ASCII)


def read_instant(text: str, zone: ZoneInfo | None, *, whole_day: bool = False) -> datetime:
    """Return the moment in UTC, to the microsecond; finer digits are cut off.

    A day alone is its first moment in `zone`, or its last second where `whole_day` is meant.

    Raises:
        BadCell: it is no moment, or without a zone it could be several.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadCell(f"{quoted(text)} is not a time such as 2026-01-06T12:00:00Z{_how_to_write(text)}")
    try:
        moment = _moment(match, zone) if match["time"] else _day(match, zone, whole_day=whole_day)
    except BadCell:
        raise
    except (ValueError, OverflowError) as error:
        raise BadCell(f"{text} does not exist: {error}") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadCell(f"{text} is outside the years {FIRST_YEAR} to {LAST_YEAR}; for “never”, leave the cell empty")
    return moment


def _how_to_write(text: str) -> str:
    """Return how a day in another order is written, where it is one; 05/01/2026 may be two."""
    match = _OTHER_ORDER.match(text)
    if match is None:
        return ""
    first, second, year = (int(part) for part in match.groups())
    days: list[str] = []
    for month, day in ((second, first), (first, second)):
        with suppress(ValueError):
            days.append(date(year, month, day).isoformat())
    return f": write the year first, {' or '.join(dict.fromkeys(days))}" if days else ""


def _day(match: re.Match[str], zone: ZoneInfo | None, *, whole_day: bool) -> datetime:
    day = date.fromisoformat(match["day"])
    if zone is None:
        raise _zoneless(match)
    return (
        local_midnight(day + timedelta(days=1), zone) - timedelta(seconds=1) if whole_day else local_midnight(day, zone)
    )


def _moment(match: re.Match[str], zone: ZoneInfo | None) -> datetime:
    fraction = f".{match['fraction'][1:7]:0<6}" if match["fraction"] else ""
    naive = datetime.fromisoformat(f"{match['day']}T{match['time']}{fraction}")
    told: str | None = match["zone"]
    if told in {"Z", "UTC", "GMT"}:
        return naive.replace(tzinfo=UTC)
    if told and told[0] in "+-":
        return datetime.fromisoformat(f"{naive.isoformat()}{told}").astimezone(UTC)
    if zone is None:
        raise _zoneless(match)
    return _local(naive, told, zone)


def _zoneless(match: re.Match[str]) -> BadCell:
    problem = f"names a zone that is not unique, {match['zone']}" if match["zone"] else "has no time zone"
    return BadCell(f"{match[0]} {problem}: end it in Z or an offset, or set timezone in mapping.toml")


def _local(naive: datetime, abbreviation: str | None, zone: ZoneInfo) -> datetime:
    """Return the one moment whose wall clock in `zone` reads `naive`, told apart by an abbreviation such as PST."""
    readings = {naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    existing = {moment for moment in readings if moment.astimezone(zone).replace(tzinfo=None) == naive}
    if not existing:
        raise BadCell(f"{naive.isoformat(' ')} was skipped by a clock change in {zone.key}")
    meant = {moment for moment in existing if abbreviation in {None, moment.astimezone(zone).tzname()}}
    if not meant:
        raise BadCell(f"{naive.isoformat(' ')} in {zone.key} is not {abbreviation}")
    if len(meant) > 1:
        raise BadCell(f"{naive.isoformat(' ')} happened twice in {zone.key}: give it an offset")
    return meant.pop()
