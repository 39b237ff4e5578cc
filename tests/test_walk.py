"""A client written from the documented API alone: it sets a customer up, and reads the same facts as that customer.

It knows paths, headers and fields, and nothing of the code. Where page and API show one number, they agree.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import callers
import pytest
from fastapi.testclient import TestClient

from portal_app.access.principal import CustomerId
from portal_app.api.app import create_api
from portal_app.billing.periods import TimeRange
from portal_app.commands.usage_writer import close_current_writer
from portal_app.queries.customers import customer_id_of_operator
from portal_app.queries.invariants import all_violations
from portal_app.queries.invoices import list_latest_invoices
from portal_app.queries.subscriptions import list_subscriptions
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.queries.wallets import list_wallets

NOW = datetime.now(UTC)


class Client:
    """The documented API, as a library for it would be."""

    def __init__(self, http: TestClient) -> None:
        self._http = http

    def call(self, method: str, path: str, body: object = None, status: int = 200) -> dict:
        answer = self._http.request(method, f"/v1/{path}", json=body)
        assert (answer.status_code, answer.text) == (status, answer.text)
        return answer.json()


@pytest.fixture
def operator(database):
    yield Client(callers.program_with(create_api(), database))
    close_current_writer()


@pytest.fixture
def world(operator):
    """Set up by the documented calls: plan, price, feature with meter, entitlement, customer, wallet, and so on."""
    call = operator.call
    customer = call("POST", "customers", {"external_id": "acme", "name": "Acme Corp", "timezone": "Europe/Berlin"}, 201)
    feature = call("POST", "features", {
        "name": "API calls", "type": "metered", "unit_singular": "call", "unit_plural": "calls",
        "meter": {"name": "Calls", "event_name": "call", "aggregation": {"type": "SUM", "field": "n"}},
    }, 201)  # fmt: skip
    plan = call("POST", "plans", {"name": "Plan Base"}, 201)
    call("POST", "prices", {
        "entity_type": "PLAN", "entity_id": plan["id"], "type": "USAGE", "billing_model": "TIERED", "tier_mode": "SLAB",
        "tiers": [{"up_to": 1000, "unit_amount": "0.03"}, {"up_to": None, "unit_amount": "0.02"}],
        "billing_period": "MONTHLY", "invoice_cadence": "ARREAR", "currency": "usd", "price_unit_type": "FIAT",
        "meter_id": feature["meter_id"],
    }, 201)  # fmt: skip
    call("POST", "entitlements", {"plan_id": plan["id"], "feature_id": feature["id"], "feature_type": "metered",
                                  "usage_limit": 10_000}, 201)  # fmt: skip
    wallet = call("POST", "wallets", {"external_customer_id": "acme", "currency": "usd", "conversion_rate": "0.1"})
    bought = {"transaction_reason": "PURCHASED_CREDIT_DIRECT", "credits_to_add": "1000", "idempotency_key": "order-1"}
    call("POST", f"wallets/{wallet['id']}/top-up", bought)
    call("POST", f"wallets/{wallet['id']}/debit", {"credits": "65.8", "idempotency_key": "job-1"})
    subscription = call("POST", "subscriptions", {
        "external_customer_id": "acme", "plan_id": plan["id"], "currency": "usd", "billing_period": "MONTHLY",
        "start_date": (NOW - timedelta(days=2)).isoformat(),
    }, 201)  # fmt: skip
    events = [{"event_name": "call", "external_customer_id": "acme", "event_id": f"e-{n}", "properties": {"n": "197"},
               "timestamp": (NOW - timedelta(hours=n)).isoformat()} for n in range(30)]  # fmt: skip
    call("POST", "events/bulk", {"events": events}, 202)
    call("POST", "events/bulk", {"events": events[:7]}, 202)
    invoice = call("POST", "invoices", {
        "customer_id": customer["id"], "subscription_id": subscription["id"], "currency": "usd",
        "subtotal": "20", "total": "23.8", "amount_due": "23.8", "invoice_status": "FINALIZED",
        "line_items": [{"display_name": "Plan Base", "amount": "20", "quantity": "1"}],
    }, 201)  # fmt: skip
    call("POST", "payments", {"amount": "3.8", "currency": "usd", "destination_type": "INVOICE",
                              "destination_id": invoice["id"], "payment_method_type": "CARD"}, 201)  # fmt: skip
    return {"customer": customer, "wallet": wallet, "subscription": subscription, "invoice": invoice}


def test_the_customer_reads_what_the_operator_wrote_and_every_number_agrees(database, operator, world):
    token = operator.call("GET", "customers/portal/acme")["token"]
    portal = Client(TestClient(create_api(), headers={"X-Session-Token": token}))
    wallet = portal.call("GET", f"customer/portal/wallets/{world['wallet']['id']}")
    [invoice] = portal.call("POST", "customer/portal/invoices", {})["items"]
    [subscription] = portal.call("POST", "customer/portal/subscriptions", {})["items"]
    span = {"start_time": (NOW - timedelta(days=2)).isoformat(), "window_size": "HOUR"}
    [usage] = portal.call("POST", "customer/portal/analytics/revenue", span)["items"]
    [entitled] = portal.call("GET", "customer/portal/usage")["features"]

    assert (wallet["credit_balance"], wallet["balance"]) == ("934.2", "93.42")
    assert usage["total_usage"] == entitled["current_usage"] == "5910"
    assert Decimal(usage["total_cost"]) == Decimal(wallet["current_period_usage"]) == Decimal("128.2")
    assert wallet["unpaid_invoices_amount"] == invoice["amount_remaining"] == "20"
    assert Decimal(wallet["real_time_balance"]) == Decimal("93.42") - Decimal("128.2") - 20
    whole = portal.call("GET", f"customer/portal/invoices/{invoice['id']}")
    assert [(one["amount"], one["payment_status"]) for one in whole["payments"]] == [("3.8", "SUCCEEDED")]
    assert whole["subscription"]["id"] == subscription["id"]
    for noun, mine in (("wallets", wallet), ("invoices", invoice), ("subscriptions", subscription)):
        theirs = operator.call("GET", f"{noun}/{mine['id']}")
        volatile = {"balance_updated_at", "customer", "subscription", "payments", "taxes"}
        assert {k: v for k, v in mine.items() if k not in volatile} == {k: theirs[k] for k in mine if k not in volatile}

    with database.reading() as session:
        acme = CustomerId(customer_id_of_operator(session, world["customer"]["id"]))
        [shown] = list_wallets(session, acme, NOW)
        [bill] = list_latest_invoices(session, acme, NOW)
        [plan] = list_subscriptions(session, acme, NOW)
        report = usage_report(session, acme, UsageQuestion(TimeRange(plan.period_start_at, plan.period_end_at)), NOW)
        assert list(all_violations(session)) == []
    assert (shown.credits, shown.value.amount) == (Decimal(wallet["credit_balance"]), Decimal(wallet["balance"]))
    assert (bill.number, bill.total.amount) == (invoice["invoice_number"], Decimal(invoice["total"]))
    assert (plan.plan_name, plan.public_id) == (subscription["plan"]["name"], subscription["id"])
    assert report.series[0].quantity == Decimal(usage["total_usage"])
    assert report.series[0].costs[0].exact.amount == Decimal(usage["total_cost"])
