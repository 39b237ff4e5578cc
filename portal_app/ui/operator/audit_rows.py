"""Entries of the audit log as rows: what was done in words, and the details in one line."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.queries.audit import AuditRecord
from portal_app.texts import gettext as _

ACTIONS = {
    "session.minted": _("Link minted"),
    "session.previewed": _("Preview opened"),
    "session.opened": _("Link opened"),
    "session.refused": _("Link refused"),
    "session.revoked": _("Link revoked"),
    "file.downloaded": _("File downloaded"),
    "operator.signed_in": _("Signed in"),
    "operator.signed_out": _("Signed out"),
    "operator.signed_out_everywhere": _("Signed out everywhere"),
    "operator.refused": _("Sign-in refused"),
    "operator.created": _("Operator created"),
    "operator.role_changed": _("Role changed"),
    "operator.password_changed": _("Password changed"),
    "operator.disabled": _("Operator disabled"),
    "branding.changed": _("Branding changed"),
    "branding.reset": _("Branding reset"),
    "api_key.created": _("API key created"),
    "api_key.revoked": _("API key revoked"),
    "api_key.refused": _("API key refused"),
    "embed_origins.changed": _("Embedding changed"),
    "audit.exported": _("Audit log exported"),
    "import.checked": _("Files checked"),
    "import.loaded": _("Files imported"),
    "import.refused": _("Files refused"),
    "import.failed": _("Import failed"),
}
"""What actions are called; one that is not here stands for itself."""


class AuditRow(TypedDict):
    """An entry as a row shows it."""

    at: str
    actor: str
    action: str
    customer: str
    details: str


def audit_row(entry: AuditRecord, display: Display) -> AuditRow:
    """Word an entry."""
    said = [f"{name}: {value}" for name, value in entry.details.items() if value not in {"", None}]
    return AuditRow(
        at=display.moment(entry.at),
        actor=entry.actor,
        action=ACTIONS.get(entry.action, entry.action),
        customer=entry.customer_name,
        details=" \u00b7 ".join(said),
    )


def audit_table(rows: rx.Var[list[AuditRow]]) -> rx.Component:
    """Draw entries, newest first."""
    heads = [rx.el.th(name, scope="col") for name in (_("When"), _("Who"), _("What"), _("Customer"), _("Details"))]
    return rx.el.table(rx.el.thead(rx.el.tr(*heads)), rx.el.tbody(rx.foreach(rows, _row)), class_name="rows entries")


def _row(row: rx.Var[AuditRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row["at"], class_name="c-date"),
        rx.el.td(row["actor"], class_name="c-actor"),
        rx.el.td(rx.el.strong(row["action"]), class_name="c-main"),
        rx.el.td(row["customer"], class_name="c-customer"),
        rx.el.td(row["details"], class_name="c-details"),
    )
