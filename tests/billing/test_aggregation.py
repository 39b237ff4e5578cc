"""Cells: in whatever portions and order events come, the same events make the same cell and the same quantity."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.aggregation import Cell, joined, merged, moment_since_1970, moment_within, quantity, split
from portal_app.billing.instants import QUARTER_HOUR, bucket_of, bucket_start, instant, micros
from portal_app.billing.metering import MAX_UNITS, AggregationType, MeterRule
from portal_app.billing.periods import TimeRange

PERIOD = TimeRange(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
START = micros(PERIOD.start_at)
SECONDS = 31 * 86400

values = st.integers(-MAX_UNITS, MAX_UNITS)
events = st.lists(
    st.tuples(values, st.integers(START, START + SECONDS * 10**6 - 1), st.text("ab", max_size=3)),
    unique_by=lambda e: e[1:],
)


def cell_of(aggregation, taken):
    cell = Cell()
    for value, at, event_id in taken:
        cell.take(aggregation, str(value % 5) if aggregation is AggregationType.COUNT_UNIQUE else value, at, event_id)
    return cell


def expected(aggregation, taken):  # noqa: PLR0911 (a table of eight)
    numbers = [Fraction(value, 10**6) for value, _, _ in taken]
    if aggregation is AggregationType.COUNT:
        return Fraction(len(taken))
    if aggregation is AggregationType.COUNT_UNIQUE:
        return Fraction(len({value % 5 for value, _, _ in taken}))
    if not taken:
        return Fraction(0)
    if aggregation is AggregationType.MAX:
        return max(numbers)
    if aggregation is AggregationType.LATEST:
        return Fraction(max((at, event_id, value) for value, at, event_id in taken)[2], 10**6)
    if aggregation is AggregationType.AVG:
        return rounded(sum(numbers) / len(numbers))
    if aggregation is AggregationType.SUM_WITH_MULTIPLIER:
        return sum(numbers) * Fraction("0.125")
    if aggregation is AggregationType.WEIGHTED_SUM:
        end = START // 10**6 + SECONDS
        return rounded(sum(Fraction(value * (end - at // 10**6), SECONDS * 10**6) for value, at, _ in taken))
    return sum(numbers)


def rounded(value):
    """Half up, away from zero, to twelve decimals."""
    steps = int(abs(value) * 10**12 + Fraction(1, 2))
    return Fraction(steps if value >= 0 else -steps, 10**12)


@pytest.mark.parametrize("aggregation", AggregationType)
@given(taken=events, cuts=st.lists(st.integers(0, 30), max_size=4), chance=st.randoms(use_true_random=False))
def test_any_portions_in_any_order_make_the_quantity_of_all_events(aggregation, taken, cuts, chance):
    whole = cell_of(aggregation, taken)
    shuffled = chance.sample(taken, len(taken))
    ends = [0, *sorted(min(cut, len(taken)) for cut in cuts), len(taken)]
    portions = [cell_of(aggregation, shuffled[start:end]) for start, end in pairwise(ends)]
    chance.shuffle(portions)
    assert merged(portions) == whole
    assert quantity(whole, aggregation, Decimal("0.125"), PERIOD) == expected(aggregation, taken)


@given(st.lists(st.integers(-(2**72), 2**72), max_size=50))
def test_a_number_in_two_parts_adds_up_part_by_part(numbers):
    parts = [split(number) for number in numbers]
    assert joined(sum(high for high, _ in parts), sum(low for _, low in parts)) == sum(numbers)
    assert all(0 <= low < 2**32 for _, low in parts)
    assert all(abs(high) <= 2**40 for high, _ in parts)


@given(
    st.lists(st.tuples(values, st.integers(0, QUARTER_HOUR - 1)), min_size=1, max_size=20), st.integers(0, 3_000_000)
)
def test_a_moment_kept_within_its_quarter_hour_is_small_and_comes_back_whole(taken, bucket):
    cell = Cell()
    for value, offset in taken:
        cell.take(AggregationType.WEIGHTED_SUM, value, bucket * QUARTER_HOUR + offset, "e")
    within = moment_within(cell, bucket)
    assert abs(split(within)[0]) < 2**62 // 1_000_000
    assert moment_since_1970(within, cell.total, bucket) == cell.moment


def test_a_cell_without_a_moment_keeps_none():
    assert moment_within(Cell(3, 5), 7) is None


def test_instants_are_stored_as_microseconds_and_quarter_hours_since_1970():
    assert micros(datetime(2026, 1, 20, 12, tzinfo=UTC)) == 1_768_910_400_000_000
    assert bucket_of(datetime(2026, 1, 20, 12, tzinfo=UTC)) == 1_768_910_400 // 900


def test_a_sum_is_multiplied_by_one_unless_its_meter_says_more():
    assert quantity(Cell(1, 5_000_000), AggregationType.SUM_WITH_MULTIPLIER) == 5
    assert MeterRule(1, "call", AggregationType.SUM_WITH_MULTIPLIER).multiplier == 1


def test_a_cell_keeps_only_what_its_aggregation_needs():
    assert cell_of(AggregationType.COUNT, [(5, START, "a")]) == Cell(events=1)
    assert cell_of(AggregationType.SUM, [(5, START, "a")]) == Cell(events=1, total=5)


def test_without_events_there_is_no_quantity_however_short_the_period():
    quarter_hour = TimeRange(PERIOD.start_at, PERIOD.start_at + timedelta(minutes=15))
    assert quantity(Cell(), AggregationType.WEIGHTED_SUM, period=quarter_hour) == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_half_of_the_last_decimal_is_rounded_away_from_zero(sign):
    average = quantity(Cell(events=128, total=sign), AggregationType.AVG)  # 0.0000000078125
    assert average == sign * Decimal("0.000000007813")


def test_a_sum_weighted_by_time_without_its_period_is_an_error():
    with pytest.raises(ValueError, match="needs its period"):
        quantity(Cell(), AggregationType.WEIGHTED_SUM)


@pytest.mark.parametrize(
    "at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, 12, 14, 59, 999999, tzinfo=UTC)]
)
def test_instants_come_back_to_the_microsecond_and_lie_in_their_quarter_hour(at):
    assert instant(micros(at)) == at
    assert bucket_start(bucket_of(at)) <= at < bucket_start(bucket_of(at)) + timedelta(minutes=15)
