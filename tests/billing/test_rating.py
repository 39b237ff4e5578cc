"""What usage costs: exactly, the same however it is cut, and never without a reason."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.money import CurrencyMismatch, Money
from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import Package, PriceModel, PriceVersion, Tariff, Tier
from portal_app.billing.rating import Charge, ChargeKind, Cost, accrued, costs, rate
from portal_app.billing.statuses import BillingModel, Rounding, TierMode

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 6, tzinfo=UTC)
JANUARY = TimeRange(START, START + 31 * 24 * HOUR)
FEBRUARY = TimeRange(JANUARY.end_at, JANUARY.end_at + 28 * 24 * HOUR)
PER_UNIT = PriceModel(BillingModel.FLAT_FEE, Decimal("0.024"))
TIERS = (
    Tier(Decimal(10), Decimal(2)),
    Tier(Decimal(20), Decimal(1), Decimal(5)),
    Tier(None, Decimal("0.5"), Decimal(7)),
)
GRADUATED = PriceModel(BillingModel.TIERED, tier_mode=TierMode.SLAB, tiers=TIERS)
VOLUME = PriceModel(BillingModel.TIERED, tier_mode=TierMode.VOLUME, tiers=TIERS)

amounts = st.decimals(0, 50, places=3)
packages = st.builds(Package, st.decimals("0.5", 7, places=1), st.sampled_from(Rounding))


@st.composite
def tier_lists(draw: st.DrawFn, unit_amounts=amounts, flat_amounts=amounts) -> tuple[Tier, ...]:
    bounds = sorted(draw(st.sets(st.integers(1, 40).map(Decimal), max_size=4)))
    return tuple(Tier(up_to, draw(unit_amounts), draw(flat_amounts)) for up_to in [*bounds, None])


minimums = st.sampled_from([0, 0, 0, 5, 12]).map(Decimal)
graduated = st.builds(
    PriceModel,
    st.just(BillingModel.TIERED),
    tier_mode=st.just(TierMode.SLAB),
    tiers=tier_lists(),
    min_quantity=minimums,
)
by_volume = st.builds(
    PriceModel,
    st.just(BillingModel.TIERED),
    tier_mode=st.just(TierMode.VOLUME),
    tiers=tier_lists(),
    min_quantity=minimums,
)
per_unit = st.builds(PriceModel, st.just(BillingModel.FLAT_FEE), amounts, min_quantity=minimums)
per_package = st.builds(PriceModel, st.just(BillingModel.PACKAGE), amounts, packages, min_quantity=minimums)
monotone = st.one_of(per_unit, per_package, graduated)
models = st.one_of(monotone, by_volume)
quantities = st.decimals(0, 60, places=2)


@st.composite
def usages(draw: st.DrawFn) -> list[tuple[int, Decimal]]:
    """Use at some quarter hours of January, now and then taken back."""
    places = draw(st.sets(st.integers(0, 30 * 96), max_size=12))
    return [(place, draw(st.decimals(-5, 20, places=1))) for place in sorted(places)]


@st.composite
def tariffs(draw: st.DrawFn, model=models) -> Tariff:
    """One to four prices that follow each other, with a gap now and then."""
    changes = [None, *(START + place * HOUR for place in sorted(draw(st.sets(st.integers(1, 700), max_size=3)))), None]
    versions = [
        PriceVersion(key, draw(model), start_at, end_at)
        for key, (start_at, end_at) in enumerate(pairwise(changes))
        if key == 0 or draw(st.integers(0, 4))
    ]
    return Tariff("usd", tuple(versions))


def summed(usage: Sequence[tuple[int, Decimal]]):
    """A meter that sums."""

    def quantity(period: TimeRange, until: datetime) -> Decimal:
        return sum((much for place, much in usage if period.start_at <= START + place * HOUR / 4 < until), Decimal(0))

    return quantity


def cost_of(model: PriceModel, quantity: Decimal | int | str) -> Decimal:
    charges = rate([(PriceVersion(1, model), Decimal(quantity))])
    return sum((charge.amount for charge in charges), Decimal(0))


def total(charges: Sequence[Charge]) -> Fraction:
    return sum((Fraction(charge.amount) for charge in charges), Fraction(0))


def grain_by_grain(readings: Sequence[tuple[PriceModel, Decimal]], grain: Fraction) -> Fraction:
    """The slow truth: pile up the grains, each with the price it was used at, and ask of each what it costs."""
    pile: list[PriceModel] = []
    for model, quantity in readings:
        height = max(0, int(Fraction(quantity) / grain))
        pile = [*pile[:height], *[model] * (height - len(pile))]
    least = int(Fraction(readings[-1][0].min_quantity) / grain)
    pile += [readings[-1][0]] * (least - len(pile))
    cost, height = Fraction(0), len(pile) * grain
    for place, model in enumerate(pile):
        below, above = place * grain, (place + 1) * grain
        if model.package:
            size, whole = Fraction(model.package.divide_by), ceil if model.package.rounding is Rounding.UP else floor
            cost += Fraction(model.amount) * (whole(above / size) - whole(below / size))
        elif not model.tiers:
            cost += Fraction(model.amount) * grain
        else:
            at = height if model.tier_mode is TierMode.VOLUME else above
            tier = next(tier for tier in model.tiers if tier.up_to is None or at <= tier.up_to)
            cost += Fraction(tier.unit_amount) * grain
            bounds = {Fraction(0), *(Fraction(tier.up_to) for tier in model.tiers if tier.up_to)}
            enters = below in bounds if model.tier_mode is TierMode.SLAB else above == height
            cost += Fraction(tier.flat_amount) if enters else 0
    return cost


@given(st.lists(st.tuples(models, st.decimals(-3, 45, places=1)), min_size=1, max_size=4))
def test_rating_agrees_with_asking_every_grain_of_usage_what_it_costs(readings):
    versions = [(PriceVersion(key, model), quantity) for key, (model, quantity) in enumerate(readings)]
    assert total(rate(versions)) == grain_by_grain(readings, Fraction(1, 10))


def test_a_flat_fee_on_usage_is_an_amount_for_each_unit():
    assert cost_of(PER_UNIT, 5911) == Decimal("141.864")


@pytest.mark.parametrize(
    ("quantity", "begun", "full"), [("0", 0, 0), ("0.1", 2, 0), ("999", 2, 0), ("1000", 2, 2), ("1000.000001", 4, 2)]
)
def test_packages_count_when_begun_or_when_full(quantity, begun, full):
    up, down = (Package(Decimal(1000), rounding) for rounding in (Rounding.UP, Rounding.DOWN))
    assert cost_of(PriceModel(BillingModel.PACKAGE, Decimal(2), up), quantity) == begun
    assert cost_of(PriceModel(BillingModel.PACKAGE, Decimal(2), down), quantity) == full


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [("0", "0"), ("1", "2"), ("10", "20"), ("10.5", "25.5"), ("20", "35"), ("20.000001", "42.0000005"), ("30", "47")],
)
def test_graduated_tiers_price_the_units_inside_them_and_add_their_flat_amount_when_entered(quantity, cost):
    assert cost_of(GRADUATED, quantity) == Decimal(cost)


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [("0", "0"), ("1", "2"), ("10", "20"), ("10.5", "15.5"), ("20", "25"), ("20.000001", "17.0000005"), ("30", "22")],
)
def test_the_tier_that_a_volume_reaches_prices_all_units(quantity, cost):
    assert cost_of(VOLUME, quantity) == Decimal(cost)


def test_what_is_free_is_a_tier_at_zero():
    tiers = (Tier(Decimal(1000), Decimal(0)), Tier(None, Decimal("0.01")))
    free = PriceModel(BillingModel.TIERED, tier_mode=TierMode.SLAB, tiers=tiers)
    assert (cost_of(free, 1000), cost_of(free, 1001)) == (0, Decimal("0.01"))
    (charge,) = rate([(PriceVersion(1, free), Decimal(700))])
    assert (charge.units, charge.amount, charge.tier) == (700, 0, 0)


@given(monotone, quantities, quantities)
def test_more_usage_never_costs_less(model, one, other):
    assert cost_of(model, min(one, other)) <= cost_of(model, max(one, other))


def test_but_a_larger_volume_may_reach_a_cheaper_tier():
    assert cost_of(VOLUME, 21) < cost_of(VOLUME, 20)


@given(tier_lists(flat_amounts=st.just(Decimal(0))), quantities)
def test_falling_prices_favour_volume_and_rising_ones_graduated_tiers(tiers, quantity):
    falling = sorted((tier.unit_amount for tier in tiers), reverse=True)
    for unit_amounts, sign in ((falling, 1), (falling[::-1], -1)):
        sorted_tiers = tuple(Tier(tier.up_to, much) for tier, much in zip(tiers, unit_amounts, strict=True))
        slab, volume = (
            cost_of(PriceModel(BillingModel.TIERED, tier_mode=mode, tiers=sorted_tiers), quantity)
            for mode in (TierMode.SLAB, TierMode.VOLUME)
        )
        assert sign * volume <= sign * slab


@given(amounts, amounts, quantities)
def test_with_a_single_tier_volume_and_graduated_are_the_same(unit_amount, flat_amount, quantity):
    tiers = (Tier(None, unit_amount, flat_amount),)
    slab, volume = (PriceModel(BillingModel.TIERED, tier_mode=mode, tiers=tiers) for mode in TierMode)
    assert cost_of(slab, quantity) == cost_of(volume, quantity)


@given(models, st.lists(st.decimals(-3, 60, places=2), min_size=1, max_size=5))
def test_replacing_a_price_by_the_same_price_changes_no_cost(model, counts):
    replaced = [(PriceVersion(key, model), count) for key, count in enumerate(counts)]
    assert total(rate(replaced)) == Fraction(cost_of(model, counts[-1]))


def test_a_new_price_is_for_the_units_that_are_added_while_it_is_valid():
    first, second = PriceVersion(1, GRADUATED), PriceVersion(2, PER_UNIT)
    charges = rate([(first, Decimal(12)), (second, Decimal(15))])
    assert [(charge.price.key, charge.units, charge.amount) for charge in charges if charge.units] == [
        (1, 10, 20),
        (1, 2, 2),
        (2, 3, Decimal("0.072")),
    ]


def test_a_new_price_begins_in_the_tier_that_the_period_has_reached():
    charges = rate([(PriceVersion(1, PER_UNIT), Decimal(15)), (PriceVersion(2, GRADUATED), Decimal(22))])
    assert [(charge.price.key, charge.tier, charge.units) for charge in charges if charge.units] == [
        (1, None, 15),
        (2, 1, 5),
        (2, 2, 2),
    ]


@given(st.lists(st.tuples(models, st.decimals(-3, 45, places=1)), min_size=1, max_size=4))
def test_no_bill_is_negative_whatever_the_prices_and_their_changes(readings):
    charges = rate([(PriceVersion(key, model), quantity) for key, (model, quantity) in enumerate(readings)])
    assert all(charge.amount >= 0 for charge in charges)


def test_what_falls_is_taken_back_from_the_units_counted_last():
    cheap, dear = PriceVersion(1, PER_UNIT), PriceVersion(2, PriceModel(BillingModel.FLAT_FEE, Decimal(100)))
    (charge,) = rate([(cheap, Decimal(10)), (dear, Decimal(4))])
    assert (charge.price.key, charge.units) == (1, 4)


def test_a_price_whose_units_were_all_taken_back_charges_nothing():
    first, second, third = PriceVersion(1, PER_UNIT), PriceVersion(2, VOLUME), PriceVersion(3, PER_UNIT)
    (charge,) = rate([(first, Decimal(10)), (second, Decimal(12)), (third, Decimal(10))])
    assert (charge.price.key, charge.units) == (1, 10)


def test_below_zero_there_is_nothing_to_charge():
    assert rate([(PriceVersion(1, GRADUATED), Decimal(-7))]) == ()


def test_without_a_price_there_is_nothing_to_charge():
    assert rate([]) == ()


@given(models, quantities, st.integers(1, 60).map(Decimal))
def test_less_than_the_minimum_costs_as_much_as_the_minimum(model, quantity, least):
    minimum = PriceModel(model.billing_model, model.amount, model.package, model.tier_mode, model.tiers, least)
    assert cost_of(minimum, quantity) == cost_of(minimum, max(least, quantity))


def test_a_minimum_is_explained_by_the_units_that_nobody_used():
    model = PriceModel(BillingModel.FLAT_FEE, Decimal(2), min_quantity=Decimal(100))
    used, missing = rate([(PriceVersion(1, model), Decimal(30))])
    assert (used.units, used.is_minimum, used.amount) == (30, False, 60)
    assert (missing.units, missing.is_minimum, missing.amount) == (70, True, 140)


def test_the_minimum_is_that_of_the_price_valid_last():
    lenient, strict = (
        PriceVersion(1, PER_UNIT),
        PriceVersion(2, PriceModel(BillingModel.FLAT_FEE, Decimal(1), None, None, (), Decimal(9))),
    )
    charges = rate([(lenient, Decimal(4)), (strict, Decimal(4))])
    assert [(charge.price.key, charge.units) for charge in charges] == [(1, 4), (2, 5)]


def test_no_digit_is_lost_at_the_largest_quantity_and_the_finest_price():
    quantity, amount = Decimal("85070591730234615837.353535353535353535"), Decimal("9223372.036854775807")
    tariff = Tariff("usd", (PriceVersion(1, PriceModel(BillingModel.FLAT_FEE, amount), START + HOUR),))
    windows = [TimeRange(START, START + 2 * HOUR), TimeRange(START + 2 * HOUR, JANUARY.end_at)]
    usage = summed([(0, Decimal("0.000001")), (4, Decimal(1)), (9, quantity)])
    first, second = costs(tariff, [JANUARY], windows, usage)
    assert Fraction(second.exact.amount) == Fraction(quantity) * Fraction(amount)
    assert Fraction((first + second).exact.amount) == (Fraction(quantity) + 1) * Fraction(amount)
    assert total(second.charges) == Fraction(second.exact.amount)


def test_a_meter_is_asked_once_for_each_price_that_counted():
    changes = [None, START + HOUR, START + 3 * HOUR, None]
    versions = [PriceVersion(key, PER_UNIT, *ends) for key, ends in enumerate(pairwise(changes))]
    asked = []

    def quantity(_: TimeRange, until: datetime) -> Decimal:
        asked.append(until)
        return Decimal(len(asked))

    accrued(Tariff("usd", tuple(versions)), JANUARY, START + 2 * HOUR, quantity)
    assert asked == [START + HOUR, START + 2 * HOUR]


def test_where_nothing_was_used_there_is_no_line_to_explain():
    tariff = Tariff("usd", (PriceVersion(1, GRADUATED),))
    used, unused = (TimeRange(START + n * HOUR, START + (n + 1) * HOUR) for n in (0, 1))
    before, after = costs(tariff, [JANUARY], [used, unused], summed([(0, Decimal(12))]))
    assert [(charge.tier, charge.units) for charge in before.charges] == [(0, 10), (1, 2), (1, 0)]
    assert after.charges == ()


@given(tariffs(), usages(), st.sets(st.integers(1, 31 * 96 - 1), max_size=8))
def test_the_windows_of_any_partition_add_up_to_the_same_cost(tariff, usage, cuts):
    edges = [JANUARY.start_at, *(START + cut * HOUR / 4 for cut in sorted(cuts)), JANUARY.end_at]
    windows = [TimeRange(*edge) for edge in pairwise(edges)]
    found = costs(tariff, [JANUARY], windows, summed(usage))
    (whole,) = costs(tariff, [JANUARY], [JANUARY], summed(usage))
    assert sum((cost.exact for cost in found), Money(Decimal(0), "usd")) == whole.exact
    assert sum((cost.shown for cost in found), Money(Decimal(0), "usd")) == whole.shown
    assert whole.shown == whole.exact.rounded()


@given(tariffs(), usages(), st.integers(0, 31 * 96), st.integers(0, 31 * 96))
def test_the_explained_total_is_the_total_and_the_explained_units_are_the_usage(tariff, usage, one, other):
    span = TimeRange(START + min(one, other) * HOUR / 4, START + max(one, other) * HOUR / 4)
    (cost,) = costs(tariff, [JANUARY], [span], summed(usage))
    assert total(cost.charges) == Fraction(cost.exact.amount)
    assert all(Fraction(c.quantity) * Fraction(c.unit_amount) == Fraction(c.amount) for c in cost.charges)
    before, after = (accrued(tariff, JANUARY, at, summed(usage)).charges for at in (span.start_at, span.end_at))
    used = sum(charge.units for charge in after) - sum(charge.units for charge in before)
    assert sum(charge.units for charge in cost.charges) == used


@given(tariffs(model=per_unit), usages(), st.sets(st.integers(0, 31 * 96), min_size=2, max_size=2))
def test_with_a_constant_price_a_window_costs_its_own_usage(tariff, usage, edges):
    model = PriceModel(BillingModel.FLAT_FEE, tariff.versions[0].model.amount)
    usage = [(place, abs(much)) for place, much in usage]
    span = TimeRange(*(START + edge * HOUR / 4 for edge in sorted(edges)))
    (cost,) = costs(Tariff("usd", (PriceVersion(1, model),)), [JANUARY], [span], summed(usage))
    assert cost.exact.amount == summed(usage)(span, span.end_at) * model.amount


def test_tiers_begin_anew_with_each_billing_period():
    usage = summed([(96, Decimal(15)), (32 * 96, Decimal(15))])
    both = TimeRange(JANUARY.start_at, FEBRUARY.end_at)
    tariff = Tariff("usd", (PriceVersion(1, GRADUATED),))
    (cost,) = costs(tariff, [JANUARY, FEBRUARY], [both], usage)
    assert cost.exact == Money(2 * cost_of(GRADUATED, 15), "usd")


def test_a_period_is_rounded_as_its_invoice_line_will_be():
    third = PriceModel(BillingModel.FLAT_FEE, Decimal("0.335"))
    usage = summed([(96, Decimal(1)), (32 * 96, Decimal(1))])
    both = TimeRange(JANUARY.start_at, FEBRUARY.end_at)
    (cost,) = costs(Tariff("usd", (PriceVersion(1, third),)), [JANUARY, FEBRUARY], [both], usage)
    assert (cost.exact.amount, cost.shown.amount) == (Decimal("0.670"), Decimal("0.68"))


@pytest.mark.parametrize(("currency", "shown"), [("usd", "141.86"), ("jpy", "142"), ("kwd", "141.864")])
def test_a_cost_is_shown_in_the_minor_unit_of_the_prices_currency(currency, shown):
    (cost,) = costs(Tariff(currency, (PriceVersion(1, PER_UNIT),)), [JANUARY], [JANUARY], summed([(5, Decimal(5911))]))
    assert cost.shown == Money(Decimal(shown), currency)
    assert cost.exact == Money(Decimal("141.864"), currency)


def test_usage_outside_the_periods_costs_nothing_and_fills_no_tier():
    tariff = Tariff("usd", (PriceVersion(1, GRADUATED),))
    usage = summed([(96, Decimal(15)), (32 * 96, Decimal(3))])
    before, after = costs(tariff, [FEBRUARY], [JANUARY, FEBRUARY], usage)
    assert (before.exact.amount, before.charges) == (0, ())
    assert after.exact.amount == 6


def test_usage_while_no_price_is_valid_costs_nothing_and_fills_no_tier():
    until, again = START + 10 * HOUR, START + 20 * HOUR
    tariff = Tariff("usd", (PriceVersion(1, GRADUATED, None, until), PriceVersion(2, GRADUATED, again)))
    usage = summed([(4, Decimal(8)), (60, Decimal(100)), (100, Decimal(1))])
    (cost,) = costs(tariff, [JANUARY], [JANUARY], usage)
    assert [(charge.price.key, charge.tier, charge.units) for charge in cost.charges] == [(1, 0, 8), (2, 0, 1)]


def test_a_price_that_has_ended_or_not_yet_begun_is_not_asked():
    tariff = Tariff(
        "usd",
        (
            PriceVersion(1, GRADUATED, None, START),
            PriceVersion(2, PER_UNIT, START),
            PriceVersion(3, VOLUME, JANUARY.end_at),
        ),
    )
    (cost,) = costs(tariff, [JANUARY], [JANUARY], summed([(4, Decimal(8))]))
    assert [charge.price.key for charge in cost.charges] == [2]


def test_a_minimum_is_due_with_the_periods_first_window_and_only_there():
    model = PriceModel(BillingModel.FLAT_FEE, Decimal(1), min_quantity=Decimal(10))
    edges = [START, START + HOUR, START + 2 * HOUR, JANUARY.end_at]
    windows = [TimeRange(*edge) for edge in pairwise(edges)]
    found = costs(Tariff("usd", (PriceVersion(1, model),)), [JANUARY], windows, summed([(5, Decimal(7))]))
    assert [cost.exact.amount for cost in found] == [10, 0, 0]
    assert [(charge.units, charge.is_minimum) for charge in found[1].charges] == [(7, False), (-7, True)]


def test_crossing_into_a_cheaper_volume_tier_takes_back_what_the_dearer_one_had_charged():
    tariff = Tariff("usd", (PriceVersion(1, VOLUME),))
    windows = [TimeRange(START, START + HOUR), TimeRange(START + HOUR, JANUARY.end_at)]
    _, crossing = costs(tariff, [JANUARY], windows, summed([(0, Decimal(10)), (8, Decimal(5))]))
    assert [(c.kind, c.tier, c.units, c.amount) for c in crossing.charges] == [
        (ChargeKind.UNITS, 1, 15, 15),
        (ChargeKind.FLAT, 1, 0, 5),
        (ChargeKind.UNITS, 0, -10, -20),
    ]
    assert crossing.exact.amount == 0


def test_usage_in_a_package_that_was_paid_before_is_explained_at_no_cost():
    model = PriceModel(BillingModel.PACKAGE, Decimal(2), Package(Decimal(1000)))
    windows = [TimeRange(START, START + HOUR), TimeRange(START + HOUR, JANUARY.end_at)]
    _, later = costs(
        Tariff("usd", (PriceVersion(1, model),)), [JANUARY], windows, summed([(0, Decimal(10)), (8, Decimal(5))])
    )
    (charge,) = later.charges
    assert (charge.kind, charge.units, charge.quantity, charge.amount) == (ChargeKind.PACKAGES, 5, 0, 0)


def test_costs_of_two_meters_in_one_currency_add_up():
    one, other = (
        costs(Tariff("usd", (PriceVersion(key, PER_UNIT),)), [JANUARY], [JANUARY], summed([(5, Decimal(much))]))[0]
        for key, much in ((1, 5911), (2, 100))
    )
    together = one + other
    assert together.exact == one.exact + other.exact
    assert together.shown == one.shown + other.shown
    assert together.charges == (*one.charges, *other.charges)


def test_costs_in_two_currencies_never_do():
    with pytest.raises(CurrencyMismatch, match="usd and eur cannot be added"):
        Cost("usd") + Cost("eur")
