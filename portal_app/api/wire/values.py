"""How the dialect writes values (decimals as unpadded strings, times as RFC 3339 with `Z`), and how it reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from portal_app.billing.money import is_currency, plain
from portal_app.billing.periods import known_zones

T = TypeVar("T")

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,30})?")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
DECIMAL_PATTERN = r"^-?\d+(\.\d*[1-9])?$"
MAX_METADATA = 50


def wire_time(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with `Z`, with fractions only where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _count_or_decimal(value: Decimal) -> int | str:
    return int(value) if value == value.to_integral_value() else plain(value)


WireTime = Annotated[
    datetime,
    PlainSerializer(wire_time, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
WireDecimal = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DECIMAL_PATTERN, "examples": ["43.42"]}),
]

WireCount = Annotated[
    Decimal,
    PlainSerializer(_count_or_decimal, return_type=int | str),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": DECIMAL_PATTERN}]}),
]
"""A count, which the dialect writes as an integer. A part of one, which it does not know, is a decimal."""


def _is_none(value: object) -> bool:
    return value is None


Omitted = Annotated[T | None, Field(exclude_if=_is_none)]
"""A field that is left out when there is nothing to say; its default is None."""


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("must be a time such as 2026-01-20T12:00:00Z")
    instant = datetime.fromisoformat(value.upper())
    if not _FIRST_YEAR <= instant.year < _LAST_YEAR:
        raise ValueError(f"must be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant.astimezone(UTC)


def _decimal(value: object) -> object:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return value.rstrip("0").rstrip(".") if "." in value else value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError('must be a decimal such as "43.42"')


def _currency(value: str) -> str:
    if not is_currency(value.lower()):
        raise ValueError("must be an ISO 4217 code such as usd")
    return value.lower()


def _zone(value: str) -> str:
    if value not in known_zones():
        raise ValueError("must be an IANA time zone such as Europe/Berlin")
    return value


def _nothing(value: object) -> None:
    if value not in _NOTHING:
        raise ValueError("is not supported")


def _decimal_schema(decimals: int) -> WithJsonSchema:
    whole = 18 - decimals
    text = {"type": "string", "pattern": rf"^[0-9]{{1,{whole}}}(\.[0-9]{{1,{decimals}}})?$"}
    number = {"type": "number", "minimum": 0, "exclusiveMaximum": 10**whole}
    return WithJsonSchema({"anyOf": [text, number]}, mode="validation")


Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")
]
_NOTHING: list[object] = [None, "", {}, []]
Unsupported = Annotated[None, BeforeValidator(_nothing), WithJsonSchema({"enum": _NOTHING}, mode="validation")]
"""A documented field that would change what is charged: it may be empty, and is refused by name if it is not."""
_FROM_TEXT = BeforeValidator(_decimal)
_MONEY = Field(max_digits=18, decimal_places=6, allow_inf_nan=False)
_RATE = Field(max_digits=18, decimal_places=12, allow_inf_nan=False)

Amount = Annotated[Decimal, _FROM_TEXT, _MONEY, Field(ge=0), _decimal_schema(6)]
"""Money, credits or a quantity, not negative: sent as a string or a JSON number, 10⁻⁶ to 10¹²."""
PositiveAmount = Annotated[Decimal, _FROM_TEXT, _MONEY, Field(gt=0), _decimal_schema(6)]
Rate = Annotated[Decimal, _FROM_TEXT, _RATE, Field(ge=0), _decimal_schema(12)]
"""A unit price, not negative: 10⁻¹² to 10⁶."""
PositiveRate = Annotated[Decimal, _FROM_TEXT, _RATE, Field(gt=0), _decimal_schema(12)]

Currency = Annotated[str, StringConstraints(min_length=3, max_length=3), AfterValidator(_currency)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[str, StringConstraints(max_length=255)]
Texts = Annotated[list[Text], Field(max_length=100)]
"""What a property may be: one of these."""
LongText = Annotated[str, StringConstraints(max_length=1000)]
ObjectId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=255)]
"""An operator's own key: external id, lookup key, idempotency key."""
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=128)], LongText], Field(max_length=MAX_METADATA)
]
Count = Annotated[int, Field(ge=1, le=10_000)]
