"""Set the rules by which plans and subscriptions give credits; give_grants.py keeps to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from portal_app.billing.statuses import (
    BillingPeriod,
    GrantCadence,
    GrantExpiration,
)
from portal_app.commands.catalog_rows import added, changed, deleted, usable
from portal_app.commands.give_grants import give_due_grants
from portal_app.database import Session
from portal_app.errors import Invalid, NotFound
from portal_app.models.catalog import Plan
from portal_app.models.grants import GrantRule
from portal_app.models.subscription import Subscription


@dataclass(frozen=True, slots=True)
class NewGrantRule:
    """A rule to be, of a plan or of one subscription."""

    name: str
    credits: Decimal
    plan_id: str | None = None
    subscription_id: str | None = None
    cadence: GrantCadence = GrantCadence.ONETIME
    period: BillingPeriod | None = None
    period_count: int = 1
    expiration: GrantExpiration = GrantExpiration.NEVER
    expires_after_days: int | None = None
    priority: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_grant_rule(session: Session, new: NewGrantRule, actor: str, now: datetime) -> str:
    """Add a rule and return its id. One subscription's gives right away; a plan's, when `upkeep` next runs.

    Raises:
        NotFound: the plan or the subscription does not exist.
        Invalid: a recurring rule without a period, or a duration without days.
    """
    recurring = new.cadence is GrantCadence.RECURRING
    if recurring == (new.period in {None, BillingPeriod.ONETIME}):
        raise Invalid(field="period", problem="belongs to a RECURRING grant, and every one of them has one")
    if (new.expiration is GrantExpiration.DURATION) == (new.expires_after_days is None):
        raise Invalid(field="expiration_duration", problem="belongs to the expiration_type DURATION alone")
    plan_id, subscription_id = _scope(session, new)
    row = GrantRule(
        plan_id=plan_id,
        subscription_id=subscription_id,
        name=new.name,
        credits=new.credits,
        cadence=new.cadence,
        period=new.period,
        period_count=new.period_count,
        expiration=new.expiration,
        expires_after_days=new.expires_after_days,
        priority=new.priority,
        start_at=new.start_at,
        end_at=new.end_at,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    added(session, row, actor, now)
    if subscription_id is not None:
        give_due_grants(session, subscription_id, actor, now)
    return row.public_id


def update_grant_rule(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a rule, and leave the rest. What it gave stays given.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    changed(session, usable(session, GrantRule, public_id), changes, actor, now)


def delete_grant_rule(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """End a rule. What it gave stays given.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, GrantRule, public_id), actor, now)


def _scope(session: Session, new: NewGrantRule) -> tuple[int | None, int | None]:
    if new.subscription_id is None:
        return usable(session, Plan, new.plan_id or "").id, None
    named = select(Subscription.id).where(col(Subscription.public_id) == new.subscription_id)
    found = session.exec(named).first()
    if found is None:
        raise NotFound(noun="Subscription")
    return None, found
