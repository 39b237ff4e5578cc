"""What the demo customers used: the reference example to the letter, and believable beside it."""

from datetime import timedelta
from decimal import Decimal

import cast
import pytest

from portal_app.billing.money import Money
from portal_app.billing.periods import Preset
from portal_app.queries.customers import get_published_customer_of_operator
from portal_app.queries.usage import usage_of_preset
from portal_app.queries.usage_breakdown import usage_breakdown

NOW = cast.NOW


@pytest.fixture
def session(demo_database):
    with demo_database.reading() as session:
        yield session


def report(session, external_id, preset=Preset.LAST_MONTH):
    return usage_of_preset(session, get_published_customer_of_operator(session, external_id)[0], preset, NOW)


def usd(amount):
    return Money(Decimal(amount), "usd")


def test_acmes_last_30_days_are_the_reference_example(session):
    breakdown = usage_breakdown(report(session, "acme"))
    groups = {group.group.name if group.group else "": group.costs[0].shown for group in breakdown.groups}
    rows = {
        row.feature.name: (row.quantity, row.feature.unit_plural, row.events, row.costs[0].shown)
        for group in breakdown.groups
        for row in group.rows
    }
    assert groups == {"Add-ons": usd("3409.00"), "GPU Usage": usd("7365.00"), "": usd("3811.86")}
    assert rows == {
        "Feature B": (5911, "calls", 113, usd("141.86")),
        "GPU": (3460, "minutes", 1131, usd("3460.00")),
        "LLM": (3905, "K tokens", 2977, usd("3905.00")),
        "Priority Support": (3409, "minutes", 12, usd("3409.00")),
        "Storage": (3670, "GB", 14, usd("3670.00")),
    }


@pytest.mark.parametrize("external_id", ["acme", "globex", "tri", "trial", "paused", "archive"])
def test_usage_reaches_until_just_now(session, external_id):
    through_at = report(session, external_id).freshness.through_at
    assert through_at is not None
    assert NOW - through_at < timedelta(minutes=5)


def test_usage_without_a_subscription_is_listed_without_a_cost(session):
    rows = report(session, "tri").series
    assert {row.feature.name for row in rows} == {"GPU", "LLM"}
    assert all(row.costs == () for row in rows)


def test_a_customer_who_never_used_anything_has_no_usage_at_all(session):
    assert report(session, "empty").series == ()
    assert report(session, "empty").freshness.through_at is None


def test_archive_uses_what_is_priced_by_tiers_and_by_packages(session):
    models = {
        row.feature.name: row.charged[0].tariff.versions[0].model.billing_model
        for row in report(session, "archive").series
    }
    assert models == {
        "API calls": "PACKAGE", "Active users": "TIERED", "Embeddings": "FLAT_FEE", "Peak connections": "FLAT_FEE",
        "Retrieval": "TIERED", "Storage": "FLAT_FEE",
    }  # fmt: skip


def test_fewer_events_happen_on_weekends(session):
    series = next(row for row in report(session, "globex").series if row.feature.name == "GPU")
    days = [
        (point.window.start_at.astimezone(report(session, "globex").zone).weekday(), point.events)
        for point in series.points
    ]
    weekend = [events for weekday, events in days if weekday > 4]
    others = [events for weekday, events in days if weekday <= 4]
    assert sum(weekend) / len(weekend) < sum(others) / len(others) / 2
