"""The catalogue's plans, as the operator's programs see them."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Plan
from portal_app.queries.listing import Fields, Listing, Slice, all_rows
from portal_app.queries.subscriptions import PLAN, PlanSummary

PLAN_FIELDS: Fields = {
    "id": col(Plan.public_id),
    "lookup_key": col(Plan.external_id),
    "name": col(Plan.name),
    "status": col(Plan.status),
    "created_at": col(Plan.created_at),
    "updated_at": col(Plan.updated_at),
}


def get_plan_of_operator(session: Session, public_id: str) -> PlanSummary:
    """Return a plan.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    usable = col(Plan.public_id) == public_id, col(Plan.status) != RecordStatus.DELETED
    row = session.connection().execute(select(*PLAN).where(*usable)).first()
    if row is None:
        raise NotFound(noun="Plan")
    return PlanSummary(*row)


def list_plans_of_operator(session: Session, listing: Listing) -> Slice[PlanSummary]:
    """Return the plans a listing asks for; without a status, the published ones."""
    found = all_rows(session, select(*PLAN), listing, PLAN_FIELDS, col(Plan.id))
    return Slice(tuple(PlanSummary(*row) for row in found.items), found.total)
