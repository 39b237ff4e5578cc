"""A form that the browser itself sends: Reflex's own would keep it for the socket."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class _Form(BaseHTML):
    tag = "form"


def post_form(*children: rx.Component, to: str, in_new_tab: bool = False, **attributes: Any) -> rx.Component:
    """Draw a form that is sent by POST; in a new tab, which knows nothing of this one, if asked."""
    away = {"target": "_blank", "rel": "noopener"} if in_new_tab else {}
    return _Form.create(*children, custom_attrs={"method": "post", "action": to} | away, **attributes)
