"""What a meter takes from an event: the events it matches, and the value it reads from each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation
from enum import StrEnum

from portal_app.billing.money import MONEY_SCALE

QUANTITY_SCALE = MONEY_SCALE
"""Decimals of a value that an event may bring."""
MAX_UNITS = 2**63 - 1
MAX_TEXT = 255

_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_STEP = Decimal(1).scaleb(-QUANTITY_SCALE)
_UNIT = 10**QUANTITY_SCALE
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


class AggregationType(StrEnum):
    """How a meter makes one quantity of many events."""

    COUNT = "COUNT"
    SUM = "SUM"
    AVG = "AVG"
    COUNT_UNIQUE = "COUNT_UNIQUE"
    LATEST = "LATEST"
    SUM_WITH_MULTIPLIER = "SUM_WITH_MULTIPLIER"
    MAX = "MAX"
    WEIGHTED_SUM = "WEIGHTED_SUM"


class ResetUsage(StrEnum):
    """Whether a meter's count starts anew with each billing period."""

    BILLING_PERIOD = "BILLING_PERIOD"
    NEVER = "NEVER"


class FeatureType(StrEnum):
    """What a feature is: something metered, something one has or has not, or a setting."""

    METERED = "metered"
    BOOLEAN = "boolean"
    STATIC = "static"
    CONFIG = "config"


class GroupEntity(StrEnum):
    """What a group gathers."""

    FEATURE = "feature"
    PRICE = "price"


class ResetPeriod(StrEnum):
    """How often an entitlement's limit is there anew."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    HALF_YEARLY = "HALF_YEARLY"
    ANNUAL = "ANNUAL"
    NEVER = "NEVER"


Filters = tuple[tuple[str, frozenset[str]], ...]
"""Properties, and the values that let an event pass."""


class Unusable(ValueError):
    """A property that a meter cannot use: the event is kept, the sentence is reported."""


@dataclass(frozen=True, slots=True)
class MeterRule:
    """What a meter takes: the `field` of events called `event_name` that pass its filters.

    `multiplier` belongs to SUM_WITH_MULTIPLIER.
    """

    key: int
    event_name: str
    aggregation: AggregationType
    field: str = ""
    multiplier: Decimal = Decimal(1)
    filters: Filters = ()

    def read(self, properties: Mapping[str, object]) -> int | str | None:
        """Return what an event of this name counts, or None if a filter keeps it out.

        That is 0 (COUNT), the property's text (COUNT_UNIQUE), or its number in units of 10⁻⁶.

        Raises:
            Unusable: the property is missing, or not what the aggregation needs.
        """
        if not passes(self.filters, properties):
            return None
        if self.aggregation is AggregationType.COUNT:
            return 0
        sent = property_at(properties, self.field)
        if sent is None:
            raise Unusable(f"{self.field} is missing")
        try:
            return text_of(sent) if self.aggregation is AggregationType.COUNT_UNIQUE else units_of(sent)
        except Unusable as problem:
            raise Unusable(f"{self.field} {problem}") from None


def passes(filters: Filters, properties: Mapping[str, object]) -> bool:
    """Tell whether each filter's property has one of its values, as text."""
    return all(_text_or_none(property_at(properties, key)) in values for key, values in filters)


def property_at(properties: Mapping[str, object], path: str) -> object:
    """Return the property of this name, or the one nested at this dotted path; None if there is neither."""
    if path in properties:
        return properties[path]
    found: object = properties
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] (JSON)
    return found  # pyright: ignore[reportUnknownVariableType]


def units_of(value: object) -> int:
    """Return a number, or the text of one, in units of 10⁻⁶.

    Raises:
        Unusable: it is no number, has more than six decimals, or does not fit 64 bits.
        TypeError: a float, which was never exact.
    """
    if isinstance(value, float):
        raise TypeError("a float is not exact: use Decimal")
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Unusable("is not a number")
    if isinstance(value, int):
        units = value * _UNIT
    else:
        units = _units_of_decimal(value if isinstance(value, Decimal) else _decimal_of(value))
    if not -MAX_UNITS <= units <= MAX_UNITS:
        raise Unusable("is too large")
    return units


def text_of(value: object) -> str:
    """Return a property as the text that filters and unique counts compare: 1, 1.0 and "1" are the same.

    Raises:
        Unusable: it is a list or an object, or longer than 255 characters.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        value = _plainly(value)
    if not isinstance(value, int | str):
        raise Unusable("is not a text or a number")
    text = str(value)
    if "\0" in text:
        raise Unusable("holds a character that cannot be kept")
    if len(text) > MAX_TEXT:
        raise Unusable(f"is longer than {MAX_TEXT} characters")
    return text


def label_of(properties: Mapping[str, object], path: str) -> str:
    """Return a property as the text that usage is grouped by; empty if there is none, or it is no text."""
    return _text_or_none(property_at(properties, path)) or ""


def _text_or_none(value: object) -> str | None:
    try:
        return text_of(value)
    except Unusable:
        return None


def _plainly(value: Decimal) -> str:
    """Write a number without an exponent or zeros at the end; as it was sent, if that would be very long."""
    try:
        plain = value.normalize(_EXACT) or Decimal(0)
    except DecimalException:
        return str(value)
    return f"{plain:f}" if abs(plain.adjusted()) < MAX_TEXT else str(plain)


def _decimal_of(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise Unusable("is not a number")
    return Decimal(text)


def _units_of_decimal(value: Decimal) -> int:
    if not value.is_finite():
        raise Unusable("is not a number")
    try:
        return int(_EXACT.quantize(value, _STEP).scaleb(QUANTITY_SCALE, _EXACT))
    except Inexact:
        raise Unusable(f"has more than {QUANTITY_SCALE} decimals") from None
    except DecimalException:
        raise Unusable("is too large") from None
