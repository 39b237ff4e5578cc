"""The tiers of a price in one cell: a list of objects, as the documented API has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from portal_app.billing.money import plain
from portal_app.billing.prices import Tier
from portal_app.commands.usage_events import read_json
from portal_app.imports.kinds import Kind, Reading, fitting
from portal_app.imports.numbers import read_number
from portal_app.imports.problems import BadCell, quoted
from portal_app.models.columns import MoneyColumn, RateColumn

SCALES = {"up_to": MoneyColumn.scale, "unit_amount": RateColumn.scale, "flat_amount": MoneyColumn.scale}
Rested = list[dict[str, str | None]]
"""Tiers as scratch keeps them: numbers as texts, each written in one way only, so that equal tiers are equal."""


def tiers() -> Kind:
    """A JSON list of tiers, each of them an object: `up_to` (null is no end), `unit_amount`, `flat_amount`."""

    def parse(cell: str, _reading: Reading) -> Rested:
        try:
            found = read_json(cell)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise BadCell(f"is not JSON: {error}") from error
        if not isinstance(found, list) or not found:
            raise BadCell(f"{quoted(cell)} is not a JSON list of tiers")
        return [_tier(place, tier) for place, tier in enumerate(cast("list[Any]", found))]

    return Kind("JSON list of objects", parse, is_nested=True)


def rested(of_price: Iterable[Tier]) -> Rested:
    """Return tiers as cells of a file come to be."""
    return [
        {
            "up_to": None if tier.up_to is None else plain(tier.up_to),
            "unit_amount": plain(tier.unit_amount),
            "flat_amount": plain(tier.flat_amount),
        }
        for tier in of_price
    ]


def restored(cell: Sequence[Mapping[str, str | None]]) -> Iterator[Tier]:
    """Return the tiers of a cell."""
    for tier in cell:
        up_to = tier["up_to"]
        amounts = Decimal(tier["unit_amount"] or 0), Decimal(tier["flat_amount"] or 0)
        yield Tier(None if up_to is None else Decimal(up_to), *amounts)


def _tier(place: int, sent: Any) -> dict[str, str | None]:
    if not isinstance(sent, dict):
        raise BadCell(f"[{place}] is not a JSON object")
    tier = cast("dict[str, Any]", sent)
    for name in tier:
        if name not in SCALES:
            raise BadCell(f"[{place}] has {quoted(name)}, which is none of {', '.join(SCALES)}")
    if tier.get("unit_amount") is None:
        raise BadCell(f"[{place}].unit_amount is missing")
    numbers = {name: _number(tier.get(name), scale, f"[{place}].{name}") for name, scale in SCALES.items()}
    return numbers | {"flat_amount": numbers["flat_amount"] or "0"}


def _number(value: Any, scale: int, place: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadCell(f"{place}: {value} is not a number")
    try:
        number = read_number(value.strip())[0] if isinstance(value, str) else Decimal(value)
        return plain(fitting(number, scale))
    except BadCell as fault:
        raise BadCell(f"{place}: {fault}") from fault
