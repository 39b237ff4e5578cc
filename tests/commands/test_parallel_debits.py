"""Many debits at once on one wallet: none is lost, none overdraws, none counts twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from itertools import pairwise

import cast
import pytest
from sqlmodel import select

from portal_app.billing.statuses import PaymentMethod
from portal_app.commands.move_credits import Debit, debit
from portal_app.commands.payments import NewPayment, record_payment
from portal_app.commands.post_ledger import LedgerPoster
from portal_app.errors import CreditsShort
from portal_app.models.wallet import CreditGrant, WalletTransaction
from portal_app.queries.invariants import all_violations

THREADS = 12
DEBITS = 200


@pytest.fixture
def spend(database):
    """Take ten credits under a key, in a transaction of its own; answers the row's id, or None if credits are short."""
    with database.writing() as session:
        acme = cast.add_customer(session)
        wallet = cast.add_wallet(session, acme)
        cast.post(session, wallet, *(cast.credit("250", cast.days_ago(n)) for n in range(6, 0, -1)))

    def take(key: str) -> str | None:
        try:
            with database.writing() as session:
                wanted = Debit(credits=Decimal(10), idempotency_key=key)
                return debit(session, acme, wallet.public_id, wanted, "tests", cast.NOW)
        except CreditsShort:
            return None

    return take


def test_two_hundred_at_once_take_just_what_is_there(database, spend):
    with ThreadPoolExecutor(THREADS) as threads:
        made = list(threads.map(spend, (f"job-{n}" for n in range(DEBITS))))
    assert sum(row is not None for row in made) == 150
    with database.reading() as session:
        rows = session.exec(select(WalletTransaction).order_by(WalletTransaction.sequence)).all()
        left = [grant.credits_available for grant in session.exec(select(CreditGrant))]
    assert [row.sequence for row in rows] == list(range(1, 157))
    assert all(before.credit_balance_after == after.credit_balance_before for before, after in pairwise(rows))
    assert rows[-1].credit_balance_after == 0
    assert left == [0] * 6


def test_the_same_key_from_everywhere_is_one_debit(database, spend):
    with ThreadPoolExecutor(THREADS) as threads:
        made = set(threads.map(spend, ["job"] * DEBITS))
    assert len(made) == 1
    with database.reading() as session:
        assert len(session.exec(select(WalletTransaction)).all()) == 7


def test_a_ledger_that_names_an_invoice_is_loaded_while_credits_pay_that(postgres_database):
    with postgres_database.writing() as session:
        acme = cast.add_customer(session)
        wallet = cast.add_wallet(session, acme)
        cast.post(session, wallet, cast.credit("250", cast.days_ago(2)))
        invoice = cast.add_bill(session, acme, "INV-1")

    def pay():
        with postgres_database.writing() as session:
            paid = NewPayment(Decimal(1), "usd", PaymentMethod.CREDITS)
            return record_payment(session, acme, invoice.public_id, paid, "tests", cast.NOW)

    with ThreadPoolExecutor(1) as thread:
        with postgres_database.writing() as session:
            poster = LedgerPoster(session, wallet, cast.NOW)
            paying = thread.submit(pay)
            while not _waits(session):
                time.sleep(0.01)
            poster.post(cast.debit("10", cast.NOW, invoice_id=invoice.id))
            poster.finish()
        paying.result()
    with postgres_database.reading() as session:
        assert sum(grant.credits_available for grant in session.exec(select(CreditGrant))) == 230
        assert list(all_violations(session)) == []


def _waits(session):
    return session.connection().exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar() > 0
