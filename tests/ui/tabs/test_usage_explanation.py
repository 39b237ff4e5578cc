"""Why a row costs what it does: products that add up, from which events, at which price."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from cast import NOW, add_customer, add_plan, add_subscription, days_ago
from pages import gone_to
from usage_cast import add_usage_price, ingest, sent
from usage_tab import explained, filled, row_of, usage
from usage_world import add_metered, use

from portal_app.billing.metering import AggregationType
from portal_app.billing.statuses import BillingModel, Rounding, TierMode
from portal_app.models.catalog import PriceTier


def charges(why):
    return [(row["product"], row["amount"]) for row in why["charges"]]


def subscribe(session, customer, plan):
    """Subscribe to a plan whose period runs from two weeks ago."""
    add_subscription(session, customer, plan, start_at=days_ago(14), current_period_start_at=days_ago(14))


def priced(database, quantity, **price):
    """Return the explanation of a feature with one price, used once in the running period."""
    with database.writing() as session:
        customer, plan = add_customer(session), add_plan(session)
        add_usage_price(session, plan, add_metered(session, "Calls", ("call", "calls")), **price)
        subscribe(session, customer, plan)
        use(session, "Calls", quantity, [days_ago(2)], NOW)
    return explained(usage(customer), "Calls")


def tier(up_to, unit, flat="0"):
    return PriceTier(up_to=up_to and Decimal(up_to), unit_amount=Decimal(unit), flat_amount=Decimal(flat))


def test_a_cost_is_explained_by_products_that_add_up_to_it(acme):
    state = usage(acme)
    why = explained(state, "Feature B")
    assert why["quantity"] == "5,911 calls: the sum of what the events report."
    assert re.fullmatch(
        r"113 events, the first on Dec 23, 2025, .*, the last on Jan 20, 2026, .*\(UTC\+1\)\.", why["events"]
    )
    assert {product.partition(" × ")[2] for product, _ in charges(why)} == {"$0.024"}
    assert sum(Decimal(amount.removeprefix("$")) for _, amount in charges(why)) == Decimal("141.864")
    assert (why["total"], why["rounding"]) == ("$141.864", "Shown as $141.86.")
    assert "billing period Jan 6, 2026 – Feb 6, 2026" in why["charges"][-1]["note"]
    assert row_of(state, "Feature B")["is_open"]
    assert gone_to(state, row_of(state, "Feature B")["to"]).why["id"] == ""


def test_an_event_that_is_dated_later_than_now_is_not_the_last(database):
    def fill(session):
        add_metered(session, "Calls", ("call", "calls"))
        use(session, "Calls", 10, [days_ago(2), days_ago(1)], NOW)
        ingest(session, sent("later", NOW + timedelta(hours=3), "Calls", n=5))

    why = explained(usage(filled(database, fill)), "Calls")
    assert re.fullmatch(r"2 events, the first on Jan 18, 2026, .*, the last on Jan 19, 2026, .*", why["events"])


def test_slabs_are_explained_tier_by_tier(database):
    why = priced(
        database, 6000, tier_mode=TierMode.SLAB,
        tiers=[tier("1000", "0"), tier("5000", "0.02", "5"), tier(None, "0.01")],
    )  # fmt: skip
    assert charges(why) == [
        ("1,000 calls × $0.00", "$0.00"),
        ("4,000 calls × $0.02", "$80.00"),
        ("flat amount of $5.00", "$5.00"),
        ("1,000 calls × $0.01", "$10.00"),
    ]
    assert [row["note"].partition(";")[0] for row in why["charges"]] == [
        "tier 1, up to 1,000 calls",
        "tier 2, above 1,000 up to 5,000 calls",
        "tier 2, above 1,000 up to 5,000 calls",
        "tier 3, above 5,000",
    ]
    assert (why["total"], why["rounding"]) == ("$95.00", "")


def test_packages_are_explained_by_their_size(database):
    why = priced(
        database, 2500, amount="3", billing_model=BillingModel.PACKAGE, divide_by=Decimal(1000), rounding=Rounding.UP
    )
    assert charges(why) == [("3 packages × $3.00", "$9.00")]
    assert why["charges"][0]["note"].startswith("1,000 calls in each; ")


def test_a_minimum_is_explained_as_what_nobody_used(database):
    why = priced(database, 40, amount="0.5", min_quantity=Decimal(100))
    assert charges(why) == [("40 calls × $0.50", "$20.00"), ("60 calls × $0.50", "$30.00")]
    assert why["charges"][1]["note"].startswith("not used, but the least that is charged is 100 calls; ")


def test_a_price_that_changed_says_since_when(database):
    change = days_ago(1)
    with database.writing() as session:
        customer, plan = add_customer(session), add_plan(session)
        feature = add_metered(session, "Calls", ("call", "calls"))
        add_usage_price(session, plan, feature, "1", end_at=change)
        add_usage_price(session, plan, feature, "2", start_at=change)
        subscribe(session, customer, plan)
        use(session, "Calls", 10, [days_ago(2), days_ago(0.5)], NOW)
    first, second = explained(usage(customer), "Calls")["charges"]
    assert first["note"].startswith("price until Jan 19, 2026, 1:00\u202fPM (UTC+1); ")
    assert second["note"].startswith("price since Jan 19, 2026, 1:00\u202fPM (UTC+1); ")


def test_a_cost_below_a_cent_is_not_zero(database):
    why = priced(database, 1, amount="0.000025")
    assert (why["total"], why["rounding"]) == ("$0.000025", "Shown as <$0.01.")


def test_a_cost_that_is_not_the_nearest_cent_says_why(database):
    with database.writing() as session:
        customer, plan = add_customer(session), add_plan(session)
        add_usage_price(session, plan, add_metered(session, "Calls", ("call", "calls")), amount="0.004")
        subscribe(session, customer, plan)
        for ago in (3, 0.1):
            ingest(session, sent(f"call-{ago}", days_ago(ago), "Calls", n=1))
    why = explained(usage(customer, "/usage?range=1d"), "Calls")
    assert why["total"] == "$0.004"
    assert why["rounding"].startswith("Shown as $0.01: what was charged by the end of this range less what was charged")


def test_a_product_multiplies_out_to_the_last_digit(database):
    with database.writing() as session:
        customer, plan = add_customer(session), add_plan(session)
        feature = add_metered(session, "Load", ("core", "cores"), aggregation=AggregationType.AVG)
        add_usage_price(session, plan, feature, "0.3")
        subscribe(session, customer, plan)
        for place, value in enumerate(("3", "3", "4")):
            ingest(session, sent(f"load-{place}", days_ago(place + 1), "Load", n=value))
    why = explained(usage(customer), "Load")
    assert charges(why) == [("3.333333333333 cores × $0.30", "$0.9999999999999")]
    assert why["rounding"] == "Shown as $1.00."


def test_what_has_no_price_is_listed_without_cost(database):
    def fill(session):
        add_metered(session, "Calls", ("call", "calls"))
        use(session, "Calls", 3, [days_ago(1)], NOW)

    state = usage(filled(database, fill))
    row = row_of(state, "Calls")
    assert (row["usage"], row["counted"], row["cost"]) == ("3 calls", "1 event", "")
    assert state.breakdown["total"] == ""
    why = explained(state, "Calls")
    assert (why["charges"], why["total"]) == ([], "")
    assert why["events"] == "1 event, on Jan 19, 2026, 1:00\u202fPM (UTC+1)."


@pytest.mark.parametrize("aggregation", [kind for kind in AggregationType if "MULTIPLIER" not in kind])
def test_every_way_of_counting_has_its_words(database, aggregation):
    def fill(session):
        add_metered(session, "Calls", ("call", "calls"), aggregation=aggregation)
        use(session, "Calls", 3, [days_ago(1)], NOW)

    why = explained(usage(filled(database, fill)), "Calls")
    assert re.fullmatch(r"[\d.,]+ calls?: [a-z ,]+\.", why["quantity"])


def test_an_explanation_of_another_customers_feature_or_of_nothing_is_none(database, acme):
    with database.writing() as session:
        add_customer(session, "globex")
        theirs = add_metered(session, "Theirs", ("", "")).public_id
        use(session, "Theirs", 1, [days_ago(1)], NOW, "globex")
    for why in (theirs, "feat_nobody", "%00"):
        state = usage(acme, f"/usage?why={why}")
        assert state.why["id"] == ""
        assert "Theirs" not in str(state.dict())
