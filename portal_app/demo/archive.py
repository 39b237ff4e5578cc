"""Archive: a hundred and twenty months, ten invoices each, in every state an invoice can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from portal_app.billing.periods import last_of_month
from portal_app.billing.statuses import BillingPeriod, InvoiceStatus, PaymentMethod, PaymentStatus, SubscriptionStatus
from portal_app.demo.rows import Bill, Line, Paid, World, add_invoice, month_of
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer
from portal_app.models.subscription import Subscription

ZONE = "Europe/Athens"
MONTHS, PER_MONTH, NEWEST_DAYS_AGO = 120, 10, 3
VAT = Decimal("0.24")
_THINGS = (
    ("Cold storage, GB-months", "0.0049"),
    ("Retrieval, GB", "0.0125"),
    ("Αποθήκευση εγγράφων", "0.31"),
    ("Хранение резервных копий", "0.27"),
    ("API calls", "0.000025"),
    ("Priority support", "45"),
)


def add_archive(world: World, customer: Customer, plan: Plan) -> None:
    """Add the subscription and 1,200 invoices, the newest a few days old."""
    start = world.noon(3653, ZONE)
    period = month_of(start, ZONE, world.now)
    subscription = world.add(
        Subscription(
            customer_id=customer.id or 0,
            plan_id=plan.id or 0,
            subscription_status=SubscriptionStatus.ACTIVE,
            currency="eur",
            billing_period=BillingPeriod.MONTHLY,
            start_at=start,
            current_period_start_at=period.start_at,
            current_period_end_at=period.end_at,
            cancel_at_period_end=True,
            created_at=start,
            updated_at=world.now,
        )
    )
    for months_ago in reversed(range(MONTHS)):
        _add_month(world, customer, subscription.id or 0, months_ago)


def _add_month(world: World, customer: Customer, subscription_id: int, months_ago: int) -> None:
    newest = world.on - timedelta(days=NEWEST_DAYS_AGO)
    year, month = divmod(newest.year * 12 + newest.month - 1 - months_ago, 12)
    last = min(last_of_month(year, month + 1).day, newest.day if months_ago == 0 else 31)
    for sequence in range(1, PER_MONTH + 1):
        day = max(1, last * sequence // PER_MONTH)
        issued = datetime.combine(last_of_month(year, month + 1).replace(day=day), time(9, sequence), ZoneInfo(ZONE))
        bill = Bill(
            number=f"ARC-{year}{month + 1:02d}-{sequence:05d}",
            issued_at=issued,
            currency="eur",
            lines=_lines(world, count=60 if (months_ago, sequence) == (0, 1) else world.chance.randint(2, 5)),
            tax_rate=VAT,
            tax_name="VAT 24 %",
            subscription_id=subscription_id,
            period=(issued - timedelta(days=30), issued),
        )
        # The newest month has one of each state, the others what chance gives them.
        chosen = (sequence + 7) % PER_MONTH if months_ago == 0 else world.chance.randrange(40)
        add_invoice(world, customer, _in_some_state(bill, chosen))


def _lines(world: World, count: int) -> list[Line]:
    chosen = [_THINGS[world.chance.randrange(len(_THINGS))] for _ in range(count - 1)]
    return [
        Line("Plan Archive", Decimal("12.50")),
        *(
            Line(
                text,
                Decimal(price),
                Decimal(world.chance.randint(100, 90_000) if Decimal(price) < 1 else 1),
                is_usage=True,
            )
            for text, price in chosen
        ),
    ]


def _in_some_state(bill: Bill, chosen: int) -> Bill:  # noqa: C901, PLR0911 (one case a state)
    late = Paid(PaymentMethod.OFFLINE, after=12, reference="SEPA transfer")
    match chosen:
        case 0:
            return replace(bill, invoice_status=InvoiceStatus.VOIDED, payment_status=PaymentStatus.VOIDED)
        case 1:
            return replace(
                bill, payments=[replace(late, status=PaymentStatus.REFUNDED)], payment_status=PaymentStatus.REFUNDED
            )
        case 2:
            return replace(
                bill,
                payments=[replace(late, status=PaymentStatus.PARTIALLY_REFUNDED)],
                payment_status=PaymentStatus.PARTIALLY_REFUNDED,
                refunded=Decimal("1.00"),
            )
        case 3:
            return replace(bill, payments=[Paid(status=PaymentStatus.FAILED)], payment_status=PaymentStatus.FAILED)
        case 4:
            return replace(
                bill,
                payments=[replace(late, share=Decimal("1.25"), status=PaymentStatus.OVERPAID)],
                payment_status=PaymentStatus.OVERPAID,
            )
        case 5:
            return replace(
                bill,
                payments=[Paid(PaymentMethod.PAYMENT_LINK, status=PaymentStatus.PROCESSING)],
                payment_status=PaymentStatus.PROCESSING,
            )
        case 6:
            free = [Line("Free month", Decimal(0))]
            return replace(bill, lines=free, payment_status=PaymentStatus.PENDING)
        case 7:
            return replace(bill, payments=[Paid(share=Decimal("0.5"))])
        case 8:
            return bill
        case 9:
            return replace(
                bill,
                payments=[Paid(PaymentMethod.PAYMENT_LINK, status=PaymentStatus.INITIATED)],
                payment_status=PaymentStatus.INITIATED,
            )
        case 10 | 11:
            return replace(
                bill, discount_rate=Decimal("0.1"), payments=[Paid(status=PaymentStatus.FAILED), Paid(after=2)]
            )
        case _:
            return replace(bill, payments=[late])
