"""What an action says that could not be done: the same notice on every page, gone with the next action."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.operator.gate import Desk

logger = logging.getLogger(__name__)

P = ParamSpec("P")
Page = TypeVar("Page", bound=Desk)


def told(
    handler: Callable[Concatenate[Page, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[Page, P], Coroutine[Any, Any, None]]:
    """Let whoever is at the page know when `handler` failed, and under which reference the log says why.

    An error that leaves a handler never reaches the browser: Reflex sends nothing of an event that raised.
    """

    @wraps(handler)
    async def tell(self: Page, *args: P.args, **kwargs: P.kwargs) -> None:
        self.trouble = ""
        try:
            await handler(self, *args, **kwargs)
        except Exception:  # whatever it is
            self.trouble = secrets.token_hex(4).upper()
            logger.exception("%s could not be done, reference %s", handler.__qualname__, self.trouble)

    return tell


def trouble() -> rx.Component:
    """Draw what could not be done last, if anything."""
    return rx.cond(
        Desk.trouble != "",
        rx.el.div(
            rx.el.p(rx.el.strong(_("It could not be done just now.")), " ", _("Try again in a moment.")),
            rx.el.p(_("Reference"), " ", rx.el.code(Desk.trouble), class_name="label"),
            class_name="notice trouble",
            role="alert",
        ),
    )
