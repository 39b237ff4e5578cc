"""Keep tokens and keys out of the logs, whoever writes them and whoever prints them."""

import logging
import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "[hidden]"
_SHAPES = (
    r"eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"  # tokens
    r"|portal_(?:dev|live)_[0-9a-f]{16}_[\w-]+"  # API keys
    r"|(?<=token=)[^&\s\"']+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # the name and password of an address
)


class Redactor:
    """Rewrites texts so that nothing in them is, or looks like, a secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Hide `secrets` wherever they occur, besides what looks like one."""
        known = sorted((re.escape(secret) for secret in secrets if secret), key=len, reverse=True)
        self._pattern = re.compile("|".join([*known, _SHAPES]))

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        return self._pattern.sub(HIDDEN, text)


def install(secrets: Iterable[str] = ()) -> None:
    """Redact every record of this process when it is made: no logger or handler, however late, sees it otherwise."""
    redact = Redactor(secrets)

    def redacted(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = logging.LogRecord(*arguments, **options)
        _rewrite_message(record, redact)
        _rewrite_error(record, redact)
        return record

    logging.setLogRecordFactory(redacted)


def _rewrite_message(record: logging.LogRecord, redact: Redactor) -> None:
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):
        # logging itself would print the arguments to say that they do not fit.
        record.msg, record.args = "a record of %s does not fit its arguments", (record.name,)
        return
    if (hidden := redact(text)) != text:
        record.msg, record.args = hidden, ()


def _rewrite_error(record: logging.LogRecord, redact: Redactor) -> None:
    if record.exc_info and record.exc_info[0]:
        text = logging.Formatter().formatException(record.exc_info)
        if (hidden := redact(text)) != text:
            record.exc_info, record.exc_text = None, hidden  # handlers print the text; the error would say it all
