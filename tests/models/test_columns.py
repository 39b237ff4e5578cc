"""Exact decimals and aware instants: what goes in comes out, on both engines, or is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Column, DateTime, Float, Integer, MetaData, Numeric, Table, func, insert, select
from sqlalchemy.exc import OperationalError, StatementError
from sqlmodel import SQLModel

from portal_app.models.columns import (
    BIGINT_MAX,
    DoesNotFit,
    MoneyColumn,
    RateColumn,
    UtcDateTime,
    new_public_id,
    to_units,
)

exact = Table(
    "exact",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("money", MoneyColumn),
    Column("rate", RateColumn),
    Column("at", UtcDateTime),
)
MONEY = st.integers(-BIGINT_MAX, BIGINT_MAX).map(lambda units: Decimal(units).scaleb(-6))
on_one_table = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def connection(database):
    with database.engine.connect() as connection:
        exact.create(connection)
        yield connection


def stored(connection, **values):
    connection.execute(exact.delete())
    connection.execute(insert(exact).values(**values))
    return connection.execute(select(exact)).one()


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-0.000001",
        "43.42",
        "1234567890123.456789",
        "9223372036854.775807",
        "-9223372036854.775807",
        "100000000000000000000e-9",
    ],
)
def test_money_comes_back_to_the_last_digit(connection, amount):
    assert stored(connection, money=Decimal(amount)).money == Decimal(amount)


@pytest.mark.parametrize("rate", ["0.1", "0.000000000001", "9223372.036854775807", "0.000025"])
def test_rates_come_back_to_the_last_digit(connection, rate):
    assert stored(connection, rate=Decimal(rate)).rate == Decimal(rate)


def test_a_whole_number_and_nothing_are_stored_as_they_are(connection):
    row = stored(connection, money=20, rate=None)
    assert (row.money, row.rate) == (Decimal(20), None)


@on_one_table
@given(amounts=st.lists(MONEY, max_size=8))
def test_sums_in_sql_are_exact(connection, amounts):
    if abs(sum(amounts)) > Decimal(BIGINT_MAX).scaleb(-6):
        amounts = [amount / 8 for amount in amounts]
        amounts = [amount.quantize(Decimal("0.000001")) for amount in amounts]
    connection.execute(exact.delete())
    for amount in amounts:
        connection.execute(insert(exact).values(money=amount))
    found = connection.execute(select(func.coalesce(func.sum(exact.c.money), 0))).scalar_one()
    assert found == sum(amounts)


def test_ten_thousand_tenths_are_a_thousand(connection):
    connection.execute(insert(exact), [{"money": Decimal("0.1")}] * 10_000)
    assert connection.execute(select(func.sum(exact.c.money))).scalar_one() == 1000


def test_a_sum_beyond_the_column_is_exact_or_an_error_but_never_wrong(connection):
    largest = Decimal(BIGINT_MAX).scaleb(-6)
    connection.execute(insert(exact), [{"money": largest}] * 2)
    total = select(func.sum(exact.c.money))
    if connection.dialect.name == "sqlite":
        with pytest.raises(OperationalError, match="integer overflow"):
            connection.execute(total)
    else:
        assert connection.execute(total).scalar_one() == 2 * largest


def test_amounts_compare_and_sort_as_numbers(connection):
    connection.execute(insert(exact), [{"money": Decimal(text)} for text in ("9", "10", "-1", "0.5")])
    above = select(exact.c.money).where(exact.c.money > Decimal("0.5")).order_by(exact.c.money)
    assert connection.execute(above).scalars().all() == [9, 10]


@pytest.mark.parametrize("column", ["money", "rate"])
@pytest.mark.parametrize("value", [0.1, 1.0, float("nan")])
def test_a_float_is_refused(connection, column, value):
    with pytest.raises(StatementError, match="a float is not exact"):
        stored(connection, **{column: value})


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("money", "0.0000001", "1E-7 has more than 6 decimals"),
        ("money", "136.5795665", "136.5795665 has more than 6 decimals"),
        ("rate", "0.0000000000001", "has more than 12 decimals"),
        ("money", "9223372036854.775808", "is too large"),
        ("money", "-9223372036854.775808", "is too large"),
        ("rate", "10000000", "10000000 is too large"),
        ("money", "1e400", "is too large"),
        ("money", "NaN", "NaN is not a number that can be stored"),
        ("money", "-Infinity", "is not a number that can be stored"),
    ],
)
def test_what_does_not_fit_is_refused_and_never_rounded(connection, column, value, why):
    with pytest.raises(StatementError, match=why):
        stored(connection, **{column: Decimal(value)})


@given(MONEY)
def test_units_are_the_amount_shifted_by_the_scale(amount):
    assert Decimal(to_units(amount, 6)).scaleb(-6) == amount
    assert to_units(-amount, 6) == -to_units(amount, 6)


@given(st.decimals(allow_nan=True, allow_infinity=True), st.sampled_from([6, 12]))
def test_any_decimal_is_kept_exactly_or_refused(value, scale):
    try:
        units = to_units(value, scale)
    except DoesNotFit:
        return
    assert Decimal(units) == value.scaleb(scale)
    assert abs(units) <= BIGINT_MAX


INSTANT = datetime(2026, 1, 6, 14, 5, 59, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    "instant",
    [
        INSTANT,
        INSTANT.astimezone(ZoneInfo("Asia/Kathmandu")),
        INSTANT.astimezone(timezone(-timedelta(hours=9, minutes=30))),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1816, 2, 29, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_aware_in_utc(connection, instant):
    at = stored(connection, at=instant).at
    assert at == instant
    assert at.utcoffset() == timedelta(0)


def test_the_second_of_two_equal_wall_times_stays_the_second(connection):
    repeated = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    assert stored(connection, at=repeated).at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_no_instant_comes_back_as_none(connection):
    assert stored(connection, at=None).at is None


def test_a_naive_time_is_refused(connection):
    with pytest.raises(StatementError, match="2026-01-06 00:00:00 has no time zone"):
        stored(connection, at=datetime(2026, 1, 6))


def test_instants_compare_and_sort_in_sql_whatever_zone_they_came_in(connection):
    tokyo, lima = ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Lima")
    instants = [datetime(2026, 1, 7, 3, tzinfo=tokyo), datetime(2026, 1, 6, 14, tzinfo=lima), INSTANT]
    connection.execute(insert(exact), [{"at": instant} for instant in instants])
    later = select(exact.c.at).where(exact.c.at > INSTANT.astimezone(lima)).order_by(exact.c.at)
    assert connection.execute(later).scalars().all() == [instants[0], instants[1]]


def columns():
    return [column for table in SQLModel.metadata.sorted_tables for column in table.columns]


def test_no_table_has_a_column_that_is_inexact_or_forgets_its_zone():
    bare = [column for column in columns() if isinstance(column.type, Numeric | Float | DateTime)]
    assert not bare, [str(column) for column in bare]


def test_every_instant_is_named_as_one():
    instants = [column for column in columns() if isinstance(column.type, UtcDateTime)]
    assert instants
    assert [str(column) for column in instants if not column.name.endswith("_at") and column.name != "at"] == []


def test_public_ids_carry_their_noun_and_never_repeat():
    ids = {new_public_id("inv") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(public_id.startswith("inv_") and len(public_id) == 30 for public_id in ids)
