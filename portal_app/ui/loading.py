"""What a section of a page does when its data does not come."""

import logging
import secrets
from collections.abc import Awaitable
from typing import TypeVar

from portal_app.errors import PortalError, Unavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")


async def or_reference(answer: Awaitable[T]) -> tuple[T | None, str]:
    """Wait for an answer. Return it and an empty text, or None and the reference under which the failure is logged.

    Errors that tell the customer something (`NotFound`) pass through.
    """
    try:
        return await answer, ""
    except Exception as error:  # whatever it is, the section must say something
        if isinstance(error, PortalError) and not isinstance(error, Unavailable):
            raise
        reference = secrets.token_hex(4).upper()
        logger.exception("a section of a page could not be loaded, reference %s", reference)
        return None, reference


def log_and_answer_nothing(exception: Exception) -> None:
    """Handle what a handler raised: keep it for the log; the browser learns nothing of it."""
    logger.error("a page's event failed", exc_info=exception)
