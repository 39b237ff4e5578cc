"""What a meter reads from an event."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.metering import (
    MAX_UNITS,
    AggregationType,
    MeterRule,
    Unusable,
    label_of,
    property_at,
    text_of,
    units_of,
)


@given(st.integers(-MAX_UNITS, MAX_UNITS))
def test_every_number_that_fits_is_read_exactly_however_it_is_written(units):
    value = Decimal(units).scaleb(-6)
    assert units_of(value) == units_of(f"{value:f}") == units_of(f"{units}e-6") == units
    if units % 10**6 == 0:
        assert units_of(units // 10**6) == units


@given(st.text() | st.integers() | st.decimals() | st.none() | st.booleans() | st.lists(st.integers()))
def test_anything_is_a_number_and_a_text_or_unusable(value):
    with contextlib.suppress(Unusable):
        assert -MAX_UNITS <= units_of(value) <= MAX_UNITS
    with contextlib.suppress(Unusable):
        assert len(text_of(value)) <= 255


def test_a_float_is_a_mistake_of_the_program():
    with pytest.raises(TypeError, match="use Decimal"):
        units_of(0.1)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (1, "1"), (Decimal("1.0"), "1"), (Decimal("1E+2"), "100"), (Decimal("0.10"), "0.1"), (True, "true"),
     (False, "false"), ("", ""), (Decimal("1E+300"), "1E+300"), (Decimal("-0.0"), "0"),
     (Decimal("1" * 70), "1" * 70)],
)  # fmt: skip
def test_a_propertys_text_is_the_same_however_a_number_is_written(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, "x" * 256, "a\0b", 10**300])
def test_what_is_no_text_is_unusable(value):
    with pytest.raises(Unusable):
        text_of(value)


def test_a_dotted_path_finds_the_property_of_that_name_first():
    assert property_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert property_at({"a": {"b": {"c": 3}}}, "a.b.c") == 3
    assert property_at({"a": 1}, "a.b") is None
    assert property_at({"a": {}}, "a.b") is None


def test_a_label_of_nothing_or_of_a_list_is_empty():
    assert [label_of({"a": value}, "a") for value in (None, [1], 2)] == ["", "", "2"]


def test_a_filter_that_finds_no_text_keeps_the_event_out():
    rule = MeterRule(1, "call", AggregationType.COUNT, filters=(("model", frozenset({"", "large"})),))
    assert [rule.read({"model": model}) for model in ("large", "", "small", None, ["large"])] == [
        0,
        0,
        None,
        None,
        None,
    ]
