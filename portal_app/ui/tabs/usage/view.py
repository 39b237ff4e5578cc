"""The place of the Usage tab, until usage is metered."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import card, card_head, empty


def usage() -> rx.Component:
    """Say that there is no usage to show yet."""
    return rx.fragment(
        rx.el.h1(_("Usage"), class_name="sr-only"),
        card(
            card_head(_("Usage")),
            empty(_("Usage is not shown yet"), _("Metered usage and its cost will show here.")),
        ),
    )
