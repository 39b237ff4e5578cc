"""The characters: Acme is the customer under test, Globex must never appear, Northwind is the operator."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert

from portal_app.access.api_keys import Scope
from portal_app.access.principal import CustomerId
from portal_app.billing.statuses import (
    BillingPeriod,
    SubscriptionStatus,
    TransactionReason,
    TransactionType,
)
from portal_app.commands.api_keys import create_api_key
from portal_app.commands.mint_session import MintedSession, mint_session
from portal_app.commands.post_ledger import GrantTerms, LedgerEntry, post_to_ledger
from portal_app.database import Database, Session
from portal_app.demo.rows import Bill, Line, Paid, World, add_invoice
from portal_app.models.catalog import Plan, Price
from portal_app.models.columns import new_public_id
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet
from portal_app.settings import get_settings

__all__ = ["Bill", "GrantTerms", "LedgerEntry", "Line", "Paid"]

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
"""When every test takes place, unless it says otherwise."""

DEMO_EVENTS = 13_000
"""How many usage events the demo world has in tests: Acme's are all there, Archive's few."""

NAMES = {"acme": "Acme Corp", "globex": "Globex"}
CREDIT, DEBIT = TransactionType.CREDIT, TransactionType.DEBIT


def days_ago(days: float) -> datetime:
    """Return the instant so many days before NOW."""
    return NOW - timedelta(days=days)


def add_customer(session: Session, external_id: str = "acme", **more: Any) -> CustomerId:
    """Add a customer and return its inner key."""
    values = {"name": NAMES.get(external_id, external_id.title()), "timezone": "Europe/Berlin"} | more
    row = _added(session, Customer(external_id=external_id, created_at=NOW, updated_at=NOW, **values))
    return CustomerId(row.id or 0)


def add_wallet(session: Session, customer: CustomerId, currency: str = "usd", rate: str = "0.1", **more: Any) -> Wallet:
    """Add an empty wallet."""
    dates = {"created_at": days_ago(90), "updated_at": NOW}
    row = Wallet(customer_id=customer, currency=currency, conversion_rate=Decimal(rate), **dates, **more)
    return _added(session, row)


def post(session: Session, wallet: Wallet, *entries: LedgerEntry) -> None:
    """Post entries to a wallet's ledger."""
    post_to_ledger(session, wallet, entries, NOW)


def credit(
    credits_: str, at: datetime, reason: TransactionReason = TransactionReason.FREE_CREDIT_GRANT, **more: Any
) -> LedgerEntry:
    """Return an entry that adds credits."""
    return LedgerEntry(CREDIT, reason, Decimal(credits_), at, **more)


def debit(
    credits_: str, at: datetime, reason: TransactionReason = TransactionReason.INVOICE_PAYMENT, **more: Any
) -> LedgerEntry:
    """Return an entry that takes credits."""
    return LedgerEntry(DEBIT, reason, Decimal(credits_), at, **more)


def add_bill(
    session: Session, customer: CustomerId, number: str, lines: Sequence[Line] | str = "20", **more: Any
) -> Invoice:
    """Add an invoice, by default of one line of $20 issued ten days ago; sums follow from its lines."""
    lines = [Line("Plan Base", Decimal(lines))] if isinstance(lines, str) else lines
    values = {"issued_at": days_ago(10), "currency": "usd"} | more
    world = World(session, NOW.date(), NOW)
    world.chance.seed(f"{customer} {number}")
    invoice = add_invoice(world, session.get_one(Customer, customer), Bill(number, lines=lines, **values))
    session.flush()
    return invoice


def add_plan(
    session: Session, name: str = "Plan Base", fee: str | None = "20", currency: str = "usd", **more: Any
) -> Plan:
    """Add a plan with a monthly flat fee, or none."""
    plan = _added(session, Plan(name=name, created_at=NOW, updated_at=NOW, **more))
    if fee is not None:
        add_price(session, plan, fee, currency=currency)
    return plan


def add_bare_invoices(session: Session, customer: CustomerId, *invoices: dict[str, Any]) -> None:
    """Add many invoices at once, without lines or payments, by default of $20, unpaid and issued yesterday."""
    if invoices:
        session.execute(insert(Invoice), [_bare_invoice(customer, invoice) for invoice in invoices])


def add_price(session: Session, plan: Plan, amount: str, **more: Any) -> Price:
    """Add a price to a plan, by default monthly and flat."""
    values = {"billing_period": BillingPeriod.MONTHLY, "currency": "usd", "created_at": NOW, "updated_at": NOW} | more
    return _added(session, Price(plan_id=plan.id or 0, amount=Decimal(amount), **values))


def add_subscription(session: Session, customer: CustomerId, plan: Plan, **more: Any) -> Subscription:
    """Add a monthly subscription in the middle of its period."""
    values = {
        "subscription_status": SubscriptionStatus.ACTIVE,
        "currency": "usd",
        "billing_period": BillingPeriod.MONTHLY,
        "start_at": days_ago(14),
        "current_period_start_at": days_ago(14),
        "current_period_end_at": days_ago(-17),
        "created_at": days_ago(14),
        "updated_at": NOW,
    } | more
    return _added(session, Subscription(customer_id=customer, plan_id=plan.id or 0, **values))


def mint(database: Database, external_id: str = "acme", now: datetime = NOW) -> MintedSession:
    """Mint a link and commit it."""
    with database.writing() as session:
        return mint_session(session, get_settings(), external_id, "tests", now)


def api_key(database: Database, *scopes: Scope, now: datetime = NOW) -> str:
    """Create an API key, with every scope if none is named, and commit it."""
    with database.writing() as session:
        return str(create_api_key(session, get_settings(), "tests", scopes or [Scope.ADMIN], now))


def _bare_invoice(customer: CustomerId, given: dict[str, Any]) -> dict[str, Any]:
    total = given.get("total", Decimal(20))
    return {
        "customer_id": customer, "public_id": new_public_id("inv"), "number": None, "invoice_type": "ONE_OFF",
        "invoice_status": "FINALIZED", "payment_status": "PENDING", "billing_reason": "MANUAL", "currency": "usd",
        "subtotal": total, "total_discount": 0, "total_tax": 0, "tax_name": "", "total": total,
        "credits_applied": 0, "amount_due": total, "amount_paid": 0, "amount_remaining": total,
        "refunded_amount": 0, "issued_at": days_ago(1), "due_at": days_ago(-1), "description": "",
        "created_at": NOW, "updated_at": NOW,
    } | given  # fmt: skip


def _added(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row
