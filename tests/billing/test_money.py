"""Exact amounts: rounding happens once and half up, currencies never mix, credits are worth what their rate says."""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.money import (
    CURRENCIES,
    MONEY_SCALE,
    RATE_SCALE,
    CurrencyMismatch,
    Money,
    is_currency,
    is_worth,
    minor_digits,
    plain,
    quantize,
    value_of_credits,
)

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, places=6)
SMALL_AMOUNTS = st.decimals(min_value=-100_000, max_value=100_000, places=6)
RATES = st.decimals(min_value=Decimal("0.000000000001"), max_value=1_000_000, places=12)


@pytest.mark.parametrize(
    ("currency", "digits"), [("usd", 2), ("eur", 2), ("jpy", 0), ("krw", 0), ("kwd", 3), ("tnd", 3), ("clf", 4)]
)
def test_a_currency_has_the_minor_units_of_iso_4217(currency, digits):
    assert minor_digits(currency) == digits


def test_no_minor_units_are_guessed_for_an_unknown_currency():
    with pytest.raises(KeyError):
        minor_digits("xxx")


@pytest.mark.parametrize("code", ["usd", "jpy", "xcg"])
def test_an_active_code_in_lower_case_is_a_currency(code):
    assert is_currency(code)


@pytest.mark.parametrize("code", ["USD", "", "us", "usdd", "dem", "usd\n", "u$d"])
def test_anything_else_is_no_currency(code):
    assert not is_currency(code)


def test_every_currency_is_listed_once_with_0_2_3_or_4_decimals():
    assert set(CURRENCIES.values()) == {0, 2, 3, 4}
    assert all(is_currency(code) and re.fullmatch("[a-z]{3}", code) for code in CURRENCIES)


@given(AMOUNTS, AMOUNTS)
def test_adding_and_subtracting_are_exact_and_undo_each_other(left, right):
    together = Money(left, "usd") + Money(right, "usd")
    assert Fraction(together.amount) == Fraction(left) + Fraction(right)
    assert together - Money(right, "usd") == Money(left, "usd")
    assert Money(left, "usd") + -Money(left, "usd") == Money(Decimal(0), "usd")


def test_two_currencies_are_never_added():
    with pytest.raises(CurrencyMismatch, match="usd and eur cannot be added"):
        Money(Decimal(1), "usd") + Money(Decimal(1), "eur")


def test_two_currencies_are_never_subtracted():
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "usd") - Money(Decimal(1), "jpy")


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("136.579566", "usd", "136.58"),
        ("0.005", "usd", "0.01"),
        ("-0.005", "usd", "-0.01"),
        ("0.0049", "usd", "0.00"),
        ("0.5", "jpy", "1"),
        ("7.3455", "kwd", "7.346"),
        ("1000000000000.005", "usd", "1000000000000.01"),
    ],
)
def test_rounding_is_half_up_to_the_minor_unit(amount, currency, rounded):
    assert str(Money(Decimal(amount), currency).rounded().amount) == rounded


@given(AMOUNTS, st.sampled_from(sorted(CURRENCIES)))
def test_rounding_moves_an_amount_by_half_a_unit_at_most_and_twice_is_once(amount, currency):
    rounded = Money(amount, currency).rounded()
    assert abs(rounded.amount - amount) <= Decimal("0.5").scaleb(-minor_digits(currency))
    assert rounded.rounded() == rounded
    assert (-Money(amount, currency)).rounded() == -rounded


@given(st.lists(AMOUNTS, max_size=20))
def test_rounding_keeps_the_order_of_amounts(amounts):
    rounded = [Money(amount, "usd").rounded().amount for amount in sorted(amounts)]
    assert rounded == sorted(rounded)


@given(st.decimals(min_value=-(10**30), max_value=10**30, places=20), st.integers(0, 12))
def test_quantize_is_exact_whatever_the_size_and_the_ambient_precision(value, digits):
    with localcontext() as exact:
        exact.prec = 100
        expected = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    with localcontext() as narrow:
        narrow.prec = 4
        assert quantize(value, digits) == expected


def test_money_is_kept_to_six_decimals_and_rates_to_twelve():
    assert (MONEY_SCALE, RATE_SCALE) == (6, 12)


@pytest.mark.parametrize(
    ("value", "written"),
    [("43.420", "43.42"), ("5.000", "5"), ("1E+2", "100"), ("100", "100"), ("-0.50", "-0.5"), ("0E-7", "0")],
)
def test_a_decimal_is_written_without_exponent_and_padding(value, written):
    assert plain(Decimal(value)) == written


@pytest.mark.parametrize("value", ["-0", "-0.000"])
def test_nothing_is_written_without_a_sign(value):
    assert plain(Decimal(value)) == "0"


def test_the_reference_wallet_is_worth_what_the_page_says():
    assert value_of_credits(Decimal("434.2"), Decimal("0.1")) == Decimal("43.42")


@given(AMOUNTS, RATES)
def test_credits_are_worth_their_rate_to_the_last_digit_kept(credits_, rate):
    value = value_of_credits(credits_, rate)
    assert abs(Fraction(value) - Fraction(credits_) * Fraction(rate)) <= Fraction(1, 2 * 10**6)
    assert value_of_credits(-credits_, rate) == -value


@given(SMALL_AMOUNTS, SMALL_AMOUNTS, st.decimals(min_value=0, max_value=1000, places=0))
def test_a_rate_without_decimals_makes_value_additive(one, other, rate):
    together = value_of_credits(one + other, rate)
    assert together == value_of_credits(one, rate) + value_of_credits(other, rate)


@given(AMOUNTS, RATES)
def test_credits_are_worth_what_they_came_to_and_money_what_it_bought(amount, rate):
    assert is_worth(amount, value_of_credits(amount, rate), rate)
    with localcontext() as exact:
        exact.prec = 100
        bought = quantize(amount / rate, 6)
    assert is_worth(bought, amount, rate)


@pytest.mark.parametrize(
    ("credits_", "amount", "rate", "holds"),
    [
        ("365.8", "36.58", "0.1", True),
        ("365.8", "36.580001", "0.1", False),
        ("365.8", "36.5", "0.1", False),
        ("3.333333", "10", "3", True),
        ("3.333333", "9.999999", "3", True),
        ("3.333333", "9.999998", "3", True),
        ("3.333333", "9.999996", "3", False),
        ("333.333333", "10", "0.03", True),
        ("200", "20", "1", False),
    ],
)
def test_credits_and_money_that_are_not_the_same_at_their_rate_are_told_apart(credits_, amount, rate, holds):
    assert is_worth(Decimal(credits_), Decimal(amount), Decimal(rate)) is holds
