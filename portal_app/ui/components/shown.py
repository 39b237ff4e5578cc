"""What is on a page only if the operator wants it there."""

from __future__ import annotations

from typing import Any

import reflex as rx

from portal_app.ui.gate import Portal


def if_shown(name: str, content: Any, otherwise: Any = None) -> rx.Component:
    """Draw `content` if the page, or the part of one such as `overview.usage_graph`, is there."""
    return rx.cond(Portal.operator["shown"][name], content, otherwise if otherwise is not None else rx.fragment())
