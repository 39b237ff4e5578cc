"""Keep tokens and keys out of the logs, whoever writes them."""

import logging
import re

_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*"  # tokens
    r"|portal_(?:dev|live)_[0-9a-f]{16}_[\w-]+"  # API keys
    r"|(?<=token=)[^&\s\"']+"
)
HIDDEN = "[hidden]"


class Redaction(logging.Filter):
    """Rewrites a record's whole text before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without secrets."""
        text = record.getMessage()
        hidden = redact(text)
        if hidden != text:
            record.msg, record.args = hidden, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


def redact(text: str) -> str:
    """Return `text` with anything that looks like a token or a key replaced."""
    return _SECRETS.sub(HIDDEN, text)


def install() -> None:
    """Put the filter on every handler there is: a logger's filter does not see what its children pass on."""
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        handler.addFilter(_FILTER)


_FILTER = Redaction()
