"""What a meter reads from an event."""

import contextlib
from dataclasses import replace
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
    ("value", "units"),
    [("1", 10**6), ("+1.5e3", 1_500_000_000), ("-0.000001", -1), ("1E-6", 1), ("0" * 39 + "1.0", 10**6),
     ("1." + "0" * 40, 10**6), (Decimal("1.0000000"), 10**6), (-2, -2_000_000), ("9223372036854.775807", 2**63 - 1)],
)  # fmt: skip
def test_a_number_is_read_from_whatever_json_has_of_it(value, units):
    assert units_of(value) == units


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        *((value, "is not a number") for value in (
            True, False, None, [1], "", " 1", "1 ", "1,5", "1_000", ".5", "5.", "0x1", "1e", "1e1234", "٣", "NaN",
            "0" * 41, "0." + "0" * 41, Decimal("NaN"), Decimal("Infinity"),
        )),
        *((value, "has more than 6 decimals") for value in ("0.0000001", Decimal("1.2345678"), "1e-7")),
        *((value, "is too large") for value in (
            10**13, -(10**13), "9223372036854.775808", Decimal("-9223372036854.775808"), "1e999", Decimal("1E+70"),
        )),
    ],
)  # fmt: skip
def test_what_is_no_number_that_can_be_kept_says_why(value, problem):
    with pytest.raises(Unusable, match=f"^{problem}$"):
        units_of(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (1, "1"), (Decimal("1.0"), "1"), (Decimal("1E+2"), "100"), (Decimal("0.10"), "0.1"), (True, "true"),
     (False, "false"), ("", ""), (Decimal("1E+300"), "1E+300"), (Decimal("-0.0"), "0"),
     (Decimal("1" * 70), "1" * 70), (Decimal("1E+254"), "1" + "0" * 254), (Decimal("1E+255"), "1E+255"),
     (Decimal("1E-255"), "1E-255"), ("x" * 255, "x" * 255)],
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


RULE = MeterRule(1, "call", AggregationType.SUM, field="usage.tokens")


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [(AggregationType.COUNT, 0), (AggregationType.COUNT_UNIQUE, "1.5"), (AggregationType.SUM, 1_500_000)],
)
def test_a_meter_reads_nothing_a_text_or_a_number_as_its_aggregation_needs(aggregation, value):
    assert replace(RULE, aggregation=aggregation).read({"usage": {"tokens": Decimal("1.50")}}) == value


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({}, "is missing"),
        ({"usage": {"tokens": None}}, "is missing"),
        ({"usage": {"tokens": "many"}}, "is not a number"),
    ],
)
def test_a_property_that_cannot_be_used_is_named(properties, problem):
    with pytest.raises(Unusable, match=f"^usage.tokens {problem}$"):
        RULE.read(properties)


def test_an_event_passes_all_filters_or_is_not_counted():
    filters = (("model", frozenset({"large"})), ("region", frozenset({"eu"})))
    rule = replace(RULE, aggregation=AggregationType.COUNT, filters=filters)
    assert rule.read({"model": "large", "region": "eu"}) == 0
    assert rule.read({"model": "large", "region": "us"}) is None
    assert rule.read({"model": "small", "region": "eu"}) is None


def test_a_filter_that_finds_no_text_keeps_the_event_out():
    rule = MeterRule(1, "call", AggregationType.COUNT, filters=(("model", frozenset({"", "large"})),))
    assert [rule.read({"model": model}) for model in ("large", "", "small", None, ["large"])] == [
        0,
        0,
        None,
        None,
        None,
    ]
