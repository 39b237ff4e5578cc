"""What an address says about usage: the range, graph or table, which features, and what is open or folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from portal_app.billing.periods import Preset
from portal_app.queries.layout import Ranges
from portal_app.ui.addresses import address

EVERY_RANGE = Ranges()
MOST_NAMES = 100
"""More features or groups than anybody names in an address."""


class UsageOrder(StrEnum):
    """What a breakdown can be sorted by. Quantities are in different units, so not by these."""

    COST = "cost"
    NAME = "name"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class UsageAddress:
    """An address of usage on a tab. Features and groups are public ids; `why` is the feature that is explained.

    `ranges` are those that the operator offers there.
    """

    path: str
    preset: Preset = EVERY_RANGE.usual
    ranges: Ranges = EVERY_RANGE
    is_table: bool = False
    features: tuple[str, ...] = ()
    order: UsageOrder = UsageOrder.COST
    is_turned: bool = False
    """Whether the order is the other way round than usual: names from Z, the rest from the least."""
    folded: tuple[str, ...] = ()
    why: str = ""

    def to(self, **changes: Any) -> str:
        """Return this address with some changes, as a link; what is usual is left out."""
        there = replace(self, **changes)
        return address(
            there.path,
            range="" if there.preset is there.ranges.usual else there.preset.value,
            view="table" if there.is_table else "",
            features=",".join(there.features),
            sort="" if there.order is UsageOrder.COST else there.order.value,
            dir="turned" if there.is_turned else "",
            folded=",".join(there.folded),
            why=there.why,
        )


def usage_address(path: str, parameters: Mapping[str, str], ranges: Ranges = EVERY_RANGE) -> UsageAddress:
    """Read the parameters of an address; what makes no sense is taken as not said."""
    orders = {order.value: order for order in UsageOrder}
    return UsageAddress(
        path=path,
        preset=preset_of(parameters.get("range", ""), ranges),
        ranges=ranges,
        is_table=parameters.get("view") == "table",
        features=_names(parameters.get("features", "")),
        order=orders.get(parameters.get("sort", ""), UsageOrder.COST),
        is_turned=parameters.get("dir") == "turned",
        folded=_names(parameters.get("folded", "")),
        why=parameters.get("why", ""),
    )


def preset_of(word: str, ranges: Ranges = EVERY_RANGE) -> Preset:
    """Return the range called so if it is offered, or the usual one."""
    return {preset.value: preset for preset in ranges.offered}.get(word, ranges.usual)


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in text.split(",")[:MOST_NAMES] if name))
