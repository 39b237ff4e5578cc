"""The demo world: the reference example to the letter, the same every time, and nothing wrong in any row."""

import shutil
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import cast
import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, select

from portal_app.billing.money import Money
from portal_app.billing.periods import TimeRange, billing_recurrence
from portal_app.billing.states import InvoiceState, SubscriptionState
from portal_app.billing.statuses import WalletStatus
from portal_app.database import Database
from portal_app.demo.world import DEMO_CUSTOMERS, load_demo
from portal_app.display import make_display
from portal_app.labels import INVOICE_STATES, SUBSCRIPTION_STATES, TRANSACTION_REASONS
from portal_app.models.customer import Customer
from portal_app.models.invoice import Invoice, LineItem, Payment
from portal_app.models.subscription import Subscription
from portal_app.models.wallet import WalletTransaction
from portal_app.queries.customers import get_profile, get_published_customer_of_operator
from portal_app.queries.invariants import all_violations
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import InvoiceSearch
from portal_app.queries.invoices import count_invoices, each_invoice, list_latest_invoices
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.wallets import list_transactions, list_wallets

NOW = cast.NOW
BERLIN = ZoneInfo("Europe/Berlin")
DISPLAY = make_display("en_US", "Europe/Berlin")


@pytest.fixture
def session(demo_database):
    with demo_database.reading() as session:
        yield session


def customer(session, external_id):
    return get_published_customer_of_operator(session, external_id)[0]


@pytest.fixture
def another_world(migrated_sqlite, tmp_path):
    """Make the demo world of any moment, on SQLite."""
    path = tmp_path / "another.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")

    def make(now):
        with database.writing() as session:
            load_demo(session, now.date(), now, cast.DEMO_EVENTS)
        return database

    yield make
    database.close()


@pytest.fixture
def reference(demo_sqlite, tmp_path):
    """The demo world of 2026-01-20, on SQLite alone."""
    shutil.copy(demo_sqlite, tmp_path / "reference.db")
    database = Database(f"sqlite:///{tmp_path / 'reference.db'}")
    with database.reading() as session:
        yield session
    database.close()


def test_acme_holds_434_2_credits_worth_43_dollars_42(session):
    (wallet,) = list_wallets(session, customer(session, "acme"), NOW)
    assert DISPLAY.credits(wallet.credits) == "434.2 credits"
    assert DISPLAY.money(wallet.value) == "$43.42"
    assert wallet.conversion_rate == Decimal("0.1")
    assert wallet.status is WalletStatus.ACTIVE


def test_acmes_ledger_is_the_five_transactions_newest_first(session):
    acme = customer(session, "acme")
    (wallet,) = list_wallets(session, acme, NOW)
    ledger = list_transactions(session, acme, wallet.public_id)
    rows = [
        (TRANSACTION_REASONS[row.reason], DISPLAY.signed_money(row.value), DISPLAY.signed_credits(row.credits))
        for row in ledger.items
    ]
    assert rows == [
        ("Invoice Payment", "−$20.00", "−200 credits"),
        ("Invoice Payment", "−$36.58", "−365.8 credits"),
        ("Free Credits Added", "+$100.00", "+1,000 credits"),
        ("Invoice Payment", "−$100.00", "−1,000 credits"),
        ("Free Credits Added", "+$100.00", "+1,000 credits"),
    ]
    assert [row.invoice_number for row in ledger.items] == [
        "INV-202601-00003", "INV-202601-00002", None, "INV-202601-00002", None,
    ]  # fmt: skip


def test_acmes_invoices_are_the_three_with_the_first_not_yet_due(session):
    invoices = list_latest_invoices(session, customer(session, "acme"), NOW, limit=25)
    rows = [
        (
            invoice.number,
            DISPLAY.money(invoice.total),
            INVOICE_STATES[invoice.state].label,
            DISPLAY.date(invoice.issued_at),
        )
        for invoice in invoices
    ]
    assert rows == [
        ("INV-202601-00003", "$20.00", "Paid", "Jan 6, 2026"),
        ("INV-202601-00002", "$136.58", "Paid", "Jan 5, 2026"),
        ("INV-202601-00001", "$20.00", "Pending", "Jan 5, 2026"),
    ]
    assert invoices[-1].due_at > NOW


def test_acme_is_on_plan_base_from_january_6_to_february_6(session):
    (subscription,) = list_subscriptions(session, customer(session, "acme"), NOW)
    assert subscription.plan_name == "Plan Base"
    assert SUBSCRIPTION_STATES[subscription.state].label == "Active"
    period = DISPLAY.period(subscription.period_start_at, subscription.period_end_at)
    assert period == "Jan 6, 2026 – Feb 6, 2026"
    assert DISPLAY.date(subscription.next_billing_at) == "Feb 6, 2026"


def test_the_second_invoice_is_for_5911_calls(session):
    acme = customer(session, "acme")
    second = list_latest_invoices(session, acme, NOW)[1]
    invoice = get_invoice(session, acme, second.public_id, NOW)
    (line,) = invoice.lines
    assert (line.quantity, line.amount) == (Decimal(5911), Money(Decimal("136.58"), "usd"))
    assert [payment.amount.amount for payment in invoice.payments] == [Decimal(100), Decimal("36.58")]


@pytest.mark.parametrize("day", [date(2026, 7, 15), date(2024, 3, 1)])
def test_another_day_shifts_acme_by_whole_local_days(another_world, reference, day):
    shift = day - NOW.date()
    now = datetime.combine(day, time(12), UTC)

    def seen(of, at):
        acme = customer(of, "acme")
        (wallet,) = list_wallets(of, acme, at)
        ledger = list_transactions(of, acme, wallet.public_id).items
        invoices = list_latest_invoices(of, acme, at)
        (subscription,) = list_subscriptions(of, acme, at)
        figures = [wallet.credits, *(row.credits for row in ledger), *((i.total, i.state) for i in invoices)]
        instants = [
            *(row.at for row in ledger),
            *(row.expires_at for row in ledger if row.expires_at),
            *(at for invoice in invoices for at in (invoice.issued_at, invoice.due_at)),
            subscription.period_start_at,
        ]
        return figures, [instant.astimezone(BERLIN).replace(tzinfo=None) for instant in instants]

    with another_world(now).reading() as other:
        figures, instants = seen(other, now)
    expected_figures, expected_instants = seen(reference, NOW)
    assert figures == expected_figures
    assert instants == [instant + shift for instant in expected_instants]


def everything(session):
    """Every row of every table, without the inner keys that a database hands out."""
    return {
        table.name: sorted(repr(row) for row in session.execute(select(*[c for c in table.columns if c.name != "id"])))
        for table in SQLModel.metadata.sorted_tables
    }


def test_the_same_day_makes_the_same_world_on_every_engine(session, another_world):
    with another_world(NOW).reading() as other:
        assert everything(other) == everything(session)


def test_no_row_violates_an_invariant(session):
    assert list(all_violations(session)) == []


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2024, 2, 29), date(2026, 11, 2)])
def test_on_any_day_every_invariant_holds_and_nothing_has_happened_in_the_future(another_world, day):
    now = datetime.combine(day, time(0, 30), UTC)
    with another_world(now).reading() as session:
        assert list(all_violations(session)) == []
        ahead = [
            name
            for model, name in [
                (Invoice, "issued_at"), (Invoice, "paid_at"), (Invoice, "voided_at"), (Invoice, "created_at"),
                (Payment, "created_at"), (WalletTransaction, "created_at"), (Customer, "created_at"),
            ]
            if (latest := session.exec(select(func.max(getattr(model, name)))).one()) is None or latest > now
        ]  # fmt: skip
        assert ahead == []


def test_an_invoice_is_paid_when_its_last_payment_arrived(session):
    last = select(func.max(Payment.created_at)).where(Payment.invoice_id == Invoice.id).scalar_subquery()
    paid = session.exec(select(Invoice.paid_at, last).where(Invoice.paid_at.is_not(None), last.is_not(None))).all()
    assert len(paid) > 500
    assert all(paid_at == arrived for paid_at, arrived in paid)


def test_archive_has_1200_invoices_over_ten_years_in_every_state(session):
    archive = customer(session, "archive")
    invoices = list(each_invoice(session, archive, InvoiceSearch(), ZoneInfo("UTC"), NOW))
    assert len(invoices) == count_invoices(session, archive) == 1200
    assert {invoice.state for invoice in invoices} == set(InvoiceState)
    assert timedelta(days=2) < NOW - invoices[0].issued_at < timedelta(days=4)
    assert timedelta(days=3600) < invoices[0].issued_at - invoices[-1].issued_at < timedelta(days=3660)
    assert len({invoice.number for invoice in invoices}) == 1200


def test_archive_has_one_invoice_that_fills_several_pages(session):
    assert max(session.exec(select(func.count()).select_from(LineItem).group_by(LineItem.invoice_id))) == 60


def test_tri_has_three_wallets_whose_expired_credits_are_gone(session):
    wallets = list_wallets(session, customer(session, "tri"), NOW)
    seen = {DISPLAY.money(wallet.value): DISPLAY.credits(wallet.credits) for wallet in wallets}
    assert seen == {
        "$250.00": "2,500 credits",
        "¥12,000": "1,200 credits",
        "KWD\u00a020.000": "800 credits",
    }


@pytest.mark.parametrize(
    ("external_id", "states", "invoices"),
    [
        ("globex", [SubscriptionState.ACTIVE], 1),
        ("tri", [], 9),
        ("trial", [SubscriptionState.TRIALING], 0),
        ("paused", [SubscriptionState.PAUSED], 1),
        ("cancelled", [SubscriptionState.CANCELLED], 1),
        ("archive", [SubscriptionState.CANCELLING], 1200),
        ("empty", [], 0),
    ],
)
def test_the_others_are_what_they_are_called(session, external_id, states, invoices):
    found = customer(session, external_id)
    assert [subscription.state for subscription in list_subscriptions(session, found, NOW)] == states
    assert count_invoices(session, found) == invoices


def test_empty_has_nothing_at_all(session):
    empty = customer(session, "empty")
    assert list_wallets(session, empty, NOW) == []
    assert get_profile(session, empty).address == ()


def test_everyone_listed_is_in_the_world_and_nobody_else(session):
    assert set(session.exec(select(Customer.external_id))) == set(DEMO_CUSTOMERS)


@pytest.mark.parametrize("day", [date(2026, 1, 20), date(2026, 2, 28), date(2026, 11, 28), date(2028, 2, 29)])
def test_on_any_day_the_current_period_of_a_subscription_is_the_one_that_its_usage_is_charged_in(another_world, day):
    with another_world(datetime.combine(day, time(12), UTC)).reading() as session:
        rows = session.exec(select(Subscription, Customer).where(Customer.id == Subscription.customer_id)).all()
        assert len(rows) > 4
        for subscription, owner in rows:
            rhythm = subscription.billing_period, 1, subscription.billing_cycle, subscription.start_at
            periods = billing_recurrence(*rhythm, ZoneInfo(owner.timezone))
            stored = TimeRange(subscription.current_period_start_at, subscription.current_period_end_at)
            assert periods.containing(subscription.current_period_start_at) == stored
