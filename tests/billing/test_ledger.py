"""What a movement does to a balance, and which credits a debit burns first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.ledger import (
    Grant,
    LedgerOverdrawn,
    Movement,
    burn,
    burn_order,
    expired_credits,
    next_to_expire,
    post,
)
from portal_app.billing.statuses import TransactionReason, TransactionStatus, TransactionType

NOW = datetime(2026, 1, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CREDIT, DEBIT = TransactionType.CREDIT, TransactionType.DEBIT
COMPLETED = TransactionStatus.COMPLETED


def grant(key, available="100", **terms):
    return Grant(key, Decimal(available), terms.pop("granted_at", NOW - 30 * DAY), **terms)


def debit(credits_="10", reason=TransactionReason.INVOICE_PAYMENT, at=NOW, of=None):
    return Movement(DEBIT, COMPLETED, reason, Decimal(credits_), at, of)


def left(grants):
    return {grant.key: grant.available for grant in grants}


SIZES = st.decimals(min_value=Decimal("0.000001"), max_value=10_000, places=6)
INSTANTS = st.integers(-60, 60).map(lambda days: NOW + days * DAY)
GRANTS = st.lists(
    st.builds(
        Grant,
        key=st.integers(1, 10**6),
        available=SIZES,
        granted_at=INSTANTS,
        priority=st.none() | st.integers(1, 4),
        is_purchased=st.booleans(),
        expires_at=st.none() | INSTANTS,
    ),
    max_size=8,
    unique_by=lambda grant: grant.key,
)


def test_a_completed_credit_adds_to_the_balance_and_brings_its_grant():
    welcome = grant("welcome")
    movement = Movement(CREDIT, COMPLETED, TransactionReason.FREE_CREDIT_GRANT, Decimal(100), NOW, welcome)
    posting = post(Decimal("4.2"), [grant("old", "4.2")], movement)
    assert (posting.balance_before, posting.balance_after) == (Decimal("4.2"), Decimal("104.2"))
    assert left(posting.grants) == {"old": Decimal("4.2"), "welcome": Decimal(100)}


def test_a_credit_without_a_grant_still_adds_to_the_balance():
    movement = Movement(CREDIT, COMPLETED, TransactionReason.CREDIT_ADJUSTMENT, Decimal(5), NOW)
    posting = post(Decimal(1), (), movement)
    assert (posting.balance_after, posting.grants) == (6, ())


def test_a_completed_debit_takes_from_the_balance_and_from_a_grant():
    posting = post(Decimal(100), [grant("only")], debit("36.58"))
    assert (posting.balance_before, posting.balance_after) == (Decimal(100), Decimal("63.42"))
    assert left(posting.grants) == {"only": Decimal("63.42")}


@pytest.mark.parametrize("status", [TransactionStatus.PENDING, TransactionStatus.FAILED])
@pytest.mark.parametrize("type_", TransactionType)
def test_what_is_not_completed_moves_nothing(status, type_):
    movement = Movement(type_, status, TransactionReason.PURCHASED_CREDIT_DIRECT, Decimal(1000), NOW, grant("new"))
    posting = post(Decimal(100), [grant("only")], movement)
    assert posting.balance_before == posting.balance_after == 100
    assert left(posting.grants) == {"only": Decimal(100)}


def test_the_whole_balance_may_be_spent():
    posting = post(Decimal(100), [grant("only")], debit("100"))
    assert posting.balance_after == 0
    assert posting.grants == ()


def test_more_than_the_balance_is_refused_with_both_figures():
    with pytest.raises(LedgerOverdrawn, match=r"^the balance is 99\.5 credits, so 100 cannot be taken") as refused:
        post(Decimal("99.5"), [grant("only", "99.5")], debit("100"))
    assert (refused.value.balance, refused.value.debit) == (Decimal("99.5"), Decimal(100))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (grant(2, priority=1), grant(1, priority=2)),
        (grant(2, priority=9), grant(1)),
        (grant(2, priority=1, is_purchased=True), grant(1)),
        (grant(2), grant(1, is_purchased=True)),
        (grant(2, is_purchased=False), grant(1, is_purchased=True, expires_at=NOW + DAY)),
        (grant(2, expires_at=NOW + DAY), grant(1, expires_at=NOW + 2 * DAY)),
        (grant(2, expires_at=NOW + DAY), grant(1)),
        (grant(2, granted_at=NOW - 9 * DAY), grant(1, granted_at=NOW - 8 * DAY)),
    ],
)
def test_credits_burn_by_priority_then_free_first_then_soonest_expiry_then_oldest(first, second):
    assert sorted([second, first], key=burn_order) == [first, second]
    assert left(burn([second, first], debit("100"))) == {1: Decimal(100)}


def test_grants_alike_in_everything_burn_in_the_order_given():
    assert left(burn([grant(9), grant(10)], debit("100"))) == {10: Decimal(100)}


def test_a_named_grant_gives_first():
    grants = [grant("first in line", priority=1), grant("named", "30")]
    after = burn(grants, debit("40", of=grants[1]))
    assert left(after) == {"first in line": Decimal(90)}


def test_live_credits_are_spent_before_expired_ones_whose_expiry_row_has_not_come_yet():
    grants = [grant("expired", priority=1, expires_at=NOW), grant("live")]
    assert left(burn(grants, debit("40"))) == {"live": Decimal(60), "expired": Decimal(100)}


def test_an_expiry_takes_the_credits_that_have_expired():
    grants = [grant("live", priority=1), grant("expired", "38.125", expires_at=NOW)]
    assert left(burn(grants, debit("38.125", TransactionReason.CREDIT_EXPIRED))) == {"live": Decimal(100)}


@given(GRANTS, SIZES, st.sampled_from([TransactionReason.INVOICE_PAYMENT, TransactionReason.CREDIT_EXPIRED]))
def test_burning_takes_exactly_the_debit_and_touches_at_most_one_grant_it_does_not_empty(grants, size, reason):
    after = burn(grants, debit(size, reason))
    held, holds = left(grants), left(after)
    assert sum(holds.values()) == max(sum(held.values()) - size, 0)
    assert all(0 < available <= held[key] for key, available in holds.items())
    assert sum(available < held[key] for key, available in holds.items()) <= 1


@given(GRANTS, SIZES)
def test_a_grant_is_touched_only_when_all_before_it_are_empty(grants, size):
    after = left(burn(grants, debit(size, at=NOW - 90 * DAY)))  # before anything here expires
    in_turn = sorted(grants, key=burn_order)
    touched = [after.get(grant.key, Decimal(0)) < grant.available for grant in in_turn]
    emptied = [grant.key not in after for grant in in_turn]
    assert all(all(emptied[:n]) for n, is_touched in enumerate(touched) if is_touched)


@st.composite
def movements(draw):
    moves = []
    for number in range(draw(st.integers(0, 25))):
        size, status = draw(SIZES), draw(st.sampled_from(TransactionStatus))
        type_ = draw(st.sampled_from(TransactionType))
        brought = Grant(number, size, NOW, draw(st.none() | st.integers(1, 3)), expires_at=draw(st.none() | INSTANTS))
        grant_ = brought if type_ is CREDIT else None
        moves.append(Movement(type_, status, TransactionReason.CREDIT_ADJUSTMENT, size, NOW, grant_))
    return moves


@given(movements())
def test_after_any_history_the_balance_is_the_sum_of_rows_and_of_what_is_left_in_grants(history):
    balance, grants, total = Decimal(0), (), Decimal(0)
    for movement in history:
        try:
            posting = post(balance, grants, movement)
        except LedgerOverdrawn:
            assert movement.credits > balance
            continue
        assert posting.balance_before == balance
        balance, grants = posting.balance_after, posting.grants
        if movement.status is COMPLETED:
            total += movement.credits if movement.type is CREDIT else -movement.credits
        assert balance == total == sum(grant.available for grant in grants)
        assert balance >= 0


def test_credits_no_longer_count_from_the_instant_they_expire():
    grants = [grant(1, "1", expires_at=NOW), grant(2, "2", expires_at=NOW + timedelta(microseconds=1)), grant(3, "4")]
    assert expired_credits(grants, NOW) == 1


def test_the_next_expiry_sums_what_expires_together():
    soon, later = NOW + DAY, NOW + 2 * DAY
    grants = [
        grant(1, "1", expires_at=later),
        grant(2, "2", expires_at=soon),
        grant(3, "4", expires_at=soon),
        grant(4, "8", expires_at=NOW),
        grant(5, "0", expires_at=NOW + timedelta(hours=1)),
        grant(6, "16"),
    ]
    coming = next_to_expire(grants, NOW)
    assert (coming.available, coming.expires_at) == (Decimal(6), soon)


def test_nothing_expires_next_where_no_credits_have_a_date_ahead():
    assert next_to_expire([grant(1), grant(2, expires_at=NOW)], NOW) is None


@given(GRANTS)
def test_every_credit_is_expired_or_expires_later_or_never(grants):
    never = sum(grant.available for grant in grants if grant.expires_at is None)
    later = sum(g.available for g in grants if g.expires_at is not None and g.expires_at > NOW)
    assert expired_credits(grants, NOW) + later + never == sum(grant.available for grant in grants)
    coming = next_to_expire(grants, NOW)
    assert (coming is None) == (later == 0)
    assert coming is None or coming.expires_at > NOW
