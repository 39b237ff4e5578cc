"""Instants as the usage tables keep them: whole microseconds, and quarter hours, since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
QUARTER_HOUR = 15 * 60 * 1_000_000
"""Microseconds of a cell."""
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an instant in microseconds since 1970."""
    return (at - EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """Return the instant so many microseconds after 1970."""
    return EPOCH + at * _MICROSECOND


def bucket_of(at: datetime) -> int:
    """Return the quarter hour that holds an instant."""
    return micros(at) // QUARTER_HOUR


def bucket_start(bucket: int) -> datetime:
    """Return where a quarter hour begins."""
    return instant(bucket * QUARTER_HOUR)
