"""Numbers as files write them: one meaning, or refused."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.imports.numbers import read_number
from portal_app.imports.problems import BadCell


@pytest.mark.parametrize(
    ("text", "value", "mark"),
    [
        ("0", "0", ""),
        ("007", "7", ""),
        ("-5", "-5", ""),
        ("+5", "5", ""),
        ("\u22125", "-5", ""),
        ("434.2", "434.2", "."),
        ("1.234", "1.234", "."),
        (".5", "0.5", "."),
        ("-.5", "-0.5", "."),
        ("1,234.50", "1234.50", "."),
        ("-1,234,567.5", "-1234567.5", "."),
        ("1,234,567", "1234567", "."),
        ("1'234.50", "1234.50", "."),
        ("1 234.50", "1234.50", "."),
        ("5.000,00", "5000.00", ","),
        ("1.234.567", "1234567", ","),
        ("1\u202f234,5", "1234.5", ","),
        ("12,50", "12.50", ","),
        ("0,123", "0.123", ","),
        ("1234,567", "1234.567", ","),
        ("1 234", "1234", ""),
    ],
)
def test_a_number_with_one_meaning_is_read_exactly(text, value, mark):
    assert read_number(text) == (Decimal(value), mark)


@pytest.mark.parametrize("text", ["1,234", "-1,234", "12,345", "999,000"])
def test_a_comma_that_may_group_or_divide_is_refused_with_both_readings(text):
    with pytest.raises(BadCell, match=f"{text.replace(',', '')} or {text.replace(',', '.')}"):
        read_number(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "5.", "1e5", "1.2E+05", "NaN", "Infinity", "1_000", "$5", "5 %", "(5)", "5-", "--5", "1,00,000.00",
     "1,23.4", "12,34.5", "1.234.5", "1,234.5,6", "1234,567.8", "\u0663", "1\u00a0000\u00a000", "0x10", "five"],
)  # fmt: skip
def test_anything_else_is_not_a_number(text):
    with pytest.raises(BadCell, match="is not a number such as"):
        read_number(text)


def test_an_endless_number_is_refused_before_it_is_read():
    with pytest.raises(BadCell, match="is too long for a number"):
        read_number("1" * 1_000_000)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_grouping_never_changes_a_number(value):
    grouped = f"{value:,.6f}"
    assert read_number(f"{value:f}")[0] == value
    assert read_number(grouped)[0] == value
    assert read_number(grouped.translate(str.maketrans(",.", ".,")))[0] == value


@given(st.text(max_size=40))
def test_no_text_makes_it_fail_otherwise(text):
    with contextlib.suppress(BadCell):
        value, mark = read_number(text)
        assert value.is_finite()
        assert mark in {"", ".", ","}
