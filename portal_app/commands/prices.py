"""Prices of plans and subscriptions: create, change what they are called, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from portal_app.billing.metering import GroupEntity
from portal_app.billing.periods import GRID, floor_to_grid
from portal_app.billing.prices import PriceModel, PriceVersion, model_problems, overlap_problems, version_problems
from portal_app.billing.statuses import BillingPeriod, InvoiceCadence, PriceType, RecordStatus
from portal_app.commands.catalog_rows import added, changed, deleted, refuse_taken, usable
from portal_app.commands.features import feature_group
from portal_app.commands.past_charges import refuse_to_recharge
from portal_app.commands.terms import lock_all_terms, lock_terms, lock_terms_of
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.catalog import Meter, Price, PriceTier
from portal_app.models.subscription import Subscription


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price to be, of a plan or of one subscription alone. A USAGE price names its meter."""

    type: PriceType
    currency: str
    billing_period: BillingPeriod
    model: PriceModel
    plan_id: str | None = None
    subscription_id: str | None = None
    billing_period_count: int = 1
    invoice_cadence: InvoiceCadence = InvoiceCadence.ARREAR
    meter_id: str | None = None
    group_id: str | None = None
    display_name: str = ""
    lookup_key: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def create_prices(session: Session, new: Sequence[NewPrice], actor: str, now: datetime) -> list[str]:
    """Add several prices, or none, and return their ids in order.

    Raises:
        Invalid: a price that cannot be, with the field's name.
        NotFound: a plan, subscription, meter or group does not exist.
        Conflict: a key is taken.
    """
    lock_all_terms(session, ((one.plan_id, one.subscription_id) for one in new))
    return [create_price(session, one, actor, now) for one in new]


def create_price(session: Session, new: NewPrice, actor: str, now: datetime) -> str:
    """Add a price and return its id. It is charged from `start_at`, for usage since then.

    Raises:
        Invalid: a model that cannot rate, dates off the quarter hour, a time at which another price holds, or one of a
            subscription in another currency, or that would change what its plan's has charged in periods that are over.
        NotFound: the plan, subscription, meter or group does not exist.
        Conflict: its key is taken.
    """
    if (new.type is PriceType.USAGE) == (new.meter_id is None):
        raise Invalid(field="meter_id", problem="belongs to a USAGE price, and every USAGE price has one")
    refuse_taken(session, Price, "lookup_key", new.lookup_key)
    row = _row(session, new, now)
    _refuse_problems(session, row, new)
    added(session, row, actor, now)
    for position, tier in enumerate(new.model.tiers):
        session.add(
            PriceTier(
                price_id=row.id or 0,
                position=position,
                up_to=tier.up_to,
                unit_amount=tier.unit_amount,
                flat_amount=tier.flat_amount,
            )
        )
    return row.public_id


def update_price(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set what a price is called, its group, or its end. What it charges never changes: that is a new price.

    Raises:
        NotFound: it, or the group, does not exist.
        Conflict: the new key is taken.
        Invalid: an end off the quarter hour, before the start, in the past or in the time of another price; or the
            price has ended.
    """
    row = _locked(session, public_id)
    if changes.get("lookup_key", row.lookup_key) != row.lookup_key:
        refuse_taken(session, Price, "lookup_key", changes["lookup_key"])
    if "group_id" in changes:
        changes = {**changes, "group_id": feature_group(session, changes["group_id"], GroupEntity.PRICE)}
    if changes.get("end_at", row.end_at) != row.end_at:
        _refuse_past(row, changes["end_at"], now)
        version = PriceVersion(public_id, PriceModel(row.billing_model), row.start_at, changes["end_at"])
        _refuse_dates(version)
        for problem in overlap_problems(version, _others(session, row)):
            raise Invalid(field="end_date", problem=problem.sentence)
    changed(session, row, changes, actor, now)


def end_price(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """End a price with the quarter hour; what it charged until then stays charged. One yet to begin never does.

    Raises:
        NotFound: it does not exist.
    """
    row = _locked(session, public_id)
    if row.start_at and floor_to_grid(row.start_at) > now:
        deleted(session, row, actor, now)
        return
    ends_at = floor_to_grid(now) + GRID
    if row.end_at is None or row.end_at > ends_at:
        changed(session, row, {"end_at": ends_at}, actor, now)


def _locked(session: Session, public_id: str) -> Price:
    """Return a price as it is once nobody else changes the prices of its plan, or of its subscription."""
    row = usable(session, Price, public_id)
    lock_terms_of(session, row.plan_id, row.subscription_id)
    session.refresh(row)
    return usable(session, Price, public_id)


def _refuse_past(row: Price, end_at: datetime | None, now: datetime) -> None:
    """Keep what was charged, and what was not, as it was."""
    if row.end_at and floor_to_grid(row.end_at) <= now:
        raise Invalid(field="end_date", problem="has passed, and cannot be changed")
    if end_at and end_at < now:
        raise Invalid(field="end_date", problem="cannot be in the past: what a price charged stays charged")


def _row(session: Session, new: NewPrice, now: datetime) -> Price:
    plan_id, subscription_id = lock_terms(session, new.plan_id, new.subscription_id)
    if subscription_id is not None:
        currency = session.get_one(Subscription, subscription_id).currency
        if new.currency != currency:
            raise Invalid(field="currency", problem=f"must be {currency}, as the subscription's is")
    model = new.model
    return Price(
        plan_id=plan_id,
        subscription_id=subscription_id,
        display_name=new.display_name,
        lookup_key=new.lookup_key,
        type=new.type,
        billing_model=model.billing_model,
        billing_period=new.billing_period,
        billing_period_count=new.billing_period_count,
        invoice_cadence=new.invoice_cadence,
        currency=new.currency,
        amount=model.amount,
        tier_mode=model.tier_mode,
        divide_by=model.package.divide_by if model.package else None,
        rounding=model.package.rounding if model.package else None,
        min_quantity=model.min_quantity or None,
        meter_id=usable(session, Meter, new.meter_id).id if new.meter_id else None,
        group_id=feature_group(session, new.group_id, GroupEntity.PRICE),
        start_at=new.start_at,
        end_at=new.end_at,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )


def _refuse_problems(session: Session, row: Price, new: NewPrice) -> None:
    for problem in model_problems(new.model):
        raise Invalid(field=problem.field, problem=problem.sentence)
    version = PriceVersion("", new.model, new.start_at, new.end_at)
    _refuse_dates(version, _others(session, row))
    if row.subscription_id is not None and row.meter_id is not None:
        refuse_to_recharge(session, row.subscription_id, row.meter_id, version, _versions(session, row, None))


def _refuse_dates(version: PriceVersion, others: Sequence[PriceVersion] = ()) -> None:
    for problem in version_problems(version, others):
        raise Invalid(field=problem.field, problem=problem.sentence)


def _others(session: Session, row: Price) -> Sequence[PriceVersion]:
    """Return the other prices that charge for what `row` charges for; a plan may have many fixed fees."""
    versions = _versions(session, row, row.subscription_id)
    return [version for version in versions if version.key != row.public_id]


def _versions(session: Session, row: Price, subscription_id: int | None) -> Sequence[PriceVersion]:
    """Return the prices of a subscription, or of its plan if None, for what `row` charges for."""
    same = select(Price).where(
        col(Price.plan_id) == row.plan_id,
        col(Price.subscription_id) == subscription_id,
        col(Price.currency) == row.currency,
        col(Price.status) == RecordStatus.PUBLISHED,
        col(Price.meter_id).is_not(None),
        col(Price.meter_id) == row.meter_id,
    )
    return [
        PriceVersion(other.public_id, PriceModel(other.billing_model), other.start_at, other.end_at)
        for other in session.exec(same)
    ]
