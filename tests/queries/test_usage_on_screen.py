"""What stands beside a report: every feature ever used, whether there could be any, and what is not counted."""

from datetime import timedelta

import cast
import pytest
from cast import NOW, days_ago
from usage_cast import add_feature, add_meter, add_usage_price, ingest, sent
from usage_world import add_metered, use

from portal_app.billing.metering import FeatureType
from portal_app.billing.periods import Preset
from portal_app.errors import NotFound
from portal_app.models.catalog import Entitlement
from portal_app.queries.usage_on_screen import UncountedEvents, UnusableEvents, usage_on_screen


def on_screen(session, customer, preset=Preset.LAST_MONTH):
    return usage_on_screen(session, customer, preset, NOW)


def test_every_feature_ever_used_is_known_in_an_order_that_lasts(session, acme, globex):
    names = ("Zeta", "Alpha", "Beta", "Gamma")
    first, second, unused, theirs = (add_metered(session, name, ("", "")) for name in names)
    use(session, "Zeta", 1, [days_ago(200)], NOW)
    use(session, "Alpha", 1, [days_ago(0.1)], NOW)
    use(session, "Gamma", 1, [days_ago(0.1)], NOW, "globex")
    for preset in Preset:
        assert on_screen(session, acme, preset).known == tuple(sorted([first.public_id, second.public_id]))
    assert {unused.public_id, theirs.public_id}.isdisjoint(on_screen(session, acme).known)


def test_a_plan_without_anything_metered_says_so(session, acme):
    plan = cast.add_plan(session)
    cast.add_subscription(session, acme, plan)
    assert not on_screen(session, acme).is_in_plan
    add_usage_price(session, plan, add_feature(session))
    assert on_screen(session, acme).is_in_plan


def test_an_entitlement_to_something_metered_is_part_of_the_plan(session, acme):
    plan = cast.add_plan(session)
    cast.add_subscription(session, acme, plan)
    feature = add_feature(session)
    cast._added(
        session, Entitlement(plan_id=plan.id, feature_id=feature.id, usage_limit=5, created_at=NOW, updated_at=NOW)
    )
    assert on_screen(session, acme).is_in_plan
    feature.type = FeatureType.BOOLEAN
    session.flush()
    assert not on_screen(session, acme).is_in_plan


def test_who_has_no_plan_or_has_used_something_is_not_told_that_it_is_not_in_the_plan(session, acme):
    assert on_screen(session, acme).is_in_plan
    cast.add_subscription(session, acme, cast.add_plan(session))
    add_metered(session, "Calls", ("", ""))
    use(session, "Calls", 1, [days_ago(300)], NOW)
    assert on_screen(session, acme).is_in_plan


def test_events_of_a_name_without_meter_are_told(session, acme, globex):
    add_metered(session, "Calls", ("", ""))
    use(session, "Calls", 3, [days_ago(1)], NOW)
    ingest(session, sent("a", days_ago(2), "clicks"), sent("b", days_ago(1), "clicks"))
    ingest(session, sent("c", days_ago(1), "secrets", "globex"))
    assert on_screen(session, acme).uncounted == (UncountedEvents("clicks", 2, days_ago(2)),)
    add_meter(session, event_name="clicks", field="missing")
    assert on_screen(session, acme).uncounted == ()


def test_names_that_were_not_sent_in_the_range_are_not_told(session, acme):
    ingest(session, sent("a", days_ago(20), "clicks"))
    assert on_screen(session, acme, Preset.LAST_WEEK).uncounted == ()
    assert len(on_screen(session, acme, Preset.LAST_MONTH).uncounted) == 1


def test_values_that_a_feature_could_not_use_are_told(session, acme, globex):
    add_metered(session, "Calls", ("", ""))
    ingest(
        session,
        sent("a", days_ago(1), "Calls", n="many"),
        sent("b", days_ago(1), "Calls"),
        sent("c", days_ago(20), "Calls"),
        sent("d", days_ago(1), "Calls", "globex"),
    )
    (unusable,) = on_screen(session, acme, Preset.LAST_WEEK).unusable
    assert (unusable.feature_name, unusable.events) == ("Calls", 2)
    assert unusable.problem in {"n is missing", "n is not a number"}
    assert on_screen(session, globex).unusable == (UnusableEvents("Calls", 1, "n is missing"),)


def test_a_customer_that_does_not_exist_is_not_found(session):
    with pytest.raises(NotFound):
        on_screen(session, 4711)


def test_usage_of_a_clock_that_is_ahead_is_known_too(session, acme):
    feature = add_metered(session, "Calls", ("", ""))
    use(session, "Calls", 1, [NOW + timedelta(hours=20)], NOW)
    assert on_screen(session, acme).known == (feature.public_id,)
