"""Where the parts of the audit log stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.file_link import file_link
from portal_app.ui.components.pager import pager
from portal_app.ui.components.sections import answered, card, card_head, empty, link
from portal_app.ui.operator.addresses import AUDIT
from portal_app.ui.operator.audit.state import AuditState
from portal_app.ui.operator.audit_actions import GROUPS
from portal_app.ui.operator.audit_rows import audit_table


def audit() -> rx.Component:
    """Draw the filters and the entries."""
    none = empty(
        _("Nothing here"),
        _("No entry matches, or nothing has happened yet."),
        link(_("Clear filters"), to=AUDIT, class_name="ghost"),
    )
    found = rx.cond(AuditState.rows, rx.fragment(audit_table(AuditState.rows), pager(AuditState.pager)), none)
    return card(
        card_head(
            _("Audit log"),
            rx.el.span(class_name="spacer"),
            file_link(_("Export CSV"), to=AuditState.export_to, class_name="ghost"),
        ),
        _filters(),
        rx.cond(AuditState.problem != "", rx.el.p(AuditState.problem, class_name="notice", role="alert")),
        answered(~AuditState.is_loaded, AuditState.failed, found, "480px", AuditState.load),
    )


def _filters() -> rx.Component:
    actions = rx.el.select(
        rx.el.option(_("Everything"), value=""),
        *(
            rx.el.optgroup(*(rx.el.option(words, value=action) for action, words in actions.items()), label=group)
            for group, actions in GROUPS.items()
        ),
        value=AuditState.chosen["action"],
        on_change=lambda value: AuditState.narrow("action", value),
        class_name="field",
    )
    return rx.el.div(
        rx.el.label(_("What"), actions),
        rx.el.label(_("Who (how it begins)"), _field("actor", "search", "operator ada@")),
        rx.el.label(_("From day"), _field("since", "date")),
        rx.el.label(_("To day (UTC)"), _field("until", "date")),
        class_name="filters",
    )


def _field(name: str, kind: str, placeholder: str = "") -> rx.Component:
    return rx.el.input(
        type=kind,
        name=name,
        key=AuditState.chosen[name] if kind == "date" else name,
        default_value=AuditState.chosen[name],
        placeholder=placeholder,
        class_name="field",
        on_change=lambda value: AuditState.narrow(name, value).debounce(400),
    )
