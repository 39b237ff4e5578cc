"""Entries of the audit log as rows: what was done in words, and the details in one line."""

from __future__ import annotations

from typing import TypedDict

import reflex as rx

from portal_app.display import Display
from portal_app.queries.audit import AuditRecord
from portal_app.texts import gettext as _
from portal_app.ui.operator.audit_actions import ACTIONS


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
