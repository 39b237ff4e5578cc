"""Events over REST, and what customers and programs read of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal_app.commands.usage_writer import close_current_writer

METER = {"name": "Calls", "event_name": "call", "aggregation": {"type": "SUM", "field": "n"}}
FEATURE = {"name": "API calls", "type": "metered", "lookup_key": "calls", "unit_plural": "calls", "meter": METER}
TIERS = [{"up_to": 1000, "unit_amount": "0"}, {"up_to": None, "unit_amount": "0.025"}]
NOW = datetime.now(UTC)
REVENUE = "/v1/customer/portal/analytics/revenue"


@pytest.fixture(autouse=True)
def writer():
    """Each test has a database of its own, and so a writer of its own."""
    yield
    close_current_writer()


@pytest.fixture
def setting(program, acme_id):
    """Acme on a plan that gives a thousand calls and charges for more; all ids by name."""
    post = lambda path, body: program.post(f"/v1/{path}", json=body).json()  # noqa: E731
    feature = post("features", FEATURE)
    plan = post("plans", {"name": "Plan Base"})["id"]
    price = {
        "entity_type": "PLAN",
        "entity_id": plan,
        "type": "USAGE",
        "billing_model": "TIERED",
        "tier_mode": "SLAB",
        "tiers": TIERS,
        "billing_period": "MONTHLY",
        "invoice_cadence": "ARREAR",
        "currency": "usd",
        "price_unit_type": "FIAT",
        "meter_id": feature["meter_id"],
    }
    started = (NOW - timedelta(days=3)).isoformat()
    subscription = {"customer_id": acme_id, "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    return {
        "plan": plan,
        "feature": feature["id"],
        "meter": feature["meter_id"],
        "price": post("prices", price)["id"],
        "subscription": post("subscriptions", subscription | {"start_date": started})["id"],
    }


def event(event_id, n, hours_ago=1.0, **more):
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    sent = {"event_name": "call", "external_customer_id": "acme", "event_id": event_id, "timestamp": at}
    return sent | {"properties": {"n": n, "region": "eu"}} | more


@pytest.fixture
def send(program):
    return lambda *events: program.post("/v1/events/bulk", json={"events": list(events)})


def test_an_event_is_counted_before_it_is_answered(program, setting, acme_portal):
    answer = program.post("/v1/events", json=event("e-1", 3))
    assert (answer.status_code, answer.json()) == (
        202, {"message": "Event accepted for processing", "event_id": "e-1"},
    )  # fmt: skip
    [item] = acme_portal.post(REVENUE, json={}).json()["items"]
    assert (item["total_usage"], item["event_count"]) == ("3", 1)
    made = program.post("/v1/events", json={"event_name": "call", "external_customer_id": "acme"})
    assert made.json()["event_id"].startswith("event_")


def test_a_request_of_many_says_what_became_of_them(acme_id, send):
    sent = [event("e-1", 1), event("e-1", 1), event("e-2", 2, external_customer_id="nobody")]
    taken = send(*sent)
    assert (taken.status_code, taken.json()) == (
        202,
        {"message": "Events accepted for processing", "new": 2, "duplicates": 1, "conflicts": 0, "unmatched": 1},
    )
    assert send(event("e-1", 5)).json()["conflicts"] == 1


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("", {}, "external_customer_id: is missing"),
        ("", [], "event: must be an object"),
        ("", {"external_customer_id": "acme"}, "event_name: is missing"),
        ("", event("e", 1) | {"timestamp": "yesterday"}, "timestamp: must be an instant such as"),
        ("/bulk", {}, "events: is missing"),
        ("/bulk", {"events": []}, "events: must be 1 to 1000 events, not 0"),
        ("/bulk", {"events": [event("e", 1), event("f", 1) | {"properties": 3}]}, "events[1].properties: must be an"),
    ],
)
def test_a_malformed_event_is_named_and_nothing_of_its_request_is_taken(program, acme_id, path, body, message):
    answer = program.post(f"/v1/events{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)
    assert program.get("/v1/events").json()["events"] == []


def test_events_are_listed_newest_first_and_page_by_key(program, setting, send):
    send(*(event(f"e-{n}", n, hours_ago=10 - n) for n in range(5)))
    first = program.get("/v1/events?external_customer_id=acme&page_size=2").json()
    assert [one["id"] for one in first["events"]] == ["e-4", "e-3"]
    assert first["has_more"] is True
    second = program.get(f"/v1/events?page_size=2&iter_last_key={first['iter_last_key']}").json()
    assert [one["id"] for one in second["events"]] == ["e-2", "e-1"]
    newer = program.get(f"/v1/events?iter_first_key={second['iter_first_key']}").json()
    assert [one["id"] for one in newer["events"]] == ["e-4", "e-3"]
    assert newer["has_more"] is False


def test_events_are_searched_by_what_they_say(program, setting, send):
    send(
        event("web", 1, source="web"),
        event("us", "12345678901234567890.123456", properties={"n": 1, "region": "us"}),
        event("lost", 1, external_customer_id="nobody"),
        event("old", 1, hours_ago=24 * 9),
    )
    searches = [
        {},
        {"source": "web"},
        {"property_filters": {"region": ["us", "ap"]}},
        {"event_id": "old", "start_time": "2020-01-01T00:00:00Z"},
        {"external_customer_id": "nobody"},
        {"event_name": "login"},
    ]
    answers = [program.post("/v1/events/query", json=search).json()["events"] for search in searches]
    assert [{one["id"] for one in found} for found in answers] == [
        {"web", "us"},
        {"web"},
        {"us"},
        {"old"},
        {"lost"},
        set(),
    ]
    [web] = answers[1]
    assert web.items() >= {"event_name": "call", "source": "web", "properties": {"n": 1, "region": "eu"}}.items()


def test_properties_come_back_to_the_last_digit(program, acme_id):
    body = '{"event_name": "call", "external_customer_id": "acme", "properties": {"n": 0.1234567890123456789}}'
    program.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert '"n":0.1234567890123456789' in program.get("/v1/events").text


@pytest.mark.parametrize("path", ["/v1/events?page_size=51", "/v1/events?iter_last_key=x", "/v1/events?start_time=x"])
def test_a_list_of_events_that_cannot_be_is_refused(program, path):
    assert program.get(path).status_code == 400


def test_points_add_up_to_totals_and_every_face_says_the_same(program, setting, send, acme_portal):
    send(*(event(f"e-{n}", f"{n * 101}.5", hours_ago=n) for n in range(1, 20)))
    for window in ("15MIN", "HOUR", "6HOUR", "DAY", "WEEK", "MONTH"):
        body = {"window_size": window, "start_time": (NOW - timedelta(days=2)).isoformat()}
        seen = acme_portal.post(REVENUE, json=body).json()
        [item] = seen["items"]
        assert sum(Decimal(point["usage"]) for point in item["points"]) == Decimal(item["total_usage"])
        assert sum(Decimal(point["cost"]) for point in item["points"]) == Decimal(item["total_cost"])
        assert sum(point["event_count"] for point in item["points"]) == item["event_count"] == 19
        assert seen["total_cost"] == item["total_cost"] == "454.9875"
        asked = program.post("/v1/events/analytics", json=body | {"external_customer_id": "acme"}).json()
        assert asked["items"][0]["total_cost"] == item["total_cost"]
    spans = {"start_time": (NOW - timedelta(days=2)).isoformat(), "end_time": (NOW + timedelta(hours=1)).isoformat()}
    charged = acme_portal.post("/v1/customer/portal/analytics/cost", json=spans).json()
    assert charged["total_cost"] == charged["total_revenue"] == "454.9875"
    assert {"margin", "margin_percent", "roi", "roi_percent"} & charged.keys() == set()
    costs = program.post("/v1/costs/analytics", json=spans | {"external_customer_id": "acme"}).json()
    assert costs["total_revenue"] == "454.9875"
    assert "total_cost" not in costs
    usage = program.post("/v1/subscriptions/usage", json={"subscription_id": setting["subscription"]}).json()
    assert (usage["amount"], usage["charges"][0]["quantity"]) == ("454.9875", "19199.5")


def test_what_no_price_applies_to_has_no_currency_of_its_own(program, setting, send, acme_portal):
    meter = {"name": "Seats", "event_name": "seat", "aggregation": {"type": "COUNT"}}
    program.post("/v1/features", json={"name": "Seats", "type": "metered", "meter": meter})
    send(event("a", 5), event("b", 1, event_name="seat"))
    charged, free = acme_portal.post(REVENUE, json={}).json()["items"]
    assert (charged["currency"], charged["name"], free["name"]) == ("usd", "API calls", "Seats")
    assert "currency" not in free
    span = {"start_time": (NOW - timedelta(hours=6)).isoformat(), "end_time": (NOW + timedelta(hours=1)).isoformat()}
    costs = acme_portal.post("/v1/customer/portal/analytics/cost", json=span).json()
    assert [one["currency"] for one in costs["cost_analytics"]] == ["usd", "usd"]


def test_analytics_are_grouped_sliced_and_expanded(setting, send, acme_portal):
    send(
        event("a", 10, source="web"),
        event("b", 20, source="app", properties={"n": 20, "region": "us"}),
        event("c", 30, source="web", properties={"n": 30, "region": "us"}),
    )

    def usage(**body):
        items = acme_portal.post(REVENUE, json=body).json()["items"]
        return [(one.get("source"), one.get("properties"), one["total_usage"]) for one in items]

    assert usage(group_by=["source"]) == [("app", None, "20"), ("web", None, "40")]
    assert usage(group_by=["feature_id", "properties.region"]) == [
        (None, {"region": "eu"}, "10"),
        (None, {"region": "us"}, "50"),
    ]
    assert usage(sources=["web"], property_filters={"region": ["us"]}) == [(None, None, "30")]
    assert usage(feature_ids=[setting["feature"]]) == [(None, None, "60")]
    assert usage(feature_ids=["feat_nobody"]) == []
    [item] = acme_portal.post(REVENUE, json={"expand": ["price", "meter", "feature", "plan"]}).json()["items"]
    assert (item["price"]["id"], item["meter"]["id"]) == (setting["price"], setting["meter"])
    assert (item["feature"]["id"], item["plan"]["id"]) == (setting["feature"], setting["plan"])


def test_sources_and_another_unit_are_told_if_there_are_any(program, setting, send, acme_portal):
    unit = {"unit_singular": "kcall", "unit_plural": "kcalls", "conversion_rate": "1000"}
    program.put(f"/v1/features/{setting['feature']}", json={"reporting_unit": unit})
    send(event("a", 1000, source="web"), event("b", 500, source="app"), event("c", 1))
    [item] = acme_portal.post(REVENUE, json={"expand": ["source"], "window_size": "DAY"}).json()["items"]
    assert (item["sources"], item["total_usage"]) == (["app", "web"], "1501")
    assert (item["total_usage_display"], item["reporting_unit"]) == ("1.501", unit)
    [item] = acme_portal.post(REVENUE, json={}).json()["items"]
    assert "sources" not in item


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"group_by": ["customer_id"]}, "group_by[0]: must match pattern"),
        ({"window_size": "CENTURY"}, "window_size: must be 'MINUTE'"),
        ({"start_time": "2026-01-02T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"}, "end_time: must be after start"),
        ({"start_time": "2020-01-01T00:00:00Z"}, "start_time: is more than 1100 days before end_time"),
        ({"end_time": "2999-01-01T00:00:00Z"}, "end_time: is more than a day ahead"),
        (
            {"start_time": (NOW - timedelta(days=9)).isoformat(), "window_size": "MINUTE"},
            "window_size: makes more than",
        ),
    ],
)
def test_analytics_that_cannot_be_are_refused(acme_portal, body, message):
    answer = acme_portal.post(REVENUE, json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


def test_days_are_the_customers_own(program, setting, send, acme_portal, acme_id):
    program.put(f"/v1/customers/{acme_id}", json={"timezone": "Asia/Kathmandu"})
    send(event("e-1", 1, timestamp="2026-01-10T18:14:59Z"), event("e-2", 1, timestamp="2026-01-10T18:15:00Z"))
    spans = {"start_time": "2026-01-09T18:15:00Z", "end_time": "2026-01-11T18:15:00Z", "window_size": "DAY"}
    seen = acme_portal.post(REVENUE, json=spans).json()
    points = [(point["timestamp"], point["usage"]) for point in seen["items"][0]["points"]]
    assert seen["timezone"] == "Asia/Kathmandu"
    assert points == [("2026-01-09T18:15:00Z", "1"), ("2026-01-10T18:15:00Z", "1")]


def test_sums_are_made_up_for_a_question(program, setting, send):
    send(event("a", 10), event("b", 25, properties={"n": 25, "region": "us"}))
    ask = {"external_customer_id": "acme", "event_name": "call", "property_name": "n"}
    values = {
        kind: program.post("/v1/events/usage", json=ask | {"aggregation_type": kind}).json()["value"]
        for kind in ("COUNT", "SUM", "MAX", "AVG", "COUNT_UNIQUE")
    }
    assert values == {"COUNT": 2, "SUM": 35, "MAX": 25, "AVG": 17.5, "COUNT_UNIQUE": 2}
    times = ask | {"aggregation_type": "SUM_WITH_MULTIPLIER"}
    products = [program.post("/v1/events/usage", json=times | {"multiplier": one}).json() for one in ("0.5", "0", None)]
    assert [product["value"] for product in products] == [17.5, 0, 35]
    metered = {"external_customer_id": "acme", "meter_id": setting["meter"], "window_size": "HOUR"}
    body = program.post("/v1/events/usage/meter", json=metered).json()
    assert (body["value"], body["type"], sum(one["value"] for one in body["results"])) == (35, "SUM", 35)
    only = program.post("/v1/events/usage/meter", json=metered | {"filters": {"region": ["us"]}}).json()
    assert only["value"] == 25
    missing = program.post("/v1/events/usage", json=ask | {"aggregation_type": "SUM", "property_name": ""})
    assert missing.json()["message"] == "property_name: is missing"


def test_the_summary_says_what_may_be_used_and_is(program, setting, send, acme_portal, acme_id):
    terms = {"plan_id": setting["plan"], "feature_id": setting["feature"], "feature_type": "metered"}
    made = program.post("/v1/entitlements", json=terms | {"usage_limit": 4000, "is_soft_limit": True}).json()
    support = program.post("/v1/features", json={"name": "Support", "type": "boolean"}).json()["id"]
    switch = {"plan_id": setting["plan"], "feature_id": support, "feature_type": "boolean"}
    program.post("/v1/entitlements", json=switch)
    send(event("e-1", 1000))
    summary = acme_portal.get("/v1/customer/portal/usage").json()
    subscription = program.get(f"/v1/subscriptions/{setting['subscription']}").json()
    calls, switched = summary["features"]
    assert (
        calls.items()
        >= {
            "total_limit": 4000,
            "is_unlimited": False,
            "current_usage": "1000",
            "usage_percent": "0.25",
            "is_enabled": True,
            "is_soft_limit": True,
            "next_usage_reset_at": subscription["current_period_end"],
        }.items()
    )
    assert calls["sources"][0].items() >= {
        "subscription_id": setting["subscription"], "entity_type": "plan", "entitlement_id": made["id"],
    }.items()  # fmt: skip
    assert (switched["feature"]["name"], switched["total_limit"], switched["usage_percent"]) == ("Support", None, "0")
    assert program.get("/v1/customers/usage?customer_lookup_key=acme").json() == summary
    assert program.get(f"/v1/customers/{acme_id}/usage").json() == summary
    some = acme_portal.get("/v1/customer/portal/usage?feature_lookup_keys=calls&feature_lookup_keys=other").json()
    assert [one["feature"]["name"] for one in some["features"]] == ["API calls"]
    why = program.get(f"/v1/customers/{acme_id}/entitlements").json()
    assert [one["entitlement"]["usage_limit"] for one in why["features"]] == [4000, None]


@pytest.mark.parametrize(
    ("terms", "percent"),
    [({"usage_limit": 0}, "100"), ({"usage_limit": None}, "0"), ({"usage_limit": 3}, "333.333333")],
)
def test_the_used_part_is_a_fraction_with_its_odd_ends(program, setting, send, acme_portal, terms, percent):
    feature = {"plan_id": setting["plan"], "feature_id": setting["feature"], "feature_type": "metered"}
    program.post("/v1/entitlements", json=feature | terms)
    send(event("e-1", 1000))
    [calls] = acme_portal.get("/v1/customer/portal/usage").json()["features"]
    assert calls["usage_percent"] == percent


@pytest.mark.parametrize("reset", ["DAILY", "WEEKLY", "MONTHLY", "ANNUAL", "NEVER"])
def test_usage_counts_against_a_limit_since_it_was_there_anew(program, setting, send, acme_portal, reset):
    feature = {"plan_id": setting["plan"], "feature_id": setting["feature"], "feature_type": "metered"}
    program.post("/v1/entitlements", json=feature | {"usage_reset_period": reset})
    send(event("now", 5, hours_ago=0), event("before", 7, hours_ago=24))
    [calls] = acme_portal.get("/v1/customer/portal/usage").json()["features"]
    assert calls["current_usage"] == ("5" if reset == "DAILY" else "12")
    assert (calls["next_usage_reset_at"] is None) == (reset == "NEVER")


def test_a_wallets_real_balance_is_without_usage_and_unpaid_invoices(program, setting, send, acme_portal):
    wallet = {"external_customer_id": "acme", "currency": "usd", "conversion_rate": "0.1"}
    wallet_id = program.post("/v1/wallets", json=wallet | {"initial_credits_to_load": "1000"}).json()["id"]
    bill = {"external_customer_id": "acme", "currency": "usd", "subtotal": "20", "total": "20", "amount_due": "20"}
    program.post("/v1/invoices", json=bill | {"invoice_status": "FINALIZED"})
    program.post("/v1/invoices", json=bill)
    send(event("e-1", 2000))
    seen = acme_portal.get(f"/v1/customer/portal/wallets/{wallet_id}").json()
    assert (
        seen.items()
        >= {
            "balance": "100",
            "current_period_usage": "25",
            "unpaid_invoices_amount": "20",
            "real_time_balance": "55",
            "real_time_credit_balance": "550",
        }.items()
    )
    euros = program.post("/v1/wallets", json=wallet | {"currency": "eur"}).json()
    assert (euros["current_period_usage"], euros["real_time_balance"]) == ("0", "0")
    late = program.post("/v1/wallets", json=wallet | {"wallet_type": "POST_PAID"}).json()
    assert late["real_time_balance"] == late["balance"] == "0"
