"""What is wrong with a price that cannot be used, by its field, and which of several prices is valid when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import (
    Package,
    PriceModel,
    PriceVersion,
    Tariff,
    Tier,
    model_problems,
    version_problems,
    with_precedence,
)
from portal_app.billing.statuses import BillingModel, TierMode

PER_UNIT = PriceModel(BillingModel.FLAT_FEE, Decimal("0.024"))


def tiered(*tiers: Tier, tier_mode: TierMode | None = TierMode.SLAB, amount: int = 0) -> PriceModel:
    return PriceModel(BillingModel.TIERED, Decimal(amount), tier_mode=tier_mode, tiers=tiers)


def tier(up_to: int | None, unit_amount: int = 1, flat_amount: int = 0) -> Tier:
    return Tier(None if up_to is None else Decimal(up_to), Decimal(unit_amount), Decimal(flat_amount))


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 1, 6, hour, minute, second, tzinfo=UTC)


def said(problems) -> list[tuple[str, str]]:
    return [(problem.field, problem.sentence) for problem in problems]


@pytest.mark.parametrize(
    "model",
    [
        PER_UNIT,
        PriceModel(BillingModel.FLAT_FEE, min_quantity=Decimal(10)),
        PriceModel(BillingModel.PACKAGE, Decimal(2), package=Package(Decimal("0.5"))),
        tiered(tier(None)),
        tiered(tier(1000, 0), tier(2000, 1, 5), tier(None, 2)),
    ],
)
def test_a_good_price_has_no_problems(model):
    assert model_problems(model) == []


@pytest.mark.parametrize(
    ("model", "field", "sentence"),
    [
        (PriceModel(BillingModel.FLAT_FEE, Decimal(-1)), "amount", "cannot be negative"),
        (PriceModel(BillingModel.FLAT_FEE, min_quantity=Decimal(-1)), "min_quantity", "cannot be negative"),
        (
            PriceModel(BillingModel.PACKAGE, Decimal(2)),
            "transform_quantity",
            "a PACKAGE price needs one, to say how many units a package holds",
        ),
        (
            PriceModel(BillingModel.PACKAGE, Decimal(2), package=Package(Decimal(0))),
            "transform_quantity.divide_by",
            "has to be greater than zero",
        ),
        (
            PriceModel(BillingModel.FLAT_FEE, Decimal(2), package=Package(Decimal(10))),
            "transform_quantity",
            "only a PACKAGE price has one",
        ),
        (PriceModel(BillingModel.FLAT_FEE, tiers=(tier(None),)), "tiers", "only a TIERED price has tiers"),
        (tiered(), "tiers", "a TIERED price needs at least one tier"),
        (tiered(tier(None), tier_mode=None), "tier_mode", "a TIERED price needs VOLUME or SLAB"),
        (tiered(tier(None), amount=1), "amount", "a TIERED price has its amounts in its tiers"),
        (tiered(tier(None, -1)), "tiers[0].unit_amount", "cannot be negative"),
        (tiered(tier(5), tier(None, 1, -1)), "tiers[1].flat_amount", "cannot be negative"),
        (tiered(tier(5)), "tiers[0].up_to", "the last tier, and no other, has to be open (null)"),
        (tiered(tier(None), tier(None)), "tiers[0].up_to", "the last tier, and no other, has to be open (null)"),
        (tiered(tier(0), tier(None)), "tiers[0].up_to", "has to be greater than 0, where the tier begins"),
        (tiered(tier(5), tier(5), tier(None)), "tiers[1].up_to", "has to be greater than 5, where the tier begins"),
    ],
)
def test_a_bad_price_names_the_field_and_what_it_has_to_be(model, field, sentence):
    assert said(model_problems(model)) == [(field, sentence)]


def test_all_problems_are_named_at_once():
    model = tiered(tier(5, -1), tier(3), tier(None), tier_mode=None)
    assert [problem.field for problem in model_problems(model)] == [
        "tier_mode",
        "tiers[0].unit_amount",
        "tiers[1].up_to",
    ]


def test_tiers_in_the_wrong_order_are_each_named():
    fields = [problem.field for problem in model_problems(tiered(tier(None), tier(5)))]
    assert fields == ["tiers[0].up_to", "tiers[1].up_to"]


@pytest.mark.parametrize("change_at", [at(10, 1), at(10, 0, 1), at(10, 0).replace(microsecond=1)])
def test_a_price_changes_on_the_quarter_hour_only(change_at):
    sentence = "prices change on the quarter hour (UTC): minutes 00, 15, 30 or 45, no seconds"
    assert said(version_problems(PriceVersion(1, PER_UNIT, change_at))) == [("start_date", sentence)]
    assert said(version_problems(PriceVersion(1, PER_UNIT, end_at=change_at))) == [("end_date", sentence)]


@pytest.mark.parametrize("end_at", [at(9, 45), at(10)])
def test_a_price_ends_after_it_starts(end_at):
    problems = version_problems(PriceVersion(1, PER_UNIT, at(10), end_at))
    assert said(problems) == [("end_date", "has to be after start_date")]


@pytest.mark.parametrize(
    ("start_at", "end_at"),
    [(None, None), (at(9), at(11)), (None, at(10, 15)), (at(11, 45), None), (at(10, 30), at(11))],
)
def test_two_prices_of_a_meter_are_never_valid_at_once(start_at, end_at):
    other = PriceVersion("price_1", PER_UNIT, at(10), at(12))
    problems = version_problems(PriceVersion("price_2", PER_UNIT, start_at, end_at), [other])
    assert said(problems) == [("start_date", "the price price_1 is valid at the same time; end it first")]


@pytest.mark.parametrize(("start_at", "end_at"), [(at(9), at(10)), (at(12), None), (None, at(9, 45))])
def test_prices_may_follow_each_other_with_or_without_a_gap(start_at, end_at):
    other = PriceVersion("price_1", PER_UNIT, at(10), at(12))
    assert version_problems(PriceVersion("price_2", PER_UNIT, start_at, end_at), [other]) == []


def test_a_tariff_knows_when_its_prices_change_inside_a_period():
    versions = (
        PriceVersion(1, PER_UNIT, None, at(10)),
        PriceVersion(2, PER_UNIT, at(10), at(12)),
        PriceVersion(3, PER_UNIT, at(13)),
    )
    assert Tariff("usd", versions).changes_in(TimeRange(at(10), at(20))) == [at(12), at(13)]
    assert Tariff("usd", versions).changes_in(TimeRange(at(10), at(13))) == [at(12)]


@pytest.mark.parametrize(
    ("start", "end", "is_empty"),
    [
        (at(1), at(2), False),
        (at(1), at(1), True),
        (at(2), at(1), True),
        (None, at(1), False),
        (at(1), None, False),
        (None, None, False),
    ],
)
def test_a_price_that_ends_when_it_begins_or_before_is_never_valid(start, end, is_empty):
    assert PriceVersion(1, PER_UNIT, start, end).is_empty is is_empty


@pytest.mark.parametrize(
    ("start", "end", "is_valid"),
    [
        (None, None, True),
        (None, at(1), False),
        (None, at(1, 0, 1), True),
        (at(3), None, False),
        (at(2, 59, 59), None, True),
        (at(0), at(1), False),
        (at(3), at(4), False),
        (at(2), at(2, 30), True),
        (at(0), at(4), True),
    ],
)
def test_a_price_is_valid_in_a_span_that_it_shares_an_instant_with(start, end, is_valid):
    assert PriceVersion(1, PER_UNIT, start, end).is_valid_in(TimeRange(at(1), at(3))) is is_valid


HOURS = range(12)


@st.composite
def one_at_a_time(draw, name):
    """Prices in the order of time, with gaps or without, that may be open at both ends."""
    hours = sorted(draw(st.sets(st.sampled_from(HOURS), max_size=8)))
    bounds = [None, *map(at, hours), None] if draw(st.booleans()) else [*map(at, hours)]
    spans = [span for span in pairwise(bounds) if draw(st.booleans())]
    return [PriceVersion(f"{name}{number}", PER_UNIT, start, end) for number, (start, end) in enumerate(spans)]


def valid_at(versions, instant):
    return [one.key for one in versions if one.is_valid_in(TimeRange(instant, instant + timedelta(seconds=1)))]


@given(one_at_a_time("own"), one_at_a_time("plan"))
def test_at_any_instant_a_subscriptions_own_price_is_valid_or_its_plans_where_it_has_none(own, of_plan):
    both = with_precedence(own, of_plan)
    for half_hours in range(-1, 2 * len(HOURS)):  # from before the first bound to after the last one
        instant = at(0) + timedelta(minutes=30 * half_hours)
        assert valid_at(both, instant) == (valid_at(own, instant) or valid_at(of_plan, instant))
    assert not any(one.is_empty for one in both)
    assert all(
        earlier.end_at and later.start_at and earlier.end_at <= later.start_at for earlier, later in pairwise(both)
    )


def test_what_an_own_price_interrupts_is_there_before_and_after_it():
    of_plan, own = PriceVersion("plan", PER_UNIT), PriceVersion("own", PER_UNIT, at(3), at(5))
    parts = [(part.key, part.start_at, part.end_at) for part in with_precedence([own], [of_plan])]
    assert parts == [("plan", None, at(3)), ("own", at(3), at(5)), ("plan", at(5), None)]
