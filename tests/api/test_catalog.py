"""What is metered, what it costs, and what plans let their customers use, over REST."""

from datetime import datetime, timedelta

import pytest

METER = {"name": "Calls", "event_name": "call", "aggregation": {"type": "SUM", "field": "n"}}
FEATURE = {"name": "API calls", "type": "metered", "lookup_key": "calls", "unit_plural": "calls", "meter": METER}
USAGE = {
    "entity_type": "PLAN",
    "type": "USAGE",
    "billing_model": "FLAT_FEE",
    "amount": "0.024",
    "billing_period": "MONTHLY",
    "invoice_cadence": "ARREAR",
    "currency": "usd",
    "price_unit_type": "FIAT",
}
FIXED = {**USAGE, "type": "FIXED", "amount": "20", "invoice_cadence": "ADVANCE"}
TIERS = [{"up_to": 1000, "unit_amount": "0"}, {"up_to": None, "unit_amount": "0.024", "flat_amount": "5"}]


@pytest.fixture
def post(program):
    def send(path, body):
        return program.post(f"/v1/{path}", json=body)

    return send


@pytest.fixture
def plan(post):
    return post("plans", {"name": "Plan Base"}).json()["id"]


@pytest.fixture
def feature(post):
    return post("features", FEATURE).json()


@pytest.fixture
def usage_price(post, plan, feature):
    return lambda **more: post("prices", USAGE | {"entity_id": plan, "meter_id": feature["meter_id"]} | more)


def test_a_metered_feature_brings_its_meter(program, post, feature):
    assert feature.items() >= {
        "name": "API calls", "type": "metered", "lookup_key": "calls", "unit_plural": "calls", "description": "",
    }.items()  # fmt: skip
    meter = program.get(f"/v1/meters/{feature['meter_id']}").json()
    assert (
        meter.items()
        >= {
            "event_name": "call",
            "aggregation": {"type": "SUM", "field": "n"},
            "filters": [],
            "reset_usage": "BILLING_PERIOD",
        }.items()
    )
    second = post("features", {"name": "Again", "type": "metered", "meter_id": feature["meter_id"]})
    assert second.json()["meter_id"] == feature["meter_id"]


def test_a_feature_stands_in_its_group(program, post, feature):
    group = post("groups", {"name": "Compute", "lookup_key": "compute", "entity_type": "feature"}).json()
    changed = program.put(f"/v1/features/{feature['id']}", json={"group_id": group["id"], "metadata": {"a": "b"}})
    assert changed.json()["group"] == group
    assert program.delete(f"/v1/groups/{group['id']}").status_code == 204
    assert "group" not in program.get(f"/v1/features/{feature['id']}").json()


def test_a_deleted_feature_is_gone_from_the_catalogue(program, feature):
    assert program.delete(f"/v1/features/{feature['id']}").status_code == 200
    assert program.get(f"/v1/features/{feature['id']}").status_code == 404
    assert program.get("/v1/features").json()["items"] == []


def test_features_meters_and_groups_are_searched(post, feature):
    post("features", {"name": "Support", "type": "boolean"})
    names = [
        [one["name"] for one in post("features/search", search).json()["items"]]
        for search in ({}, {"lookup_key": "calls"}, {"name_contains": "SUPP"}, {"meter_ids": [feature["meter_id"]]})
    ]
    assert names == [["Support", "API calls"], ["API calls"], ["Support"], ["API calls"]]
    assert post("meters/search", {"event_name": "call"}).json()["pagination"]["total"] == 1
    assert post("groups/search", {"entity_type": "price"}).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"meter": None}, "meter_id: belongs to a metered feature, and every metered feature has one"),
        ({"type": "boolean"}, "meter_id: belongs to a metered feature"),
        ({"meter": METER | {"aggregation": {"type": "SUM"}}}, "aggregation.field: is missing"),
        ({"meter": METER | {"aggregation": {"type": "MODE"}}}, "meter.aggregation.type: must be 'COUNT'"),
        ({"meter": METER | {"filters": [{"key": "a", "values": []}]}}, "meter.filters[0].values: must have"),
        (
            {"meter": METER | {"aggregation": {"type": "MAX", "field": "n", "bucket_size": "HOUR"}}},
            "meter.aggregation.bucket_size: is not supported",
        ),
        ({"group_id": "group_nobody"}, "Group not found"),
        ({"meter": None, "meter_id": "meter_nobody"}, "Meter not found"),
    ],
)
def test_a_feature_that_cannot_be_is_refused(program, post, change, message):
    answer = post("features", FEATURE | change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)
    assert program.get("/v1/features").json()["items"] == []
    assert program.get("/v1/meters").json()["items"] == []


def test_meters_and_groups_are_renamed_and_count_on(program, post, feature):
    meter, body = f"/v1/meters/{feature['meter_id']}", {"name": "Renamed", "event_name": "other"}
    changed = program.put(meter, json=body).json()
    assert (changed["name"], changed["event_name"]) == ("Renamed", "call")
    assert program.get(meter).json() == changed
    for key in ("a", "b"):
        made = post("groups", {"name": key, "lookup_key": key, "entity_type": "feature"}).json()["id"]
    group = f"/v1/groups/{made}"
    assert program.put(group, json={"name": "Renamed", "lookup_key": "c"}).json()["lookup_key"] == "c"
    assert program.put(group, json={"lookup_key": "a"}).status_code == 409
    assert program.get(group).json()["name"] == "Renamed"


def test_a_key_is_taken_once(post, feature):
    assert post("features", FEATURE).status_code == 409
    group = {"name": "A", "lookup_key": "a", "entity_type": "feature"}
    assert [post("groups", group).status_code for _ in range(2)] == [201, 409]


def test_prices_of_every_model_come_back_as_they_were_sent(program, post, plan, usage_price):
    sent = [
        {"amount": "0.000000000001", "start_date": "2026-01-06T00:15:00Z", "end_date": "2026-02-01T00:00:00Z"},
        {
            "billing_model": "PACKAGE",
            "transform_quantity": {"divide_by": "1000", "round": "down"},
            "start_date": "2026-02-01T00:00:00Z",
            "end_date": "2026-03-01T00:00:00Z",
        },
        {"billing_model": "TIERED", "tier_mode": "VOLUME", "tiers": TIERS, "amount": None, "currency": "eur"},
        {"min_quantity": "10", "currency": "jpy", "display_name": "Calls", "lookup_key": "k", "metadata": {"a": "b"}},
    ]
    made = [usage_price(**more) for more in sent]
    assert [answer.status_code for answer in made] == [201] * 4
    low, package, tiered, minimum = (answer.json() for answer in made)
    assert low["amount"] == "0.000000000001"
    assert package["transform_quantity"] == {"divide_by": 1000, "round": "down"}
    assert tiered["tiers"] == [
        {"up_to": 1000, "unit_amount": "0", "flat_amount": "0"},
        {"up_to": None, "unit_amount": "0.024", "flat_amount": "5"},
    ]
    assert minimum.items() >= {"min_quantity": "10", "display_name": "Calls", "metadata": {"a": "b"}}.items()
    listed = post("prices/search", {"plan_ids": [plan], "sort": [{"field": "created_at", "direction": "asc"}]})
    assert sorted(one["id"] for one in listed.json()["items"]) == sorted(one.json()["id"] for one in made)
    assert program.get(f"/v1/prices/{tiered['id']}").json() == tiered


def test_several_prices_come_together_or_not_at_all(program, post, plan):
    bad = post("prices/bulk", {"items": [FIXED | {"entity_id": plan}, USAGE | {"entity_id": plan}]})
    assert (bad.status_code, bad.json()["message"].partition(":")[0]) == (400, "meter_id")
    assert program.get("/v1/prices").json()["items"] == []
    good = post("prices/bulk", {"items": [FIXED | {"entity_id": plan}, FIXED | {"entity_id": plan, "amount": "5"}]})
    assert [one["amount"] for one in good.json()["items"]] == ["20", "5"]


def test_a_price_ends_and_another_begins(program, usage_price):
    price = usage_price().json()
    clash = usage_price(amount="0.03")
    assert (clash.status_code, clash.json()["message"].partition(";")[0]) == (
        400, f"start_date: the price {price['id']} is valid at the same time",
    )  # fmt: skip
    assert program.delete(f"/v1/prices/{price['id']}").status_code == 200
    ended = program.get(f"/v1/prices/{price['id']}").json()["end_date"]
    assert ended[14:16] in {"00", "15", "30", "45"}
    assert usage_price(amount="0.03", start_date=ended).status_code == 201
    changed = program.put(f"/v1/prices/{price['id']}", json={"display_name": "Old", "amount": "9"}).json()
    assert (changed["display_name"], changed["amount"]) == ("Old", "0.024")


def test_the_end_of_a_price_does_not_move_into_the_time_of_the_next_one(program, usage_price):
    first = usage_price().json()["id"]
    program.delete(f"/v1/prices/{first}")
    ended = datetime.fromisoformat(program.get(f"/v1/prices/{first}").json()["end_date"])
    later, latest = ((ended + timedelta(days=days)).isoformat() for days in (1, 2))
    second = usage_price(amount="0.03", start_date=later).json()["id"]
    assert program.put(f"/v1/prices/{first}", json={"end_date": later}).status_code == 200
    clash = program.put(f"/v1/prices/{first}", json={"end_date": latest})
    assert (clash.status_code, clash.json()["message"].partition(";")[0]) == (
        400, f"end_date: the price {second} is valid at the same time",
    )  # fmt: skip
    assert program.put(f"/v1/prices/{second}", json={"end_date": latest}).status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entity_id": "plan_nobody"}, "Plan not found"),
        ({"entity_type": "ADDON"}, "entity_type: must be 'PLAN' or 'SUBSCRIPTION'"),
        ({"price_unit_type": "CUSTOM"}, "price_unit_type: must be 'FIAT'"),
        ({"amount": None}, "amount: is missing"),
        ({"amount": "-1"}, "amount: must be greater than or equal to 0"),
        ({"billing_model": "TIERED"}, "tier_mode: a TIERED price needs VOLUME or SLAB"),
        ({"tiers": TIERS}, "tiers: only a TIERED price has tiers"),
        ({"billing_model": "PACKAGE"}, "transform_quantity: a PACKAGE price needs one"),
        ({"start_date": "2026-01-06T00:01:00Z"}, "start_date: prices change on the quarter hour"),
        ({"filter_values": {"region": ["eu"]}}, "filter_values: is not supported"),
        ({"type": "FIXED"}, "meter_id: belongs to a USAGE price"),
    ],
)
def test_a_price_that_cannot_be_is_refused(usage_price, change, message):
    answer = usage_price(**change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)


def test_entitlements_are_given_changed_and_taken(program, post, plan, feature):
    terms = {"plan_id": plan, "feature_id": feature["id"], "feature_type": "metered", "usage_limit": 1000}
    made = post("entitlements", terms)
    assert made.status_code == 201
    assert made.json().items() >= {
        "entity_type": "PLAN", "entity_id": plan, "plan_id": plan, "usage_limit": 1000, "is_enabled": True,
    }.items()  # fmt: skip
    assert made.json()["feature"]["id"] == feature["id"]
    assert post("entitlements", terms).json()["message"] == "There is an entitlement to API calls already"
    path = f"/v1/entitlements/{made.json()['id']}"
    assert program.put(path, json={"usage_limit": 0, "is_soft_limit": True}).json()["usage_limit"] == 0
    assert program.get(f"/v1/plans/{plan}/entitlements").json()["pagination"]["total"] == 1
    assert program.delete(path).status_code == 200
    assert program.get(f"/v1/plans/{plan}/entitlements").json()["items"] == []
    by_entity = {"entity_type": "PLAN", "entity_id": plan, "feature_id": feature["id"], "feature_type": "metered"}
    assert post("entitlements/bulk", {"items": [by_entity]}).status_code == 201


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plan_id": None}, "body: give plan_id, or entity_type and entity_id"),
        ({"feature_id": "feat_nobody"}, "Feature not found"),
        ({"feature_type": "boolean"}, "feature_type: must be metered, as the feature is"),
        ({"usage_limit": -1}, "usage_limit: must be greater than or equal to 0"),
    ],
)
def test_an_entitlement_that_cannot_be_is_refused(post, plan, feature, change, message):
    terms = {"plan_id": plan, "feature_id": feature["id"], "feature_type": "metered"}
    answer = post("entitlements", terms | change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)


def test_a_plan_gives_credits_and_says_when_it_will_next(program, post, plan, acme_id):
    terms = {"name": "Included", "scope": "PLAN", "plan_id": plan, "credits": "100"}
    monthly = {"cadence": "RECURRING", "period": "MONTHLY", "expiration_type": "DURATION", "expiration_duration": 2}
    made = post("creditgrants", terms | monthly | {"expiration_duration_unit": "WEEKS"})
    assert made.status_code == 201
    assert (
        made.json().items() >= {"scope": "PLAN", "plan_id": plan, "credits": "100", "expiration_duration": 14}.items()
    )
    subscription = {"customer_id": acme_id, "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    period_end = post("subscriptions", subscription).json()["current_period_end"]
    [wallet] = program.get(f"/v1/customers/{acme_id}/wallets").json()
    assert wallet["credit_balance"] == "100"
    [upcoming] = program.get(f"/v1/customers/{acme_id}/grants/upcoming").json()["items"]
    assert (upcoming["credits"], upcoming["scheduled_for"]) == ("100", period_end)
    assert program.put(f"/v1/creditgrants/{made.json()['id']}", json={"name": "Bonus"}).json()["name"] == "Bonus"
    assert program.delete(f"/v1/creditgrants/{made.json()['id']}").status_code == 200
    assert program.get(f"/v1/customers/{acme_id}/grants/upcoming").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scope": "SUBSCRIPTION"}, "subscription_id: is missing"),
        ({"cadence": "RECURRING"}, "period: belongs to a RECURRING grant"),
        ({"period": "MONTHLY"}, "period: belongs to a RECURRING grant"),
        ({"expiration_type": "DURATION"}, "expiration_duration: belongs to the expiration_type DURATION alone"),
        ({"credits": "0"}, "credits: must be greater than 0"),
        ({"plan_id": "plan_nobody"}, "Plan not found"),
    ],
)
def test_a_credit_grant_that_cannot_be_is_refused(post, plan, change, message):
    answer = post("creditgrants", {"name": "A", "scope": "PLAN", "plan_id": plan, "credits": "1"} | change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)


def test_where_a_tier_ends_is_a_count_and_a_decimal_only_between_two_counts(usage_price):
    tiers = [{"up_to": "0.5", "unit_amount": "2"}, {"up_to": "10.0", "unit_amount": "1"}, {"unit_amount": "0"}]
    made = usage_price(billing_model="TIERED", tier_mode="SLAB", tiers=tiers, amount=None)
    assert [tier["up_to"] for tier in made.json()["tiers"]] == ["0.5", 10, None]
    package = {"divide_by": "2.5", "round": "up"}
    made = usage_price(billing_model="PACKAGE", transform_quantity=package, currency="eur")
    assert made.json()["transform_quantity"]["divide_by"] == "2.5"


def test_each_noun_is_found_by_its_own_ids_and_lookup_keys(post, plan, usage_price, acme_id):
    price = usage_price(lookup_key="calls-usd").json()["id"]
    usage_price(currency="eur", lookup_key="calls-eur")
    group = post("groups", {"name": "A", "lookup_key": "a", "entity_type": "feature"}).json()["id"]
    post("groups", {"name": "B", "lookup_key": "b", "entity_type": "feature"})
    terms = {"scope": "PLAN", "plan_id": plan, "credits": "1", "cadence": "ONETIME"}
    grant, _ = [post("creditgrants", terms | {"name": name}).json()["id"] for name in "ab"]
    subscribed = {"customer_id": acme_id, "plan_id": plan, "currency": "usd", "billing_period": "MONTHLY"}
    first, _ = [post("subscriptions", subscribed | {"lookup_key": key}).json()["id"] for key in "ab"]
    found = {
        search: [item["id"] for item in post(f"{search.split()[0]}/search", wanted).json()["items"]]
        for search, wanted in {
            "prices by key": {"lookup_keys": ["calls-usd"]},
            "groups by key": {"lookup_keys": ["a"]},
            "creditgrants by id": {"credit_grant_ids": [grant]},
            "subscriptions by key": {"lookup_keys": ["a"]},
        }.items()
    }
    assert found == {
        "prices by key": [price],
        "groups by key": [group],
        "creditgrants by id": [grant],
        "subscriptions by key": [first],
    }
