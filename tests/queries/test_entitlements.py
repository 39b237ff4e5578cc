"""What may be used, and how much of it was."""

from datetime import timedelta

import cast
from cast import NOW, days_ago
from usage_cast import add_feature, ingest, sent

from portal_app.models.catalog import Entitlement
from portal_app.queries.entitlements import entitled_features


def test_usage_counts_against_a_limit_from_the_quarter_hour_that_its_period_begins_in(session, acme):
    start = days_ago(3) + timedelta(minutes=7)
    plan, calls = cast.add_plan(session, fee=None), add_feature(session)
    dates = {"start_at": start, "current_period_start_at": start, "current_period_end_at": start + timedelta(days=31)}
    cast.add_subscription(session, acme, plan, **dates)
    named = {"plan_id": plan.id, "feature_id": calls.id, "usage_limit": 4}
    cast._added(session, Entitlement(**named, created_at=NOW, updated_at=NOW))
    ingest(session, sent("e1", at=start - timedelta(minutes=5), n=1), sent("e2", at=days_ago(3.1), n=1))
    (entitled,) = entitled_features(session, acme, NOW)
    assert (entitled.used, entitled.resets_at) == (1, days_ago(-28))
