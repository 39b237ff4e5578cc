"""Why a feature costs what it does: each charge as a product, from how many events, and what the rounding leaves."""

from __future__ import annotations

from typing import TypedDict

from portal_app.billing.metering import QUANTITY_SCALE
from portal_app.billing.money import RATE_SCALE, Money
from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import PriceVersion
from portal_app.billing.rating import Charge, ChargeKind, Cost
from portal_app.display import Display
from portal_app.labels import AGGREGATIONS
from portal_app.queries.features import UsedFeature
from portal_app.queries.tariffs import FAR
from portal_app.queries.usage import UsageSeries
from portal_app.queries.usage_moments import UsageMoments
from portal_app.texts import gettext as _
from portal_app.texts import ngettext
from portal_app.ui.components.usage_words import quantity_text

ALL_DECIMALS = QUANTITY_SCALE + RATE_SCALE
"""What a value times a multiplier can have: a product that is explained has to multiply out."""


class ChargeRow(TypedDict):
    """One line: what is multiplied, under which tier or price, and the exact amount."""

    product: str
    note: str
    amount: str


class Explanation(TypedDict):
    """An open row. `problem` is the reference of a failure; `id` is empty if none is open."""

    id: str
    problem: str
    quantity: str
    events: str
    charges: list[ChargeRow]
    total: str
    rounding: str


NO_EXPLANATION = Explanation(id="", problem="", quantity="", events="", charges=[], total="", rounding="")


def explanation(one: UsageSeries, moments: UsageMoments, display: Display) -> Explanation:
    """Word how a feature's cost comes about; the charges add up to the exact cost."""
    feature = one.feature
    quantity = quantity_text(one.quantity, feature, display)
    return Explanation(
        id=feature.public_id,
        problem="",
        quantity=_("{quantity}: {how}.").format(quantity=quantity, how=AGGREGATIONS[feature.aggregation]),
        events=_events(one.events, moments, display),
        charges=[
            _charge(charge, charged.tariff.currency, period, feature, display)
            for charged in one.charged
            for period, step in zip(charged.periods, charged.cost.steps, strict=True)
            for charge in Cost(charged.tariff.currency, (step,)).charges
        ],
        total=" + ".join(display.exact_money(priced.exact) for priced in one.costs),
        rounding=_rounding(one, display),
    )


def _rounding(one: UsageSeries, display: Display) -> str:
    """Word what is shown in place of the exact cost, and why that is not always the nearest cent."""
    if all(priced.exact == priced.shown for priced in one.costs):
        return ""
    shown = " + ".join(display.cost(priced.exact, priced.shown) for priced in one.costs)
    if all(priced.exact.rounded() == priced.shown for priced in one.costs):
        return _("Shown as {amount}.").format(amount=shown)
    return _(
        "Shown as {amount}: what was charged by the end of this range less what was charged before it, "
        "each rounded, so that days add up to the period."
    ).format(amount=shown)


def _events(events: int, moments: UsageMoments, display: Display) -> str:
    counted = ngettext("{count} event", "{count} events", events).format(count=display.count(events))
    if moments.first_at is None or moments.last_at is None:
        return _("{events}.").format(events=counted)
    first, last = display.moment(moments.first_at), display.moment(moments.last_at)
    if events == 1:
        return _("{events}, on {first}.").format(events=counted, first=first)
    return _("{events}, the first on {first}, the last on {last}.").format(events=counted, first=first, last=last)


def _charge(charge: Charge, currency: str, period: TimeRange, feature: UsedFeature, display: Display) -> ChargeRow:
    rate = display.exact_money(Money(charge.unit_amount, currency))
    products = {
        ChargeKind.UNITS: _("{quantity} \u00d7 {rate}"),
        ChargeKind.PACKAGES: _("{packages} \u00d7 {rate}"),
        ChargeKind.FLAT: _("flat amount of {rate}"),
    }
    count = charge.quantity
    packages = ngettext("{count} package", "{count} packages", 1 if abs(count) == 1 else 2)
    return ChargeRow(
        product=products[charge.kind].format(
            quantity=display.quantity(count, feature.unit_singular, feature.unit_plural, ALL_DECIMALS),
            packages=packages.format(count=display.number(count)),
            rate=rate,
        ),
        note="; ".join([*_notes(charge, feature, display), _period(period, display)]),
        amount=display.exact_money(Money(charge.amount, currency)),
    )


def _notes(charge: Charge, feature: UsedFeature, display: Display) -> list[str]:
    price = charge.price
    notes = [_tier(price, charge.tier, feature, display)] if charge.tier is not None else []
    if charge.kind is ChargeKind.PACKAGES and price.model.package:
        each = quantity_text(price.model.package.divide_by, feature, display)
        notes.append(_("{each} in each").format(each=each))
    if charge.is_minimum:
        least = quantity_text(price.model.min_quantity, feature, display)
        notes.append(_("not used, but the least that is charged is {least}").format(least=least))
    if charge.quantity < 0:
        notes.append(_("taken back: another tier or price applies now"))
    if price.start_at is not None:
        notes.append(_("price since {moment}").format(moment=display.moment(price.start_at)))
    if price.end_at is not None:
        notes.append(_("price until {moment}").format(moment=display.moment(price.end_at)))
    return notes


def _period(period: TimeRange, display: Display) -> str:
    """Say from when to when usage is counted together."""
    if period.end_at >= FAR:
        return _("counted since {date}").format(date=display.date(period.start_at))
    return _("billing period {period}").format(period=display.period(period.start_at, period.end_at))


def _tier(price: PriceVersion, place: int, feature: UsedFeature, display: Display) -> str:
    """Say which part of a period's usage a tier holds."""
    tiers = price.model.tiers
    above, up_to = tiers[place - 1].up_to if place else None, tiers[place].up_to
    words = {"place": display.count(place + 1)}
    if above is not None:
        words["above"] = display.number(above)
    if up_to is not None:
        words["up_to"] = quantity_text(up_to, feature, display)
    if above is None:
        return (_("tier {place}, up to {up_to}") if up_to is not None else _("tier {place}")).format(**words)
    if up_to is None:
        return _("tier {place}, above {above}").format(**words)
    return _("tier {place}, above {above} up to {up_to}").format(**words)
