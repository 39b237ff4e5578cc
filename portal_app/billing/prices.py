"""Price models as values: what a meter costs for how long, and what is wrong with a price that was sent.

The models are those of the documented API:

- FLAT_FEE: `amount` for each unit. (A FIXED price has the same formula; its quantity is what was subscribed to.)
- PACKAGE: `amount` for each package; a begun package counts or does not, as `rounding` says.
- TIERED, VOLUME: the tier that the quantity reaches prices all units. Its flat amount is added once.
- TIERED, SLAB: each tier prices the units inside it. Each tier entered adds its flat amount.

A tier holds what is above the one before it, up to and including `up_to`; the last one is open. What is free is
a tier at zero: entitlement limits never change a price. `min_quantity` is charged for even if less was used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from portal_app.billing.periods import TimeRange, is_on_grid
from portal_app.billing.statuses import BillingModel, Rounding, TierMode

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Tier:
    """The units above the tier before, up to and including `up_to`; None is without end."""

    up_to: Decimal | None
    unit_amount: Decimal
    flat_amount: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Package:
    """So many units that are sold together (`transform_quantity`)."""

    divide_by: Decimal
    rounding: Rounding = Rounding.UP

    def count(self, quantity: Decimal) -> Decimal:
        """Return how many packages a quantity, zero or more, makes."""
        begun = self.rounding is Rounding.UP and quantity % self.divide_by != 0
        return quantity // self.divide_by + begun


@dataclass(frozen=True, slots=True)
class PriceModel:
    """How a quantity turns into an amount; `model_problems` says whether it can."""

    billing_model: BillingModel
    amount: Decimal = ZERO
    package: Package | None = None
    tier_mode: TierMode | None = None
    tiers: tuple[Tier, ...] = ()
    min_quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PriceVersion:
    """A price while it is valid, `[start_at, end_at)`; None leaves that end open. `key` tells prices apart."""

    key: int | str
    model: PriceModel
    start_at: datetime | None = None
    end_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is never valid: it would end when it begins, or before."""
        return self.start_at is not None and self.end_at is not None and self.start_at >= self.end_at

    def is_valid_in(self, span: TimeRange) -> bool:
        """Whether it is valid at any time of `span`."""
        ends_before = self.end_at is not None and self.end_at <= span.start_at
        begins_after = self.start_at is not None and self.start_at >= span.end_at
        return not (ends_before or begins_after)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What one meter costs a subscription: prices in one currency, in the order of time, one at a time.

    A price that another one interrupts is there more than once: before it and after it.
    """

    currency: str
    versions: tuple[PriceVersion, ...]

    def changes_in(self, period: TimeRange) -> list[datetime]:
        """Return the instants inside a period at which a price begins or ends, in order."""
        instants = {at for version in self.versions for at in (version.start_at, version.end_at) if at}
        return sorted(at for at in instants if period.start_at < at < period.end_at)


def with_precedence(own: Sequence[PriceVersion], others: Sequence[PriceVersion]) -> tuple[PriceVersion, ...]:
    """Return `own` prices, and the `others` wherever none of `own` is valid, in the order of time.

    Both are in the order of time, one at a time, and none is empty.
    """
    left = [part for version in others for part in _outside(version, own)]
    return tuple(sorted((*own, *left), key=lambda version: (version.start_at is not None, version.start_at)))


def _outside(version: PriceVersion, own: Sequence[PriceVersion]) -> Iterator[PriceVersion]:
    """Yield what is left of a version outside of `own`, with the instants at which it really begins and ends."""
    for other in own:
        if not (_begins_before_end(version, other) and _begins_before_end(other, version)):
            continue
        if other.start_at and (version.start_at is None or version.start_at < other.start_at):
            yield replace(version, end_at=other.start_at)
        if other.end_at is None:
            return
        version = replace(version, start_at=other.end_at)
    if not version.is_empty:
        yield version


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a price cannot be used: the field as the documented API names it, and what it has to be."""

    field: str
    sentence: str


def model_problems(model: PriceModel) -> list[Problem]:
    """Return what is wrong with a price model; an empty list if it can rate any quantity."""
    problems = [*_negative("amount", model.amount), *_negative("min_quantity", model.min_quantity)]
    if model.billing_model is BillingModel.TIERED:
        if model.tier_mode is None:
            problems.append(Problem("tier_mode", "a TIERED price needs VOLUME or SLAB"))
        if model.amount:
            problems.append(Problem("amount", "a TIERED price has its amounts in its tiers"))
        problems += _tier_problems(model.tiers)
    elif model.tiers:
        problems.append(Problem("tiers", "only a TIERED price has tiers"))
    if model.billing_model is BillingModel.PACKAGE:
        problems += _package_problems(model.package)
    elif model.package:
        problems.append(Problem("transform_quantity", "only a PACKAGE price has one"))
    return problems


def version_problems(version: PriceVersion, others: Sequence[PriceVersion] = ()) -> list[Problem]:
    """Return what is wrong with the dates of a price, among the `others` of the same meter and plan."""
    problems = [
        Problem(field, "prices change on the quarter hour (UTC): minutes 00, 15, 30 or 45, no seconds")
        for field, at in (("start_date", version.start_at), ("end_date", version.end_at))
        if at is not None and not is_on_grid(at)
    ]
    if version.start_at and version.end_at and version.start_at >= version.end_at:
        problems.append(Problem("end_date", "has to be after start_date"))
    return problems + overlap_problems(version, others)


def overlap_problems(version: PriceVersion, others: Iterable[PriceVersion]) -> list[Problem]:
    """Return with which of the `others` a price would be valid at the same time."""
    return [
        Problem("start_date", f"the price {other.key} is valid at the same time; end it first")
        for other in others
        if _begins_before_end(version, other) and _begins_before_end(other, version)
    ]


def _begins_before_end(one: PriceVersion, other: PriceVersion) -> bool:
    return one.start_at is None or other.end_at is None or one.start_at < other.end_at


def _tier_problems(tiers: Sequence[Tier]) -> Iterator[Problem]:
    if not tiers:
        yield Problem("tiers", "a TIERED price needs at least one tier")
        return
    for place, tier in enumerate(tiers):
        yield from _negative(f"tiers[{place}].unit_amount", tier.unit_amount)
        yield from _negative(f"tiers[{place}].flat_amount", tier.flat_amount)
        if (tier.up_to is None) != (place == len(tiers) - 1):
            yield Problem(f"tiers[{place}].up_to", "the last tier, and no other, has to be open (null)")
    bounds = [ZERO, *(tier.up_to for tier in tiers)]
    for place, (below, up_to) in enumerate(pairwise(bounds)):
        if below is not None and up_to is not None and not up_to > below:
            yield Problem(f"tiers[{place}].up_to", f"has to be greater than {below:f}, where the tier begins")


def _package_problems(package: Package | None) -> Iterator[Problem]:
    if package is None:
        yield Problem("transform_quantity", "a PACKAGE price needs one, to say how many units a package holds")
    elif not package.divide_by > 0:
        yield Problem("transform_quantity.divide_by", "has to be greater than zero")


def _negative(field: str, value: Decimal) -> Iterator[Problem]:
    if value < 0:
        yield Problem(field, "cannot be negative")
