"""What plans and subscriptions let customers use: create, change, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from portal_app.billing.metering import FeatureType, ResetPeriod
from portal_app.billing.statuses import RecordStatus
from portal_app.commands.catalog_rows import added, changed, deleted, usable
from portal_app.commands.terms import lock_all_terms, lock_terms
from portal_app.database import Session
from portal_app.errors import EntitlementExists, Invalid
from portal_app.models.catalog import Entitlement, Feature


@dataclass(frozen=True, slots=True)
class NewEntitlement:
    """An entitlement to be, of a plan or of one subscription. Without a limit, a metered feature is unlimited."""

    feature_id: str
    feature_type: FeatureType
    plan_id: str | None = None
    subscription_id: str | None = None
    is_enabled: bool = True
    usage_limit: int | None = None
    usage_reset_period: ResetPeriod | None = None
    is_soft_limit: bool = False
    static_value: str = ""


def create_entitlements(session: Session, new: Sequence[NewEntitlement], actor: str, now: datetime) -> list[str]:
    """Add several entitlements, or none, and return their ids in order.

    Raises:
        NotFound: a feature, plan or subscription does not exist.
        EntitlementExists: a plan or subscription has one for the feature.
        Invalid: a feature of another type, or a limit of what is not metered.
    """
    lock_all_terms(session, ((one.plan_id, one.subscription_id) for one in new))
    return [_create(session, one, actor, now) for one in new]


def update_entitlement(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of an entitlement, and leave the rest.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    changed(session, usable(session, Entitlement, public_id), changes, actor, now)


def delete_entitlement(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """Take an entitlement away.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, Entitlement, public_id), actor, now)


def _create(session: Session, new: NewEntitlement, actor: str, now: datetime) -> str:
    feature = usable(session, Feature, new.feature_id)
    if feature.type is not new.feature_type:
        raise Invalid(field="feature_type", problem=f"must be {feature.type}, as the feature is")
    if new.usage_limit is not None and feature.type is not FeatureType.METERED:
        raise Invalid(field="usage_limit", problem="belongs to a metered feature")
    plan_id, subscription_id = lock_terms(session, new.plan_id, new.subscription_id)
    same = select(Entitlement.id).where(
        col(Entitlement.plan_id) == plan_id,
        col(Entitlement.subscription_id) == subscription_id,
        col(Entitlement.feature_id) == feature.id,
        col(Entitlement.status) == RecordStatus.PUBLISHED,
    )
    if session.exec(same).first() is not None:
        raise EntitlementExists(feature=feature.name)
    row = Entitlement(
        plan_id=plan_id,
        subscription_id=subscription_id,
        feature_id=feature.id or 0,
        is_enabled=new.is_enabled,
        usage_limit=new.usage_limit,
        usage_reset_period=new.usage_reset_period,
        is_soft_limit=new.is_soft_limit,
        static_value=new.static_value,
        created_at=now,
        updated_at=now,
    )
    return added(session, row, actor, now).public_id
