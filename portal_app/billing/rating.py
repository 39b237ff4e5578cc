"""What metered usage costs, exactly, and why: prices that change, and tiers that count from the period's start.

A cost is what has accrued at the end of a span less what had accrued at its start, so that the windows of any
partition add up to the same sum, exactly; and rounded, because it is accruals that are rounded, not differences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache

from portal_app.billing.money import CurrencyMismatch, Money, exact, minor_digits, quantize
from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import ZERO, PriceVersion, Tariff
from portal_app.billing.statuses import BillingModel, TierMode

ONE = Decimal(1)

Quantity = Callable[[TimeRange, datetime], Decimal]
"""A meter's quantity from a billing period's start until an instant in it; zero if it has no events there."""


class ChargeKind(StrEnum):
    """What a charge multiplies."""

    UNITS = "units"
    PACKAGES = "packages"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of an explanation: `quantity` × `unit_amount` = `amount`, exactly, at one price and in one tier.

    `units` is the usage it is for; for packages that is another number than `quantity`, for a tier's flat
    amount it is zero. A minimum's charge is for units that nobody used. In a cost, a tier that was
    left behind (VOLUME) is taken back with a negative charge.
    """

    price: PriceVersion
    kind: ChargeKind
    quantity: Decimal
    unit_amount: Decimal
    amount: Decimal
    units: Decimal
    tier: int | None = None
    """The tier's place in the price's `tiers`, from 0."""
    is_minimum: bool = False


@dataclass(frozen=True, slots=True)
class Accrual:
    """What a billing period costs from its start until some instant; `shown` is in the currency's minor unit."""

    charges: tuple[Charge, ...]
    exact: Decimal
    shown: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What a span of time costs: in each billing period it touches, the step from one accrual to another."""

    currency: str
    steps: tuple[tuple[Accrual, Accrual], ...] = ()

    @property
    def exact(self) -> Money:
        """The cost to the last digit: the sum of its charges."""
        with exact():
            return Money(sum((after.exact - before.exact for before, after in self.steps), ZERO), self.currency)

    @property
    def shown(self) -> Money:
        """The cost in the currency's minor unit, such that adjacent spans add up to what both together cost."""
        return Money(sum((after.shown - before.shown for before, after in self.steps), ZERO), self.currency)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Why it costs that much, price by price and tier by tier."""
        with exact():
            return tuple(charge for before, after in self.steps for charge in _between(before, after))

    def __add__(self, other: Cost) -> Cost:
        """Add the cost of another span or meter in the same currency.

        Raises:
            CurrencyMismatch: the currencies differ.
        """
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added")
        return Cost(self.currency, (*self.steps, *other.steps))


def costs(tariff: Tariff, periods: Sequence[TimeRange], spans: Iterable[TimeRange], quantity: Quantity) -> list[Cost]:
    """Return what each of `spans` costs, given the billing periods that they lie in.

    Outside the periods, and while no price is valid, usage costs nothing and fills no tier. `quantity` is
    asked at the ends of the spans within each period, and at the price changes before them.
    """

    @cache
    def accrued_at(period: TimeRange, at: datetime) -> Accrual:
        return accrued(tariff, period, at, quantity)

    def steps(span: TimeRange) -> Iterator[tuple[Accrual, Accrual]]:
        for period in periods:
            part = span.overlap(period)
            if part:
                yield accrued_at(period, part.start_at), accrued_at(period, part.end_at)

    return [Cost(tariff.currency, tuple(steps(span))) for span in spans]


def accrued(tariff: Tariff, period: TimeRange, at: datetime, quantity: Quantity) -> Accrual:
    """Return what a billing period costs from its start until `at`, which lies in it or is its end.

    Nothing has accrued at the very start. What a minimum asks for accrues right after it.
    """
    with exact():
        charges = rate(list(_readings(tariff, period, at, quantity)))
        total = sum((charge.amount for charge in charges), ZERO)
    return Accrual(charges, total, quantize(total, minor_digits(tariff.currency)))


def _readings(
    tariff: Tariff, period: TimeRange, at: datetime, quantity: Quantity
) -> Iterator[tuple[PriceVersion, Decimal]]:
    """Pair each price valid in the period before `at` with the quantity counted until it ends."""
    unpriced, until = ZERO, period.start_at
    for version in tariff.versions:
        start_at, end_at = max(version.start_at or until, period.start_at), min(version.end_at or at, at)
        if start_at >= end_at:
            continue
        if start_at > until:
            unpriced += quantity(period, start_at) - quantity(period, until)
        until = end_at
        yield version, quantity(period, end_at) - unpriced


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The units above `start` up to and including `end`, counted from the period's start, at one price."""

    price: PriceVersion
    start: Decimal
    end: Decimal
    is_minimum: bool = False


def rate(readings: Sequence[tuple[PriceVersion, Decimal]]) -> tuple[Charge, ...]:
    """Return the charges of a period in which each price, in turn, counted up to its quantity.

    Quantities count from the period's start. Each price charges for the units that were added while it was
    valid, at their place in the period's tiers. Where the count falls (LATEST, AVG, corrections), the units
    counted last are taken back; below zero there is nothing to charge.
    """
    with exact():
        stretches: list[_Stretch] = []
        for price, quantity in readings:
            stretches = _counted_to(quantity, price, stretches)
        if readings:
            stretches += _missing_minimum(readings[-1][0], stretches)
        return tuple(charge for stretch in stretches for charge in _charges(stretch, stretches[-1]))


def _counted_to(quantity: Decimal, price: PriceVersion, before: list[_Stretch]) -> list[_Stretch]:
    kept = [replace(s, end=min(s.end, quantity)) for s in before if s.start < quantity]
    reached = kept[-1].end if kept else ZERO
    return [*kept, _Stretch(price, reached, quantity)] if quantity > reached else kept


def _missing_minimum(price: PriceVersion, stretches: list[_Stretch]) -> list[_Stretch]:
    """Return the units that the price valid last asks for, though nobody used them."""
    reached = stretches[-1].end if stretches else ZERO
    least = price.model.min_quantity
    return [_Stretch(price, reached, least, is_minimum=True)] if least > reached else []


def _charges(stretch: _Stretch, last: _Stretch) -> Iterator[Charge]:
    """Yield a stretch's charges; `last` ends where the period's count stands, and bears its flat amount (VOLUME)."""
    model, units = stretch.price.model, stretch.end - stretch.start
    if model.billing_model is BillingModel.TIERED:
        yield from _volume_charges(stretch, last) if model.tier_mode is TierMode.VOLUME else _slab_charges(stretch)
    elif model.package:
        packages = model.package.count(stretch.end) - model.package.count(stretch.start)
        yield _charge(stretch, ChargeKind.PACKAGES, packages, model.amount, units)
    else:
        yield _charge(stretch, ChargeKind.UNITS, units, model.amount, units)


def _volume_charges(stretch: _Stretch, last: _Stretch) -> Iterator[Charge]:
    tiers, units = stretch.price.model.tiers, stretch.end - stretch.start
    reached = next(place for place, tier in enumerate(tiers) if tier.up_to is None or last.end <= tier.up_to)
    yield _charge(stretch, ChargeKind.UNITS, units, tiers[reached].unit_amount, units, reached)
    if stretch is last and tiers[reached].flat_amount:
        yield _charge(stretch, ChargeKind.FLAT, ONE, tiers[reached].flat_amount, ZERO, reached)


def _slab_charges(stretch: _Stretch) -> Iterator[Charge]:
    below = ZERO
    for place, tier in enumerate(stretch.price.model.tiers):
        top = stretch.end if tier.up_to is None else min(stretch.end, tier.up_to)
        units = top - max(stretch.start, below)
        if units > 0:
            yield _charge(stretch, ChargeKind.UNITS, units, tier.unit_amount, units, place)
        if tier.flat_amount and stretch.start <= below < stretch.end:
            yield _charge(stretch, ChargeKind.FLAT, ONE, tier.flat_amount, ZERO, place)
        below = top


def _charge(
    stretch: _Stretch,
    kind: ChargeKind,
    quantity: Decimal,
    unit_amount: Decimal,
    units: Decimal,
    tier: int | None = None,
) -> Charge:
    amount = quantity * unit_amount
    return Charge(stretch.price, kind, quantity, unit_amount, amount, units, tier, is_minimum=stretch.is_minimum)


def _between(before: Accrual, after: Accrual) -> Iterator[Charge]:
    """Yield the charges of `after` less those of `before`, line by line, so that the lines are the sum."""
    left = {_line(charge): charge for charge in before.charges}
    for charge in after.charges:
        rest = _less(charge, left.pop(_line(charge), None))
        if rest.quantity or rest.units:
            yield rest
    yield from (_less(replace(charge, quantity=ZERO, amount=ZERO, units=ZERO), charge) for charge in left.values())


def _line(charge: Charge) -> tuple[object, ...]:
    """Tell lines apart; a price that another one interrupts has some from each of its starts."""
    return charge.price.key, charge.price.start_at, charge.kind, charge.tier, charge.is_minimum


def _less(charge: Charge, before: Charge | None) -> Charge:
    if before is None:
        return charge
    return replace(
        charge,
        quantity=charge.quantity - before.quantity,
        amount=charge.amount - before.amount,
        units=charge.units - before.units,
    )
