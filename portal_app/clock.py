"""The only place that asks the system what time it is."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC. Only faces call it; everything below takes `now`."""
    return datetime.now(UTC)
