"""A plan's terms, or one subscription's alone: prices and entitlements, changed by one transaction at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlmodel import col, select

from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Plan
from portal_app.models.subscription import Subscription


def lock_terms(session: Session, plan_id: str | None, subscription_id: str | None) -> tuple[int, int | None]:
    """Return the keys of the plan and, if one is named, of the subscription, whose terms nobody else now changes.

    What is read of its prices and entitlements after this stays true until the transaction ends: on PostgreSQL two
    transactions would else both see that there is none yet, and both add one.

    Raises:
        NotFound: the plan is deleted, or the plan or subscription does not exist.
    """
    if subscription_id is None:
        of_plan = col(Plan.public_id) == plan_id, col(Plan.status) != RecordStatus.DELETED
        plan = _locked(session, select(col(Plan.id)).where(*of_plan))
        if plan is None:
            raise NotFound(noun="Plan")
        return plan.id, None
    named = col(Subscription.public_id) == subscription_id
    subscription = _locked(session, select(col(Subscription.plan_id), col(Subscription.id)).where(named))
    if subscription is None:
        raise NotFound(noun="Subscription")
    return subscription.plan_id, subscription.id


def lock_all_terms(session: Session, named: Iterable[tuple[str | None, str | None]]) -> None:
    """Lock the terms of several plans and subscriptions in one order: nobody waits for one who waits for them.

    Raises:
        NotFound: as `lock_terms`.
    """
    for plan_id, subscription_id in sorted({(plan or "", subscription or "") for plan, subscription in named}):
        lock_terms(session, plan_id, subscription_id or None)


def lock_terms_of(session: Session, plan_id: int, subscription_id: int | None) -> None:
    """Lock the same by the keys that a price or an entitlement has."""
    if subscription_id is None:
        _locked(session, select(col(Plan.id)).where(col(Plan.id) == plan_id))
    else:
        _locked(session, select(col(Subscription.id)).where(col(Subscription.id) == subscription_id))


def lock_named_terms(session: Session, plans: Collection[str], subscriptions: Collection[str]) -> None:
    """Lock the same by the operator's own ids, those that there are, in the order of `lock_all_terms`."""
    for table, names in ((Subscription, subscriptions), (Plan, plans)):
        if names:
            named = select(col(table.id)).where(col(table.external_id).in_(names))
            _locked(session, named.order_by(col(table.public_id)))


def _locked(session: Session, statement: Any) -> Any:
    """Lock rows but not their keys: whoever subscribes to a plan meanwhile need not wait."""
    return session.connection().execute(statement.with_for_update(key_share=True)).first()
