"""Posting to a ledger: rows in order, balances that add up, grants that hold what is left."""

from datetime import timedelta
from decimal import Decimal
from itertools import count, pairwise

import cast
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import col, select
from statements import counted

from portal_app.billing.statuses import TransactionReason, TransactionStatus
from portal_app.commands.post_ledger import GrantTerms, LedgerOutOfOrder, LedgerOverdrawn, post_to_ledger
from portal_app.models.wallet import CreditGrant, WalletTransaction
from portal_app.queries.invariants import all_violations

DAY = timedelta(days=1)
PURCHASE, BONUS = TransactionReason.PURCHASED_CREDIT_DIRECT, TransactionReason.PURCHASED_CREDIT_BONUS
NUMBERS = count()


@pytest.fixture
def wallet(session, acme):
    return cast.add_wallet(session, acme, rate="0.1")


def ledger(session, wallet):
    of_wallet = select(WalletTransaction).where(WalletTransaction.wallet_id == wallet.id)
    return session.exec(of_wallet.order_by(col(WalletTransaction.sequence))).all()


def grants(session, wallet):
    of_wallet = select(CreditGrant).where(CreditGrant.wallet_id == wallet.id)
    return session.exec(of_wallet.order_by(col(CreditGrant.id))).all()


def test_rows_count_from_one_and_each_begins_where_the_last_one_ended(session, wallet):
    cast.post(session, wallet, cast.credit("100", cast.days_ago(3)), cast.debit("36.58", cast.days_ago(2)))
    cast.post(session, wallet, cast.debit("0.42", cast.days_ago(1)))
    rows = [(row.sequence, row.credit_balance_before, row.credit_balance_after) for row in ledger(session, wallet)]
    assert rows == [
        (1, Decimal(0), Decimal(100)),
        (2, Decimal(100), Decimal("63.42")),
        (3, Decimal("63.42"), Decimal(63)),
    ]


def test_a_row_keeps_when_it_took_effect_and_what_it_was_worth_then(session, wallet):
    at = cast.days_ago(3)
    cast.post(session, wallet, cast.credit("365.8", at))
    wallet.conversion_rate = Decimal("0.2")
    cast.post(session, wallet, cast.debit("10", at))
    first, second = ledger(session, wallet)
    assert (first.created_at, first.amount, first.conversion_rate) == (at, Decimal("36.58"), Decimal("0.1"))
    assert (second.amount, second.conversion_rate) == (Decimal(2), Decimal("0.2"))


def test_a_row_says_what_its_source_said(session, acme, wallet):
    invoice = cast.add_bill(session, acme, "INV-1")
    entry = cast.credit(
        "5", cast.NOW, amount=Decimal("0.5"), invoice_id=invoice.id, reference_id="ref", description="why",
        external_id="ext", idempotency_key="key",
    )  # fmt: skip
    cast.post(session, wallet, entry)
    (row,) = ledger(session, wallet)
    assert (row.amount, row.invoice_id, row.reference_id) == (Decimal("0.5"), invoice.id, "ref")
    assert (row.description, row.external_id, row.idempotency_key) == ("why", "ext", "key")


@pytest.mark.parametrize(
    ("reason", "said", "is_purchased"),
    [(PURCHASE, None, True), (BONUS, None, False), (BONUS, True, True), (PURCHASE, False, False)],
)
def test_a_credit_brings_a_grant_on_its_terms(session, wallet, reason, said, is_purchased):
    terms = GrantTerms("Welcome", 3, said, cast.NOW + DAY, external_id="welcome")
    cast.post(session, wallet, cast.credit("100", cast.days_ago(1), reason, grant=terms))
    (grant,) = grants(session, wallet)
    (row,) = ledger(session, wallet)
    assert row.grant_id == grant.id
    assert (grant.credits, grant.credits_available, grant.granted_at) == (100, 100, cast.days_ago(1))
    assert (grant.name, grant.priority, grant.expires_at, grant.external_id) == (
        "Welcome",
        3,
        cast.NOW + DAY,
        "welcome",
    )
    assert grant.is_purchased is is_purchased


@pytest.mark.parametrize("status", [TransactionStatus.PENDING, TransactionStatus.FAILED])
def test_what_is_not_completed_stands_in_the_ledger_and_moves_nothing(session, wallet, status):
    cast.post(
        session,
        wallet,
        cast.credit("100", cast.days_ago(3)),
        cast.credit("50", cast.days_ago(2), status=status),
        cast.debit("1000", cast.days_ago(1), status=status),
    )
    assert [row.credit_balance_after for row in ledger(session, wallet)] == [100, 100, 100]
    assert [grant.credits_available for grant in grants(session, wallet)] == [100]


def test_a_debit_takes_from_grants_in_burn_order_now_and_later(session, wallet):
    cast.post(
        session,
        wallet,
        cast.credit("50", cast.days_ago(4), PURCHASE),
        cast.credit("30", cast.days_ago(3)),
        cast.credit("20", cast.days_ago(2), grant=GrantTerms(priority=1)),
        cast.debit("25", cast.days_ago(1)),
    )
    assert [grant.credits_available for grant in grants(session, wallet)] == [50, 25, 0]
    cast.post(session, wallet, cast.debit("30", cast.NOW))
    assert [grant.credits_available for grant in grants(session, wallet)] == [45, 0, 0]


def test_a_debit_takes_first_from_the_grant_it_names(session, wallet):
    named = GrantTerms(external_id="named")
    cast.post(session, wallet, cast.credit("50", cast.days_ago(4)), cast.credit("30", cast.days_ago(3), grant=named))
    cast.post(session, wallet, cast.debit("40", cast.days_ago(2), grant=named))
    first, second = grants(session, wallet)
    assert (first.credits_available, second.credits_available) == (40, 0)
    assert ledger(session, wallet)[-1].grant_id == second.id


def test_an_expiry_takes_what_has_expired_though_it_names_nothing(session, wallet):
    cast.post(
        session,
        wallet,
        cast.credit("50", cast.days_ago(4)),
        cast.credit("30", cast.days_ago(3), grant=GrantTerms(priority=1, expires_at=cast.days_ago(1))),
        cast.debit("30", cast.days_ago(1), TransactionReason.CREDIT_EXPIRED),
    )
    assert [grant.credits_available for grant in grants(session, wallet)] == [50, 0]


def test_more_than_the_balance_is_refused(session, wallet):
    cast.post(session, wallet, cast.credit("10", cast.days_ago(1)))
    with pytest.raises(LedgerOverdrawn, match=r"the balance is 10(\.0+)? credits, so 10\.000001 cannot be taken"):
        cast.post(session, wallet, cast.debit("10.000001", cast.NOW))


def test_a_row_before_the_last_one_is_refused_and_the_same_instant_is_not(session, wallet):
    at = cast.days_ago(1)
    cast.post(session, wallet, cast.credit("10", at), cast.debit("1", at))
    with pytest.raises(LedgerOutOfOrder, match=r"dated 2026-01-19T11:59:59.+ already reaches 2026-01-19T12") as late:
        cast.post(session, wallet, cast.debit("1", at - timedelta(seconds=1)))
    assert (late.value.at, late.value.last_at) == (at - timedelta(seconds=1), at)


def test_if_one_entry_is_refused_none_is_posted(database):
    with database.writing() as session:
        wallet = cast.add_wallet(session, cast.add_customer(session))
    with pytest.raises(LedgerOverdrawn), database.writing() as session:
        cast.post(session, session.merge(wallet), cast.credit("10", cast.NOW), cast.debit("11", cast.NOW))
    with database.reading() as session:
        assert ledger(session, wallet) == grants(session, wallet) == []


def test_one_wallets_ledger_is_not_anothers(session, acme, wallet):
    other = cast.add_wallet(session, acme, "eur")
    cast.post(session, other, cast.credit("500", cast.NOW))
    cast.post(session, wallet, cast.credit("1", cast.days_ago(9)))
    (row,) = ledger(session, wallet)
    assert (row.sequence, row.credit_balance_after) == (1, 1)
    with pytest.raises(LedgerOverdrawn):
        cast.post(session, wallet, cast.debit("2", cast.NOW))


def test_a_debit_is_one_statement_at_most(session, wallet):
    cast.post(session, wallet, cast.credit("1000", cast.days_ago(1)))
    with counted(session) as statements:
        cast.post(session, wallet, *(cast.debit("1", cast.NOW) for _ in range(200)))
    assert len(statements) <= 200 + 5


SIZES = st.decimals(min_value=Decimal("0.000001"), max_value=1000, places=6)
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from([cast.credit, cast.credit, cast.debit]),
        SIZES,
        st.integers(0, 2),  # days after the one before
        st.sampled_from(TransactionStatus),
        st.sampled_from([TransactionReason.CREDIT_ADJUSTMENT, PURCHASE, TransactionReason.CREDIT_EXPIRED]),
        st.none() | st.integers(1, 3),
        st.none() | st.integers(0, 9),  # expires so many days after
    ),
    max_size=12,
)


def entries(history):
    at = cast.days_ago(40)
    for make, size, days, status, reason, priority, expires in history:
        at += days * DAY
        terms = GrantTerms(priority=priority, expires_at=None if expires is None else at + expires * DAY)
        yield make(str(size), at, reason, status=status, grant=terms)


def affordable(history):
    """The entries of a history without the debits that nobody could pay."""
    balance = Decimal(0)
    for entry in entries(history):
        moved = entry.credits if entry.status is TransactionStatus.COMPLETED else Decimal(0)
        if entry.type is cast.DEBIT and moved > balance:
            continue
        balance += -moved if entry.type is cast.DEBIT else moved
        yield entry


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(history=HISTORIES, cuts=st.sets(st.integers(0, 12)))
def test_a_ledger_posted_in_parts_is_the_ledger_posted_at_once(session, history, cuts):
    customer = cast.add_customer(session, f"customer {next(NUMBERS)}")
    at_once, in_parts = cast.add_wallet(session, customer), cast.add_wallet(session, customer)
    todo = list(affordable(history))
    post_to_ledger(session, at_once, todo, cast.NOW)
    edges = [0, *sorted(cut for cut in cuts if cut < len(todo)), len(todo)]
    for start, end in pairwise(edges):
        post_to_ledger(session, in_parts, todo[start:end], cast.NOW)
        session.expire_all()
    columns = ("sequence", "type", "credit_amount", "credit_balance_before", "credit_balance_after", "created_at")
    assert [[getattr(row, name) for name in columns] for row in ledger(session, at_once)] == [
        [getattr(row, name) for name in columns] for row in ledger(session, in_parts)
    ]
    assert [grant.credits_available for grant in grants(session, at_once)] == [
        grant.credits_available for grant in grants(session, in_parts)
    ]
    assert list(all_violations(session)) == []
