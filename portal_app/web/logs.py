"""One line of JSON for each record in production: whatever is in it, it cannot look like another line."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """Writes a record as one line: when, how grave, who says so, what, and the error with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. Everything but printable ASCII is escaped."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_text or record.exc_info:
            line["error"] = record.exc_text or self.formatException(record.exc_info)  # pyright: ignore[reportArgumentType]
        return json.dumps(line)


WRITE_THEMSELVES = ("engineio.server", "socketio.server")
"""Loggers that get a handler of their own from their library, unless somebody has set their level before."""


def install() -> None:
    """Have every record of this process written so, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.getLogger().handlers[:] = [handler]
    for name in WRITE_THEMSELVES:
        logging.getLogger(name).setLevel(logging.ERROR)
