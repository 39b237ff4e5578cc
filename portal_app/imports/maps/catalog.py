"""plans and prices: what customers can subscribe to, and what it costs."""

from collections.abc import Iterator
from decimal import Decimal

from portal_app.billing.prices import ZERO, Package, PriceModel, PriceVersion, model_problems, version_problems
from portal_app.billing.statuses import BillingModel, PriceType, Rounding
from portal_app.imports import kinds
from portal_app.imports.columns import Column, Noun, Objection, Values, column, key, reference
from portal_app.imports.tiers import restored, tiers
from portal_app.models.catalog import Plan, Price
from portal_app.models.columns import MoneyColumn, RateColumn


def _price_can_be_charged(values: Values) -> Iterator[Objection]:
    if values["start_at"] and values["end_at"] and values["end_at"] <= values["start_at"]:
        yield "end_at", "is not after start_at"
    if values["tier_mode"] and values["billing_model"] is not BillingModel.TIERED:
        yield "tier_mode", "only a TIERED price has one"
    if values["meter_id"]:
        yield from _usage_can_be_rated(values)
    elif values["tiers"] or values["billing_model"] is BillingModel.TIERED:
        yield "billing_model", "a TIERED price rates the usage of a meter, and names it"


def _usage_can_be_rated(values: Values) -> Iterator[Objection]:
    if values["type"] is not PriceType.USAGE:
        yield "meter", "belongs to a USAGE price"
    model = PriceModel(
        values["billing_model"],
        values["amount"],
        Package(values["divide_by"], values["rounding"] or Rounding.UP) if values["divide_by"] else None,
        values["tier_mode"],
        tuple(restored(values["tiers"] or ())),
        values["min_quantity"] or ZERO,
    )
    dates = PriceVersion("", model, values["start_at"], values["end_at"])
    for problem in (*model_problems(model), *version_problems(dates)):
        if problem.field.startswith("tiers["):
            yield "tiers", f"{problem.field.removeprefix('tiers')} {problem.sentence}"
        else:
            yield _COLUMNS.get(problem.field, problem.field), problem.sentence


_COLUMNS = {"transform_quantity": "divide_by", "start_date": "start_at", "end_date": "end_at"}
"""What is called otherwise in the documented API."""

_TERMS = frozenset({
    "plan", "type", "billing_model", "billing_period", "billing_period_count", "invoice_cadence", "currency", "amount",
    "meter", "divide_by", "rounding", "tier_mode", "tiers", "min_quantity", "start_at",
})  # fmt: skip
"""What past usage costs is computed from these, so they never change: other terms are another price (decision 0304)."""


PLANS = Noun(
    name="plans",
    singular="plan",
    table=Plan,
    columns=(
        key(Plan, "base"),
        column(Plan, "name", "Plan Base", "as customers see it", required=True),
        column(Plan, "description", "Compute and storage, billed monthly", "one line under the name"),
        column(Plan, "status", "published", "whether it is still on offer; customers keep seeing the plan they are on"),
    ),
)

PRICES = Noun(
    name="prices",
    singular="price",
    table=Price,
    columns=(
        key(Price, "base-usd"),
        reference("plans", "plan", "base", "the plan it belongs to", required=True),
        column(Price, "display_name", "Monthly fee", "as customers see it"),
        column(Price, "type", "FIXED", "whether the price follows usage"),
        column(Price, "billing_model", "FLAT_FEE", "how a quantity becomes an amount"),
        column(Price, "billing_period", "MONTHLY", "how often it is charged", required=True),
        column(Price, "billing_period_count", "1", "charged every so many periods"),
        column(Price, "invoice_cadence", "ADVANCE", "charged before or after the period"),
        column(Price, "currency", "USD", "currency of the amount", kind=kinds.currency(), required=True),
        column(
            Price,
            "amount",
            "20.00",
            "what a period, or a unit, costs; 0 of a TIERED price",
            kind=kinds.number(RateColumn.scale, least=Decimal(0)),
            required=True,
        ),
        reference("meters", "meter", "tokens", "of a USAGE price: the meter whose quantity it rates"),
        column(
            Price,
            "divide_by",
            "1000",
            "of a PACKAGE price: how many units are sold together",
            kind=kinds.number(MoneyColumn.scale, above=Decimal(0)),
        ),
        column(Price, "rounding", "up", "whether a begun package counts", empty="it does"),
        column(Price, "tier_mode", "SLAB", "of a TIERED price: each unit at its own tier, or all at that of the last"),
        Column(
            "tiers",
            tiers(),
            "of a TIERED price: units above the tier before, up to and including `up_to` (null is no end)",
            '[{"up_to": 1000, "unit_amount": 0}, {"up_to": null, "unit_amount": 0.002, "flat_amount": 5}]',
            attribute="tiers",
        ),
        column(
            Price,
            "min_quantity",
            "100",
            "charged for even if less was used",
            kind=kinds.number(MoneyColumn.scale, least=Decimal(0)),
        ),
        column(Price, "start_at", "2026-01-01T00:00:00Z", "valid from", empty="always was"),
        column(Price, "end_at", "2027-01-01T00:00:00Z", "valid until, this moment excluded", empty="no end"),
    ),
    fixed=_TERMS,
    check=_price_can_be_charged,
)
