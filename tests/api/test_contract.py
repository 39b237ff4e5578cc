"""From nothing to a paid invoice through the documented API, then the same facts as the customer and on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import callers
import pytest
from api.contract import Api
from pages import loaded_state

from portal_app.commands.usage_writer import close_current_writer
from portal_app.display import make_display
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.ui.tabs.credits.state import CreditsState
from portal_app.ui.tabs.invoices.state import InvoicesState
from portal_app.ui.tabs.overview.state import OverviewState
from portal_app.ui.tabs.usage.state import UsageState

DISPLAY = make_display("en_US", "UTC")
NOW = datetime.now(UTC)
PORTAL = "customer/portal"


def time(hours_ago: float) -> str:
    return (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def operator(api, database):
    yield Api(callers.program_with(api, database))
    close_current_writer()


@pytest.fixture
def world(operator):
    """Set a customer up as an operator does: from a plan to a paid invoice. All ids by name."""
    plan = operator.post("plans", {"name": "Plan Base", "lookup_key": "base"}, "plan", 201)["id"]
    base = {
        "entity_type": "PLAN", "entity_id": plan, "billing_period": "MONTHLY", "currency": "usd",
        "price_unit_type": "FIAT",
    }  # fmt: skip
    fee = {"type": "FIXED", "billing_model": "FLAT_FEE", "invoice_cadence": "ADVANCE", "amount": "20"}
    operator.post("prices", base | fee, status=201)
    meter = {"name": "Calls", "event_name": "call", "aggregation": {"type": "SUM", "field": "n"}}
    body = {"name": "API calls", "type": "metered", "lookup_key": "calls", "unit_plural": "calls", "meter": meter}
    feature = operator.post("features", body, "feature", 201)
    tiers = [{"up_to": 1000, "unit_amount": "0"}, {"up_to": None, "unit_amount": "0.025"}]
    usage = {"type": "USAGE", "billing_model": "TIERED", "tier_mode": "SLAB", "tiers": tiers}
    operator.post("prices", base | usage | {"invoice_cadence": "ARREAR", "meter_id": feature["meter_id"]}, status=201)
    limit = {"usage_limit": 4000, "usage_reset_period": "MONTHLY", "is_soft_limit": True}
    metered = {"plan_id": plan, "feature_id": feature["id"], "feature_type": "metered"}
    operator.post("entitlements", metered | limit, status=201)
    customer = operator.post("customers", {"external_id": "acme", "name": "Acme Corp"}, "customer", 201)["id"]
    body = {"customer_id": customer, "currency": "usd", "conversion_rate": "0.1", "initial_credits_to_load": "50"}
    wallet = operator.post("wallets", body, "wallet")["id"]
    bought = {"transaction_reason": "PURCHASED_CREDIT_DIRECT", "credits_to_add": "1000", "idempotency_key": "o-17"}
    operator.post(f"wallets/{wallet}/top-up", bought)
    operator.post(f"wallets/{wallet}/top-up", bought)  # sent again: one movement
    operator.post(f"wallets/{wallet}/debit", {"credits": "15.5", "idempotency_key": "job-3"})
    body = {"customer_id": customer, "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    subscription = operator.post("subscriptions", body | {"start_date": time(72)}, "subscription", 201)["id"]
    events = [
        {"event_name": "call", "external_customer_id": "acme", "event_id": f"e-{n}", "timestamp": time(n),
         "source": "web", "properties": {"n": "100.25", "region": "eu"}}
        for n in range(1, 21)
    ]  # fmt: skip
    assert operator.post("events/bulk", {"events": events}, status=202)["message"].startswith("Events accepted")
    assert operator.post("events", events[0], status=202)["event_id"] == "e-1"  # sent again: one event
    body = {
        "customer_id": customer, "currency": "usd", "subtotal": "60.25", "total": "58.25", "amount_due": "58.25",
        "subscription_id": subscription, "idempotency_key": "january", "due_date": time(-24 * 30),
        "line_items": [
            {"display_name": "Plan Base", "amount": "20", "quantity": "1", "line_item_discount": "2"},
            {"display_name": "API calls", "amount": "40.25", "quantity": "1610", "price_type": "USAGE"},
        ],
    }  # fmt: skip
    invoice = operator.post("invoices", body, "invoice", 201)["id"]
    assert operator.post("invoices", body, "invoice", 201)["id"] == invoice
    issued = operator.post(f"invoices/{invoice}/finalize", {}, "invoice")
    assert issued["invoice_status"] == "FINALIZED"
    payment = {
        "amount": "18.25", "currency": "usd", "destination_type": "INVOICE", "destination_id": invoice,
        "payment_method_type": "CARD", "idempotency_key": "charge-9",
    }  # fmt: skip
    operator.post("payments", payment, status=201)
    return {
        "plan": plan, "feature": feature["id"], "customer": customer, "wallet": wallet,
        "subscription": subscription, "invoice": invoice,
    }  # fmt: skip


@pytest.fixture
def customer(api, database, operator, world):
    """The customer's own front end, by a link the operator minted."""
    minted = operator.get("customers/portal/acme", "link")
    client = callers.stranger(api)
    client.headers["X-Session-Token"] = minted["token"]
    return Api(client)


def test_the_customer_reads_what_the_operator_wrote(operator, customer, world):
    info = customer.get(f"{PORTAL}/info", "customer")
    assert info == operator.get(f"customers/{world['customer']}", "customer")
    assert customer.refused("PUT", f"{PORTAL}/info", {"name": "X"}) == (403, {"message": "insufficient permissions"})

    [subscription] = customer.pages(f"{PORTAL}/subscriptions", {}, "subscription", 1)
    one = customer.get(f"{PORTAL}/subscriptions/{world['subscription']}", "subscription")
    assert one | {"customer": None} == subscription
    assert (one["subscription_status"], one["plan"]["name"], one["customer"]["id"]) == (
        "active", "Plan Base", world["customer"],
    )  # fmt: skip
    assert one["current_period_start"] <= time(0) < one["current_period_end"]

    [invoice] = customer.pages(f"{PORTAL}/invoices", {}, "invoice", 1)
    whole = customer.get(f"{PORTAL}/invoices/{world['invoice']}", "invoice")
    assert whole == operator.get(f"invoices/{world['invoice']}", "invoice")
    assert (invoice["id"], invoice["total"], len(invoice["line_items"])) == (whole["id"], whole["total"], 2)
    lines = [customer.checked("line", line) for line in whole["line_items"]]
    assert [line["amount"] for line in lines] == ["20", "40.25"]
    facts = ("subtotal", "total_discount", "total", "amount_due", "amount_paid", "amount_remaining")
    assert [whole[name] for name in facts] == ["60.25", "2", "58.25", "58.25", "18.25", "40"]
    assert (whole["payment_status"], whole["subscription"]["id"]) == ("PENDING", world["subscription"])
    assert [payment["amount"] for payment in whole["payments"]] == ["18.25"]
    assert customer.get(f"{PORTAL}/invoices/{world['invoice']}/pdf")["presigned_url"].startswith("http")


def test_the_wallet_is_what_its_ledger_says(customer, world):
    [wallet] = [customer.checked("wallet", one) for one in customer.post(f"{PORTAL}/wallets", {})]
    assert "real_time_balance" not in wallet
    assert (wallet["name"], wallet["credit_balance"], wallet["balance"]) == ("Prepaid Wallet - USD", "1034.5", "103.45")
    rows = customer.slices(f"{PORTAL}/wallets/{world['wallet']}/transactions", "transaction", 2)
    assert [row["transaction_reason"] for row in rows] == [
        "MANUAL_BALANCE_DEBIT", "PURCHASED_CREDIT_DIRECT", "FREE_CREDIT_GRANT",
    ]  # fmt: skip
    signs = {"credit": 1, "debit": -1}
    assert sum(signs[row["type"]] * Decimal(row["credit_amount"]) for row in rows) == Decimal(wallet["credit_balance"])
    one = customer.get(f"{PORTAL}/wallets/{world['wallet']}", "wallet")
    usage, unpaid = Decimal(one["current_period_usage"]), Decimal(one["unpaid_invoices_amount"])
    assert (usage, unpaid) == (Decimal("25.125"), Decimal(40))
    assert Decimal(one["real_time_balance"]) == Decimal(one["balance"]) - usage - unpaid
    assert one["credits_available_breakdown"] == {"purchased": "1000", "free": "34.5"}


def test_usage_is_the_same_however_it_is_asked_for(operator, customer, world):
    span = {"start_time": time(48), "end_time": time(0)}
    seen = customer.post(f"{PORTAL}/analytics/revenue", span | {"window_size": "HOUR"}, "analytics")
    [item] = [customer.checked("item", one) for one in seen["items"]]
    points = [customer.checked("point", point) for point in item["points"]]
    assert (item["total_usage"], item["event_count"], item["total_cost"]) == ("2005", 20, "25.125")
    assert sum(Decimal(point["usage"]) for point in points) == Decimal(2005)
    assert sum(Decimal(point["cost"]) for point in points) == Decimal(seen["total_cost"])
    asked = operator.post("events/analytics", span | {"external_customer_id": "acme"}, "analytics")
    assert asked["items"][0]["total_cost"] == item["total_cost"]
    costs = customer.post(f"{PORTAL}/analytics/cost", span, "costs")
    assert costs["total_cost"] == costs["total_revenue"] == "25.125"
    assert {"margin", "margin_percent", "roi", "roi_percent"} & costs.keys() == set()
    [cost] = [customer.checked("meter cost", one) for one in costs["cost_analytics"]]
    assert (cost["total_quantity"], cost["total_events"]) == ("2005", 20)
    summary = customer.get(f"{PORTAL}/usage", "usage")
    assert summary["period"] is None
    [used] = [customer.checked("used feature", one) for one in summary["features"]]
    customer.checked("feature", used["feature"])
    customer.checked("source", used["sources"][0])
    assert (used["current_usage"], used["total_limit"], used["usage_percent"]) == ("2005", 4000, "0.50125")
    assert customer.get(f"{PORTAL}/config", "setting")["key"] == "customer_portal_config"


def test_the_page_shows_what_the_api_says(database, customer, world):
    with database.reading() as session:
        acme = get_published_customer_of_operator(session, "acme")[0]
    wallet = customer.get(f"{PORTAL}/wallets/{world['wallet']}", "wallet")
    invoice = customer.get(f"{PORTAL}/invoices/{world['invoice']}", "invoice")
    [item] = customer.post(f"{PORTAL}/analytics/revenue", {"start_time": time(24)}, "analytics")["items"]
    overview = loaded_state(OverviewState, acme)
    assert overview.wallets[0]["value"] == DISPLAY.number(Decimal(wallet["balance"]), 2).join(("$", ""))
    assert [row["id"] for row in overview.subscriptions] == [world["subscription"]]
    ledger = loaded_state(CreditsState, acme, f"/credits?wallet={world['wallet']}").transactions
    rows = customer.slices(f"{PORTAL}/wallets/{world['wallet']}/transactions", "transaction", 50)
    assert [row["id"] for row in ledger] == [row["id"] for row in rows]
    [listed] = loaded_state(InvoicesState, acme, "/invoices").rows
    assert (listed["id"], listed["number"], listed["amount"]) == (
        world["invoice"], invoice["invoice_number"], f"${invoice['total']}",
    )  # fmt: skip
    [used] = loaded_state(UsageState, acme, "/usage?range=1d").breakdown["rows"]
    assert (used["id"], used["usage"], used["exact_cost"]) == (
        world["feature"], f"{Decimal(item['total_usage']):,} calls", f"${item['total_cost']}",
    )  # fmt: skip


def test_another_customer_reads_nothing_of_it(api, database, operator, world):
    operator.post("customers", {"external_id": "globex", "name": "Globex"}, "customer", 201)
    globex = Api(callers.portal_of(api, database, "globex"))
    for noun in ("subscription", "invoice", "wallet"):
        theirs = globex.refused("GET", f"{PORTAL}/{noun}s/{world[noun]}")
        assert theirs == globex.refused("GET", f"{PORTAL}/{noun}s/{noun}_nobody")
        assert (theirs[0], theirs[1]["code"]) == (404, "not_found")
    assert globex.pages(f"{PORTAL}/invoices", {}, "invoice", 10) == []
