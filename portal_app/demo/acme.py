"""Acme: the reference example, literally, on 2026-01-20; on other days shifted by whole days."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from portal_app.billing.statuses import (
    BillingPeriod,
    PaymentMethod,
    SubscriptionStatus,
    TransactionReason,
    TransactionType,
)
from portal_app.commands.post_ledger import GrantTerms, LedgerEntry
from portal_app.demo.rows import Bill, Line, Paid, World, add_invoice, month_of
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import Wallet

ZONE = "Europe/Berlin"
STARTED, WELCOME_LASTS = 14, 55


def add_acme(world: World, customer: Customer, plan: Plan) -> None:
    """Add the wallet with its five transactions, the subscription, and the three invoices."""
    start, day_before = world.noon(STARTED, ZONE), world.noon(STARTED + 1, ZONE)
    end = month_of(start, ZONE, start).end_at
    subscription = world.add(
        Subscription(
            customer_id=customer.id or 0,
            plan_id=plan.id or 0,
            subscription_status=SubscriptionStatus.ACTIVE,
            currency="usd",
            billing_period=BillingPeriod.MONTHLY,
            start_at=start,
            current_period_start_at=start,
            current_period_end_at=end,
            created_at=start,
            updated_at=world.now,
        )
    )
    wallet = world.add(
        Wallet(
            customer_id=customer.id or 0,
            currency="usd",
            conversion_rate=Decimal("0.1"),
            topup_conversion_rate=Decimal("0.1"),
            created_at=day_before,
            updated_at=world.now,
        )
    )
    month = f"{day_before:%Y%m}"
    fee = [Line("Plan Base", Decimal(20))]
    by_credits = [Paid(PaymentMethod.CREDITS)]
    add_invoice(
        world, customer, Bill(f"INV-{month}-00001", day_before, "usd", [Line("Onboarding", Decimal(20))], due_days=30)
    )
    usage = [Line("Feature B", Decimal("0.023106"), Decimal(5911), is_usage=True)]
    second = add_invoice(
        world,
        customer,
        Bill(
            f"INV-{month}-00002", day_before + timedelta(hours=1), "usd", usage, payments=[
                Paid(PaymentMethod.CREDITS, amount=Decimal(100)), Paid(PaymentMethod.CREDITS, amount=Decimal("36.58")),
            ],
        ),
    )  # fmt: skip
    third = add_invoice(
        world,
        customer,
        Bill(
            f"INV-{start:%Y%m}-00003",
            start,
            "usd",
            fee,
            payments=by_credits,
            subscription_id=subscription.id,
            period=(start, end),
        ),
    )
    free, spent = TransactionReason.FREE_CREDIT_GRANT, TransactionReason.INVOICE_PAYMENT
    welcome = GrantTerms("Welcome bonus", priority=1, expires_at=start + timedelta(days=WELCOME_LASTS - 1))
    entries = [
        LedgerEntry(
            TransactionType.CREDIT, free, Decimal(1000), day_before, grant=GrantTerms("Annual plan", priority=2)
        ),
        LedgerEntry(TransactionType.DEBIT, spent, Decimal(1000), day_before + timedelta(hours=1), invoice_id=second.id),
        LedgerEntry(TransactionType.CREDIT, free, Decimal(1000), day_before + timedelta(hours=2), grant=welcome),
        LedgerEntry(
            TransactionType.DEBIT, spent, Decimal("365.8"), day_before + timedelta(hours=2), invoice_id=second.id
        ),
        LedgerEntry(TransactionType.DEBIT, spent, Decimal(200), start, invoice_id=third.id),
    ]
    world.post(wallet, entries)
