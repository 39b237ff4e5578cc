"""Each documented kind of price: every answer that has a cost has the same, in windows of every size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import callers
import pytest
from api.contract import Api

from portal_app.commands.usage_writer import close_current_writer

PORTAL = "customer/portal"
KOLKATA = ZoneInfo("Asia/Kolkata")  # 5½ hours ahead: no window of an hour or more begins there with one of UTC
NOW = datetime.now(UTC).replace(microsecond=0)
SPAN = {"start_time": (NOW - timedelta(days=9)).isoformat(), "end_time": (NOW + timedelta(hours=1)).isoformat()}
TIERED = {
    "Graduated": ("SLAB", [{"up_to": 1000, "unit_amount": "0.01"}, {"unit_amount": "0.005", "flat_amount": "1"}]),
    "Volume": ("VOLUME", [{"up_to": 10, "unit_amount": "1"}, {"up_to": None, "unit_amount": "0.5"}]),
}
MODELS = {
    "Flat": {"billing_model": "FLAT_FEE", "amount": "0.0030"},
    "Package": {
        "billing_model": "PACKAGE", "amount": "2.5", "transform_quantity": {"divide_by": 100, "round": "up"},
    },
    **{
        name: {"billing_model": "TIERED", "tier_mode": mode, "tiers": tiers} for name, (mode, tiers) in TIERED.items()
    },
}  # fmt: skip
SENT = {"Flat": [1, 1, 5], "Package": [100, 150], "Graduated": [1000, "200.5", 299.5], "Volume": [10, 20]}
CHARGED = {"Flat": "0.021", "Graduated": "13.5", "Package": "7.5", "Volume": "15"}
TOTAL = "36.021"


@pytest.fixture
def operator(api, database):
    yield Api(callers.program_with(api, database))
    close_current_writer()


@pytest.fixture
def subscription(operator):
    """Acme of Kolkata on a plan with a fee and a price of each kind, and what Acme used. The subscription's id."""
    plan = operator.post("plans", {"name": "All kinds"}, "plan", 201)["id"]
    base = {
        "entity_type": "PLAN", "entity_id": plan, "billing_period": "MONTHLY", "currency": "usd",
        "price_unit_type": "FIAT", "invoice_cadence": "ARREAR",
    }  # fmt: skip
    prices = [base | {"type": "FIXED", "billing_model": "FLAT_FEE", "amount": "19.99"}]
    for name, model in MODELS.items():
        meter = {"name": name, "event_name": name, "aggregation": {"type": "SUM", "field": "n"}}
        feature = operator.post("features", {"name": name, "type": "metered", "meter": meter}, "feature", 201)
        prices.append(base | model | {"type": "USAGE", "meter_id": feature["meter_id"]})
    made = operator.post("prices/bulk", {"items": prices}, status=201)["items"]
    assert [type(tier["up_to"]) for price in made for tier in price.get("tiers", [])] == [int, type(None)] * 2
    customer = {"external_id": "acme", "name": "Acme Corp", "timezone": KOLKATA.key}
    operator.post("customers", customer, "customer", 201)
    terms = {"external_customer_id": "acme", "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    made = operator.post("subscriptions", terms | {"start_date": SPAN["start_time"]}, "subscription", 201)
    events = [
        {"event_name": name, "external_customer_id": "acme", "properties": {"n": n},
         "timestamp": (NOW - timedelta(hours=1 + 20 * hours)).isoformat()}
        for name, quantities in SENT.items()
        for hours, n in enumerate(quantities)
    ]  # fmt: skip
    operator.post("events/bulk", {"events": events}, status=202)
    return made["id"]


@pytest.fixture
def customer(api, database, subscription):
    return Api(callers.portal_of(api, database, "acme"))


def costs(answer):
    return {item["name"]: item["total_cost"] for item in answer["items"]}


def test_every_answer_that_has_a_cost_has_the_same(operator, customer, subscription):
    wallet = operator.post("wallets", {"currency": "usd", "external_customer_id": "acme"}, "wallet")["id"]
    seen = customer.post(f"{PORTAL}/analytics/revenue", SPAN, "analytics")
    asked = operator.post("events/analytics", SPAN | {"external_customer_id": "acme"}, "analytics")
    assert (costs(seen), seen["total_cost"]) == (costs(asked), asked["total_cost"]) == (CHARGED, TOTAL)
    charged = operator.post("subscriptions/usage", SPAN | {"subscription_id": subscription})
    of_customer = operator.post("costs/analytics", SPAN | {"external_customer_id": "acme"})
    assert (charged["amount"], of_customer["total_revenue"]) == (TOTAL, TOTAL)
    own = customer.post(f"{PORTAL}/analytics/cost", SPAN, "costs")
    assert {one["meter_name"]: one["total_cost"] for one in own["cost_analytics"]} == CHARGED
    balance = customer.get(f"{PORTAL}/wallets/{wallet}", "wallet")
    assert (balance["current_period_usage"], balance["real_time_balance"]) == (TOTAL, f"-{TOTAL}")


def test_windows_of_every_size_are_the_customers_own_and_add_up(customer):
    for size in ("15MIN", "30MIN", "HOUR", "3HOUR", "6HOUR", "12HOUR", "DAY", "WEEK", "MONTH"):
        seen = customer.post(f"{PORTAL}/analytics/revenue", SPAN | {"window_size": size}, "analytics")
        for item in seen["items"]:
            points = [customer.checked("point", point) for point in item["points"]]
            starts = [datetime.fromisoformat(point["timestamp"]).astimezone(KOLKATA) for point in points[1:]]
            assert all(begins(size, start) for start in starts), (size, starts)
            for part, whole in (("cost", "total_cost"), ("usage", "total_usage")):
                assert sum(Decimal(point[part]) for point in points) == Decimal(item[whole]), (size, item["name"])
        assert costs(seen) == CHARGED


def begins(size, local):
    """Tell whether a window of this size may begin at a local time; months follow the subscription's day."""
    if size.endswith("MIN"):
        return local.minute % int(size.removesuffix("MIN")) == 0
    hours = {"HOUR": 1, "3HOUR": 3, "6HOUR": 6, "12HOUR": 12, "DAY": 24, "WEEK": 24}.get(size)
    is_monday = size != "WEEK" or local.weekday() == 0
    return hours is None or (local.minute == 0 and local.hour % hours == 0 and is_monday)
