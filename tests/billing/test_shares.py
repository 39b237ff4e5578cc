"""Shares of an amount add up to it."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.shares import shares

cents = st.integers(-(10**15), 10**15).map(lambda units: Decimal(units).scaleb(-2))
weights = st.lists(st.integers(0, 10**12).map(lambda units: Decimal(units).scaleb(-6)), max_size=30)


@given(cents, weights)
def test_the_shares_of_all_weights_are_the_amount_and_each_is_in_proportion_to_the_cent(amount, parts):
    whole = sum(parts, Decimal(0))
    found = shares(amount, parts, whole, 2)
    assert sum(found) == (amount if whole else 0)
    for share, part in zip(found, parts, strict=True):
        assert not whole or abs(share * whole - amount * part) <= whole * Decimal("0.01")


def test_nothing_has_a_share_in_nothing():
    assert shares(Decimal(5), [Decimal(0), Decimal(0)], Decimal(0), 2) == [0, 0]
