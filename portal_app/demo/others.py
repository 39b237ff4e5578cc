"""The other customers: three currencies, a trial, a pause, an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal_app.billing.statuses import (
    BillingPeriod,
    PaymentMethod,
    SubscriptionStatus,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
)
from portal_app.commands.post_ledger import GrantTerms, LedgerEntry
from portal_app.demo.rows import Bill, Line, Paid, World, add_invoice, month_of
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet

CREDIT, DEBIT = TransactionType.CREDIT, TransactionType.DEBIT


def add_others(world: World, customers: dict[str, Customer], plans: dict[str, Plan]) -> None:
    """Add everyone but Acme and Archive; `empty` gets nothing."""
    _globex(world, customers["globex"], plans["team"])
    _tri(world, customers["tri"])
    _trial(world, customers["trial"], plans["team"])
    _paused(world, customers["paused"], plans["base"])
    _cancelled(world, customers["cancelled"], plans["base"])


def _globex(world: World, customer: Customer, plan: Plan) -> None:
    start = world.noon(9)
    _subscription(world, customer, plan, SubscriptionStatus.ACTIVE, start)
    wallet = _wallet(world, customer, "usd", Decimal(1), start)
    bought = LedgerEntry(
        CREDIT, TransactionReason.PURCHASED_CREDIT_DIRECT, Decimal(500), start, grant=GrantTerms("Top-up")
    )
    world.post(wallet, [bought])
    seats = [Line("Plan Team", Decimal(96)), Line("Extra seats", Decimal(8), Decimal(3))]
    add_invoice(world, customer, Bill(f"GLX-{start:%Y%m}-00001", start, "usd", seats, payments=[Paid()]))


def _tri(world: World, customer: Customer) -> None:
    start = world.noon(40, customer.timezone)
    for currency, rate, amount, price in (
        ("usd", "0.1", 2500, "18.40"),
        ("jpy", "10", 1200, "12400"),
        ("kwd", "0.025", 800, "7.345"),
    ):
        wallet = _wallet(world, customer, currency, Decimal(rate), start)
        entries = [
            LedgerEntry(CREDIT, TransactionReason.PURCHASED_CREDIT_INVOICED, Decimal(amount), start),
            LedgerEntry(
                CREDIT, TransactionReason.PURCHASED_CREDIT_BONUS, Decimal("50.25"), start + timedelta(minutes=1),
                grant=GrantTerms("Loyalty", priority=1, expires_at=world.noon(10, customer.timezone)),
            ),
            LedgerEntry(DEBIT, TransactionReason.MANUAL_BALANCE_DEBIT, Decimal("12.125"), start + timedelta(days=4)),
            LedgerEntry(DEBIT, TransactionReason.CREDIT_EXPIRED, Decimal("38.125"), world.noon(10, customer.timezone)),
            LedgerEntry(
                CREDIT, TransactionReason.PURCHASED_CREDIT_DIRECT, Decimal(100), world.noon(2, customer.timezone),
                status=TransactionStatus.PENDING,
            ),
        ]  # fmt: skip
        world.post(wallet, entries)
        lines = [
            Line("GPU hours", Decimal(price)),
            Line("LLM tokens (K)", Decimal(price) / 10, Decimal(3), is_usage=True),
        ]
        issued = world.noon(35, customer.timezone)
        add_invoice(
            world, customer, Bill(f"TRI-{currency.upper()}-0001", issued, currency, lines, payments=[Paid(after=1)])
        )
        add_invoice(
            world, customer, Bill(f"TRI-{currency.upper()}-0002", world.noon(6), currency, lines[:1], due_days=14)
        )
        add_invoice(
            world, customer, Bill(f"TRI-{currency.upper()}-0000", world.noon(70), currency, lines[1:], due_days=14)
        )


def _trial(world: World, customer: Customer, plan: Plan) -> None:
    start = world.noon(5, customer.timezone)
    _subscription(world, customer, plan, SubscriptionStatus.TRIALING, start, trial_end_at=start + timedelta(days=14))
    wallet = _wallet(world, customer, "usd", Decimal("0.01"), start)
    gift = GrantTerms("Trial credits", priority=1, expires_at=start + timedelta(days=14))
    entry = LedgerEntry(CREDIT, TransactionReason.FREE_CREDIT_GRANT, Decimal(5000), start, grant=gift)
    world.post(wallet, [entry])


def _paused(world: World, customer: Customer, plan: Plan) -> None:
    start = world.noon(50, customer.timezone)
    _subscription(
        world, customer, plan, SubscriptionStatus.PAUSED, start, resumes_at=world.noon(-20, customer.timezone)
    )
    wallet = _wallet(world, customer, "usd", Decimal(1), start, status=WalletStatus.FROZEN)
    entry = LedgerEntry(CREDIT, TransactionReason.SUBSCRIPTION_CREDIT_GRANT, Decimal(25), start)
    world.post(wallet, [entry])
    bill = Bill(f"PAU-{start:%Y%m}-00001", start, "usd", [Line("Plan Base", Decimal(20))], due_days=14)
    add_invoice(world, customer, bill)


def _cancelled(world: World, customer: Customer, plan: Plan) -> None:
    start = world.noon(400, customer.timezone)
    ended = start + timedelta(days=62)
    _subscription(world, customer, plan, SubscriptionStatus.CANCELLED, start, cancelled_at=ended, end_at=ended)
    wallet = _wallet(world, customer, "usd", Decimal("0.5"), start, status=WalletStatus.CLOSED)
    entries = [
        LedgerEntry(CREDIT, TransactionReason.PURCHASED_CREDIT_DIRECT, Decimal(80), start),
        LedgerEntry(DEBIT, TransactionReason.WALLET_TERMINATION, Decimal(80), ended),
    ]
    world.post(wallet, entries)
    bill = Bill(
        f"GON-{start:%Y%m}-00001", start, "usd", [Line("Plan Base", Decimal(20))], payments=[Paid(PaymentMethod.CARD)]
    )
    add_invoice(world, customer, bill)


def _wallet(
    world: World,
    customer: Customer,
    currency: str,
    rate: Decimal,
    at: datetime,
    status: WalletStatus = WalletStatus.ACTIVE,
) -> Wallet:
    return world.add(
        Wallet(
            customer_id=customer.id or 0,
            currency=currency,
            wallet_status=status,
            conversion_rate=rate,
            topup_conversion_rate=rate,
            created_at=at,
            updated_at=world.now,
        )
    )


def _subscription(
    world: World, customer: Customer, plan: Plan, status: SubscriptionStatus, start: datetime, **more: Any
) -> Subscription:
    period = month_of(start, customer.timezone, more.get("end_at", world.now))
    return world.add(
        Subscription(
            customer_id=customer.id or 0,
            plan_id=plan.id or 0,
            subscription_status=status,
            currency="usd",
            billing_period=BillingPeriod.MONTHLY,
            start_at=start,
            current_period_start_at=period.start_at,
            current_period_end_at=period.end_at,
            created_at=start,
            updated_at=world.now,
            **more,
        )
    )
