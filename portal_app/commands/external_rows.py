"""Find the rows that the operator's own ids name, so that what is brought again is compared and not doubled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import inspect, literal
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from portal_app.billing.metering import FeatureType
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.models.catalog import Entitlement, Feature, Group, Price
from portal_app.models.columns import Row
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import CreditGrant, WalletTransaction

AnyRow = TypeVar("AnyRow", bound=Row)
Part = TypeVar("Part", LineItem, Payment)


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to: the inner key, and the customer it belongs to, if to one."""

    key: int
    customer_id: int | None


def find_rows(session: Session, table: type[AnyRow], external_ids: Collection[str]) -> dict[str, AnyRow]:
    """Return the rows with these external ids, by them."""
    named: Any = inspect(table).columns["external_id"]
    rows = session.exec(select(named, table).where(named.in_(external_ids)))
    return {external_id: row for external_id, row in rows}  # noqa: C416 (a Result is no Mapping)


def find_targets(session: Session, table: type[Row], external_ids: Collection[str]) -> dict[str, Target]:
    """Return where these external ids lead, for those that exist."""
    columns = inspect(table).columns
    customer = columns["customer_id"] if "customer_id" in columns else literal(None)
    statement = select(columns["external_id"], columns["id"], customer).where(columns["external_id"].in_(external_ids))
    return {external_id: Target(key, customer_id) for external_id, key, customer_id in session.exec(statement)}


def find_numbers(session: Session, pairs: Collection[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """Return which invoice, by external id, has each of these customers' numbers already."""
    statement = select(Invoice.customer_id, Invoice.number, Invoice.external_id).where(
        col(Invoice.customer_id).in_({customer for customer, _ in pairs}),
        col(Invoice.number).in_({number for _, number in pairs}),
    )
    return {(customer, number or ""): external_id or "" for customer, number, external_id in session.exec(statement)}


def hold_invoices(session: Session, invoices: Collection[Invoice]) -> bool:
    """Let nobody else pay, change or void these until the transaction ends; tell whether they are still as read."""
    if not invoices:
        return True
    read = {row.id: tuple(getattr(row, name) for name in _MOVING) for row in invoices}
    columns = [getattr(Invoice, name) for name in ("id", *_MOVING)]
    asked = select_columns(*columns).where(col(Invoice.id).in_(read)).order_by(col(Invoice.id))
    held = session.connection().execute(asked.with_for_update(key_share=True))
    return all(read[key] == tuple(now) for key, *now in held)


_MOVING = ("invoice_status", "payment_status", "amount_paid", "refunded_amount", "updated_at")
"""What commands change of an invoice; each of them sets the last one."""


def find_parts(session: Session, table: type[Part], invoice_ids: Collection[int]) -> dict[int, list[Part]]:
    """Return the lines or payments of these invoices, oldest first."""
    found: dict[int, list[Part]] = {key: [] for key in invoice_ids}
    for row in session.exec(select(table).where(col(table.invoice_id).in_(invoice_ids)).order_by(col(table.id))):
        found[row.invoice_id].append(row)
    return found


def find_transactions(
    session: Session, external_ids: Collection[str]
) -> dict[str, tuple[WalletTransaction, str | None]]:
    """Return the ledger rows with these external ids, each with the external id of its grant."""
    statement = (
        select(WalletTransaction, CreditGrant.external_id)
        .outerjoin(CreditGrant, col(CreditGrant.id) == col(WalletTransaction.grant_id))
        .where(col(WalletTransaction.external_id).in_(external_ids))
    )
    return {row.external_id or "": (row, grant) for row, grant in session.exec(statement)}


def find_keyed(session: Session, table: type[Feature | Group], keys: Collection[str]) -> dict[str, str]:
    """Return the external id of the row that has each of these lookup keys; empty for one that has none."""
    statement = select(table.lookup_key, table.external_id).where(col(table.lookup_key).in_(keys))
    return {key or "": external_id or "" for key, external_id in session.exec(statement)}


def find_entitled(session: Session, plan_ids: Collection[int]) -> dict[tuple[int, int | None, int], str]:
    """Return which entitlement, by external id, there is already of a plan, subscription and feature."""
    statement = select(Entitlement).where(
        col(Entitlement.plan_id).in_(plan_ids), col(Entitlement.status) == RecordStatus.PUBLISHED
    )
    return {
        (row.plan_id, row.subscription_id, row.feature_id): row.external_id or "" for row in session.exec(statement)
    }


def find_metered(session: Session, plan_ids: Collection[int]) -> Sequence[Price]:
    """Return the prices by which usage on these plans is rated, whatever their dates."""
    statement = select(Price).where(
        col(Price.plan_id).in_(plan_ids),
        col(Price.subscription_id).is_(None),
        col(Price.meter_id).is_not(None),
        col(Price.status) == RecordStatus.PUBLISHED,
    )
    return session.exec(statement).all()


def find_types(session: Session, feature_ids: Collection[int]) -> dict[int, FeatureType]:
    """Return the type of each of these features."""
    statement = select(Feature.id, Feature.type).where(col(Feature.id).in_(feature_ids))
    return {key or 0: FeatureType(kind) for key, kind in session.exec(statement)}


def find_plans(session: Session, subscription_ids: Collection[int]) -> dict[int, int]:
    """Return the plan that each of these subscriptions is on."""
    statement = select(Subscription.id, Subscription.plan_id).where(col(Subscription.id).in_(subscription_ids))
    return {key or 0: plan for key, plan in session.exec(statement)}
