"""plans and prices: what customers can subscribe to, and what it costs."""

from collections.abc import Iterator
from decimal import Decimal

from portal_app.imports import kinds
from portal_app.imports.columns import Noun, Objection, Values, column, key, reference
from portal_app.models.catalog import Plan, Price
from portal_app.models.columns import RateColumn


def _price_ends_after_it_starts(values: Values) -> Iterator[Objection]:
    if values["start_at"] and values["end_at"] and values["end_at"] <= values["start_at"]:
        yield "end_at", "is not after start_at"


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
            "what a period, or a unit, costs",
            kind=kinds.number(RateColumn.scale, least=Decimal(0)),
            required=True,
        ),
        column(Price, "start_at", "2026-01-01T00:00:00Z", "valid from", empty="always was"),
        column(Price, "end_at", "2027-01-01T00:00:00Z", "valid until, this moment excluded", empty="no end"),
    ),
    fixed=frozenset({"plan"}),
    check=_price_ends_after_it_starts,
)
