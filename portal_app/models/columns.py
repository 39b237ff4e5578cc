"""Column types that keep money exact and time in UTC, and the columns every table shares."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, DateTime, Enum, Integer, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel
from ulid import ULID

from portal_app.billing.money import MONEY_SCALE, RATE_SCALE, DoesNotFit

BIGINT_MAX = 2**63 - 1
BIGINT_DIGITS = 19
IntegerKey = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for a column whose type is exactly INTEGER."""

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class ScaledDecimal(TypeDecorator[Decimal]):
    """An exact decimal as a BIGINT of 10⁻ˢ units, so that SQL sums are exact on SQLite and PostgreSQL alike.

    `sum()` over it yields a Decimal in the same unit: PostgreSQL's numeric and SQLite's integer both convert.
    """

    impl = BigInteger
    cache_ok = True
    scale: ClassVar[int]

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        """Scale up exactly.

        Raises:
            DoesNotFit: more decimals than the scale, or more digits than a BIGINT.
            TypeError: a float, which was never exact.
        """
        return None if value is None else to_units(value, self.scale)

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Decimal | None:
        """Scale down exactly."""
        return None if value is None else Decimal(value).scaleb(-self.scale)


class MoneyColumn(ScaledDecimal):
    """Money, credits and quantities: 10⁻⁶, up to about ±9.2 trillion."""

    scale = MONEY_SCALE
    cache_ok = True


class RateColumn(ScaledDecimal):
    """Unit prices and conversion rates: 10⁻¹², up to about ±9.2 million."""

    scale = RATE_SCALE
    cache_ok = True


def to_units(value: Decimal | int, scale: int) -> int:
    """Return `value` as an integer of 10⁻ˢᶜᵃˡᵉ units.

    Raises:
        DoesNotFit: it would have to be rounded or does not fit a BIGINT.
        TypeError: it is a float.
    """
    if isinstance(value, float):
        raise TypeError("a float is not exact: use Decimal")
    given, value = value, Decimal(value)
    if not value.is_finite():
        raise DoesNotFit(given, "is not a number that can be stored")
    _, digits, exponent = value.as_tuple()
    shift = int(exponent) + scale
    units = int("".join(map(str, digits)) or "0")
    if shift < 0:
        units, lost = divmod(units, 10**-shift)
        if lost:
            raise DoesNotFit(given, f"has more than {scale} decimals")
    elif shift > BIGINT_DIGITS and units:
        raise DoesNotFit(given, "is too large")
    else:
        units *= 10**shift
    if units > BIGINT_MAX:
        raise DoesNotFit(given, "is too large")
    return -units if value.is_signed() else units


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Naive values are refused; what comes back is aware and in UTC on both engines."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC.

        Raises:
            ValueError: the value carries no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Attach or convert to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word_column(words: type[StrEnum], name: str, *, nullable: bool = False) -> Column[Any]:
    """Return a column that holds one word of a closed vocabulary, enforced by a CHECK constraint."""
    kind = Enum(
        words,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=_values,
    )
    return Column(name, kind, nullable=nullable)


def _values(words: type[StrEnum]) -> list[str]:
    return [word.value for word in words]


def metadata_column() -> Column[Any]:
    """Return the column of an operator's own words about a row: text by name, `metadata` on the wire."""
    return Column("metadata", JSON, nullable=False, server_default=text("'{}'"))


def new_public_id(prefix: str) -> str:
    """Return a new id for the wire, such as `inv_01J…`: the noun's prefix and a ULID."""
    return f"{prefix}_{ULID()}"


class Row(SQLModel):
    """The columns of every table: the inner key and when the row was made and last changed (UTC)."""

    id: int | None = Field(default=None, primary_key=True, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
