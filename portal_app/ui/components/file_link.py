"""A link to a file that the server answers with: Reflex's own would look for a page of that name."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class _Anchor(BaseHTML):
    tag = "a"


def file_link(*children: Any, to: Any, **attributes: Any) -> rx.Component:
    """Draw a link by which the browser itself fetches a file and keeps it."""
    return _Anchor.create(*children, custom_attrs={"href": to, "download": ""}, **attributes)
