"""Subscriptions and plans over REST."""

import pytest

PLAN = {"name": "Plan Base", "lookup_key": "base", "description": "All you need", "metadata": {"tier": "1"}}


@pytest.fixture
def plan_id(program):
    return program.post("/v1/plans", json=PLAN).json()["id"]


@pytest.fixture
def subscribe(program, acme_id, plan_id):
    def create(**more):
        body = {"external_customer_id": "acme", "plan_id": plan_id, "currency": "usd", "billing_period": "MONTHLY"}
        return program.post("/v1/subscriptions", json=body | more)

    return create


def test_a_plan_is_created_changed_and_deleted(program):
    made = program.post("/v1/plans", json=PLAN)
    assert made.status_code == 201
    plan = made.json()
    assert PLAN.items() <= plan.items()
    path = f"/v1/plans/{plan['id']}"
    assert program.get(path).json() == plan
    assert program.put(path, json={"name": "Plan Plus", "display_order": 2}).json().items() >= {
        "name": "Plan Plus", "display_order": 2, "lookup_key": "base",
    }.items()  # fmt: skip
    assert program.post("/v1/plans", json=PLAN).status_code == 409
    assert program.post("/v1/plans/search", json={"lookup_keys": ["base"]}).json()["pagination"]["total"] == 1
    assert program.delete(path).status_code == 200
    assert program.get(path).status_code == program.delete(path).status_code == 404
    assert program.get("/v1/plans").json()["items"] == []


def test_a_subscription_starts_with_the_period_that_holds_now(subscribe, acme_id, plan_id, acme_portal):
    made = subscribe(start_date="2020-01-31T10:07:00Z", timezone="Europe/Berlin", lookup_key="s-1", metadata={"a": "b"})
    assert made.status_code == 201
    body = made.json()
    assert (
        body.items()
        >= {
            "customer_id": acme_id,
            "plan_id": plan_id,
            "subscription_status": "active",
            "start_date": "2020-01-31T10:07:00Z",
            "billing_anchor": "2020-01-31T10:07:00Z",
            "lookup_key": "s-1",
            "timezone": "Europe/Berlin",
            "trial_end": None,
            "cancel_at": None,
            "pause_status": "none",
            "metadata": {"a": "b"},
        }.items()
    )
    assert body["plan"]["name"] == "Plan Base"
    assert body["customer"]["external_id"] == "acme"
    seen = acme_portal.get(f"/v1/customer/portal/subscriptions/{body['id']}").json()
    assert seen == body


@pytest.mark.parametrize(
    ("terms", "period"),
    [
        ({}, ("2999-01-31T10:00:00Z", "2999-02-28T10:00:00Z")),
        ({"billing_cycle": "calendar"}, ("2999-01-31T10:00:00Z", "2999-02-01T00:00:00Z")),
        ({"billing_period": "ANNUAL"}, ("2999-01-31T10:00:00Z", "3000-01-31T10:00:00Z")),
        ({"billing_period_count": 3}, ("2999-01-31T10:00:00Z", "2999-04-30T10:00:00Z")),
        ({"billing_period": "WEEKLY"}, ("2999-01-31T10:00:00Z", "2999-02-07T10:00:00Z")),
        ({"trial_period_days": 14}, ("2999-01-31T10:00:00Z", "2999-02-14T10:00:00Z")),
        ({"end_date": "2999-02-10T00:00:00Z"}, ("2999-01-31T10:00:00Z", "2999-02-10T00:00:00Z")),
        ({"billing_anchor": "2999-02-05T00:00:00Z"}, ("2999-01-31T10:00:00Z", "2999-02-05T00:00:00Z")),
        ({"timezone": "Asia/Tokyo"}, ("2999-01-31T10:00:00Z", "2999-02-28T10:00:00Z")),
    ],
)
def test_the_first_period_follows_from_the_terms(subscribe, terms, period):
    body = subscribe(start_date="2999-01-31T10:07:00Z", **terms).json()
    assert (body["current_period_start"], body["current_period_end"]) == period


def test_a_trial_is_said_to_be_one(subscribe):
    body = subscribe(trial_period_days=14, start_date="2999-01-31T10:07:00Z").json()
    assert (body["subscription_status"], body["trial_end"]) == ("trialing", "2999-02-14T10:07:00Z")


def test_a_draft_is_the_operators_alone(program, subscribe, acme_portal):
    draft = subscribe(subscription_status="draft").json()["id"]
    assert program.get(f"/v1/subscriptions/{draft}").json()["subscription_status"] == "draft"
    assert acme_portal.get(f"/v1/customer/portal/subscriptions/{draft}").status_code == 404
    assert acme_portal.post("/v1/customer/portal/subscriptions", json={}).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"plan_id": "plan_nobody"}, "Plan not found"),
        ({"external_customer_id": "nobody"}, "Customer not found with the provided external_customer_id"),
        ({"billing_period": "ONETIME"}, "billing_period: must be 'DAILY'"),
        ({"end_date": "2020-01-01T00:00:00Z"}, "end_date: must be after the start and the trial"),
        ({"timezone": "Mars"}, "timezone: must be an IANA time zone such as Europe/Berlin"),
    ],
)
def test_a_subscription_that_cannot_be_is_refused(subscribe, change, message):
    answer = subscribe(**change)
    assert answer.status_code in {400, 404}
    assert answer.json()["message"].startswith(message)


def test_a_lookup_key_is_taken_once(subscribe):
    subscribe(lookup_key="s-1")
    assert subscribe(lookup_key="s-1").status_code == 409


def test_a_subscription_keeps_its_words_and_what_it_charges(program, subscribe):
    subscribe(lookup_key="other")
    made = subscribe(lookup_key="mine").json()
    path, body = f"/v1/subscriptions/{made['id']}", {"lookup_key": "new", "metadata": {"a": "b"}, "currency": "eur"}
    changed = program.put(path, json=body).json()
    assert changed.items() >= {"lookup_key": "new", "metadata": {"a": "b"}, "currency": "usd"}.items()
    assert program.put(path, json={"lookup_key": "other"}).status_code == 409
    assert program.get(path).json() == changed


def test_a_subscription_ends_now_with_its_period_or_at_a_time(program, subscribe):
    def cancel(**how):
        made = subscribe().json()
        return made, program.post(f"/v1/subscriptions/{made['id']}/cancel", json=how)

    _, now = cancel(cancellation_type="immediate")
    assert now.json()["subscription_status"] == "cancelled"
    assert now.json()["cancelled_at"]
    made, later = cancel(cancellation_type="end_of_period", reason="too dear")
    assert later.json().items() >= {
        "subscription_status": "active", "cancel_at_period_end": True, "cancel_at": made["current_period_end"],
    }.items()  # fmt: skip
    _, then = cancel(cancellation_type="scheduled_date", cancel_at="2999-01-01T00:00:00Z")
    assert then.json()["cancel_at"] == "2999-01-01T00:00:00Z"
    _, wrong = cancel(cancellation_type="scheduled_date")
    assert (wrong.status_code, wrong.json()["message"]) == (400, "cancel_at: must be a time that lies ahead")
    again = program.post(f"/v1/subscriptions/{now.json()['id']}/cancel", json={"cancellation_type": "immediate"})
    assert (again.status_code, again.json()["code"]) == (400, "invalid_operation")


def test_a_subscription_rests_and_runs_again(program, subscribe):
    path = f"/v1/subscriptions/{subscribe().json()['id']}"
    paused = program.post(f"{path}/pause", json={"pause_days": 7}).json()
    assert (paused["subscription_status"], paused["pause_status"]) == ("paused", "active")
    assert program.post(f"{path}/pause").status_code == 400
    resumed = program.post(f"{path}/resume").json()
    assert (resumed["subscription_status"], resumed["pause_status"]) == ("active", "none")
    assert program.post(f"{path}/resume").status_code == 400
    assert program.post(f"{path}/pause").status_code == 200


def test_subscriptions_are_listed_and_searched(program, subscribe, acme_portal, plan_id):
    subscribe(lookup_key="old")
    ended = subscribe(lookup_key="ended").json()["id"]
    program.post(f"/v1/subscriptions/{ended}/cancel", json={"cancellation_type": "immediate"})
    subscribe(lookup_key="draft", subscription_status="draft")
    searches = [{}, {"subscription_status": ["cancelled"]}, {"plan_id": plan_id, "limit": 1}, {"plan_id": "x"}]
    answers = [program.post("/v1/subscriptions/search", json=search).json()["items"] for search in searches]
    found = [[one["lookup_key"] for one in answer] for answer in answers]
    assert found == [["draft", "ended", "old"], ["ended"], ["draft"], []]
    mine = acme_portal.post("/v1/customer/portal/subscriptions", json={"page": 2, "limit": 1}).json()
    assert [one["lookup_key"] for one in mine["items"]] == ["old"]
    assert mine["pagination"] == {"total": 2, "limit": 1, "offset": 2}
    assert mine["items"][0]["customer"] is None
    by_name = program.get("/v1/customers/external/acme/subscriptions").json()
    assert [one["lookup_key"] for one in by_name["items"]] == ["ended", "old"]


def test_another_customers_subscription_does_not_exist(globex_portal, subscribe):
    theirs = globex_portal.get(f"/v1/customer/portal/subscriptions/{subscribe().json()['id']}")
    nobodys = globex_portal.get("/v1/customer/portal/subscriptions/subs_nobody")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.json() == nobodys.json()
