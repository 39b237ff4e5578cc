"""What people of the operator may do: one table for every event of their pages and every route of their forms.

What is not in the table is nobody's: the gate and the routes refuse it, and a test compares the table with
what is registered.
"""

from __future__ import annotations

from enum import StrEnum

HOME = "/operator"
"""Where the operator's pages, forms and files begin."""


class Role(StrEnum):
    """Each may do what those before it may: read; mint and end links; everything."""

    VIEWER = "viewer"
    SUPPORT = "support"
    ADMIN = "admin"


_RANK = {role: rank for rank, role in enumerate(Role)}

POLICY: dict[str, Role] = {
    "AuditState.load": Role.VIEWER,
    "AuditState.narrow": Role.VIEWER,
    "BrandingState.draw": Role.VIEWER,
    "BrandingState.load": Role.VIEWER,
    "BrandingState.save": Role.ADMIN,
    "BrandingState.start_over": Role.ADMIN,
    "BrandingState.take_suggested": Role.VIEWER,
    "CustomerState.load": Role.VIEWER,
    "CustomerState.preview": Role.SUPPORT,
    "CustomerState.revoke": Role.SUPPORT,
    "CustomerState.revoke_all": Role.SUPPORT,
    "CustomersState.load": Role.VIEWER,
    "CustomersState.search": Role.VIEWER,
    "EmbeddingState.examine": Role.VIEWER,
    "EmbeddingState.load": Role.VIEWER,
    "EmbeddingState.save": Role.ADMIN,
    "ImportState.check": Role.ADMIN,
    "ImportState.follow": Role.ADMIN,
    "ImportState.load": Role.ADMIN,
    "ImportState.load_files": Role.ADMIN,
    "ImportState.put_away": Role.ADMIN,
    "KeysState.create": Role.ADMIN,
    "KeysState.load": Role.VIEWER,
    "KeysState.put_away": Role.ADMIN,
    "KeysState.revoke": Role.ADMIN,
    "SharingState.share": Role.SUPPORT,
    "SharingState.put_away": Role.VIEWER,
    "Desk.watch": Role.VIEWER,
    "GET /operator/files/audit.csv": Role.VIEWER,
    "GET /operator/files/import-report.csv": Role.ADMIN,
    "POST /operator/forms/import/begin": Role.ADMIN,
    "POST /operator/forms/import/{upload}/file": Role.ADMIN,
    "POST /operator/forms/logo": Role.ADMIN,
    "POST /operator/forms/open": Role.SUPPORT,
    "POST /operator/forms/sign-out": Role.VIEWER,
    "POST /operator/forms/sign-out-everywhere": Role.VIEWER,
}
"""The least role for an event (`State.handler`) or a route (`METHOD /path`)."""

WITHOUT_SESSION = {"POST /operator/forms/sign-in": "it makes the session"}
"""Routes that anyone may call, and why."""


def may(role: Role, name: str) -> bool:
    """Tell whether `role` may do what `name` names; what has no entry, nobody may."""
    least = POLICY.get(name)
    return least is not None and _RANK[role] >= _RANK[least]
