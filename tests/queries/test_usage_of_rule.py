"""What one rule amounts to: a meter says the same as the report that its feature stands in."""

from datetime import timedelta

import cast
from cast import NOW, days_ago
from usage_cast import add_feature, add_meter, add_usage_price, ingest, sent

from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.queries.meters import rule_of
from portal_app.queries.usage import UsageQuestion, usage_report
from portal_app.queries.usage_of_rule import usage_of_rule


def test_what_is_dated_later_than_now_does_not_count_yet(session, acme):
    meter = add_meter(session)
    ingest(session, sent("e1", n=1), sent("e2", at=NOW + timedelta(hours=3), n=10))
    span = TimeRange(days_ago(1), NOW + timedelta(hours=20))
    made_up = MeterRule(0, "call", AggregationType.SUM, "n")
    for rule in (rule_of(meter, meter.id), made_up):
        found = usage_of_rule(session, acme, rule, span, WindowSize.HOUR, NOW)
        assert found.total == sum(quantity for _, quantity in found.windows) == 1


def test_a_span_that_has_not_begun_holds_nothing(session, acme):
    meter = add_meter(session)
    ingest(session, sent("e1", at=NOW + timedelta(hours=3), n=10))
    span = TimeRange(NOW + timedelta(hours=2), NOW + timedelta(hours=4))
    made_up = MeterRule(0, "call", AggregationType.SUM, "n")
    for rule in (rule_of(meter, meter.id), made_up):
        found = usage_of_rule(session, acme, rule, span, WindowSize.HOUR, NOW)
        assert (found.total, found.windows) == (0, ())


def test_a_sum_weighted_by_time_is_weighed_by_the_billing_period_as_in_the_report(session, acme):
    meter = add_meter(session, AggregationType.WEIGHTED_SUM)
    feature = add_feature(session, meter)
    plan = cast.add_plan(session, fee=None)
    cast.add_subscription(session, acme, plan)
    add_usage_price(session, plan, feature)
    ingest(session, sent("e1", at=days_ago(5), n=10))
    span = TimeRange(days_ago(7), NOW)
    (series,) = usage_report(session, acme, UsageQuestion(span), NOW).series
    found = usage_of_rule(session, acme, rule_of(meter, meter.id), span, WindowSize.DAY, NOW)
    assert found.total == sum(quantity for _, quantity in found.windows) == series.quantity
