"""Which features a graph draws: the dearest, never more than eight, each in a colour that stays."""

from dataclasses import replace

import pytest
from cast import NOW, add_customer, add_plan, add_subscription, days_ago
from hypothesis import given
from hypothesis import strategies as st
from usage_world import add_metered, use

from portal_app.billing.periods import Preset
from portal_app.queries.usage import usage_of_preset
from portal_app.ui.components.usage_lines import MOST_LINES, by_cost, drawn_series, legend, places
from portal_app.ui.usage_address import UsageAddress

AT = UsageAddress("/usage")
TEN = [f"Feature {number}" for number in range(10)]


@pytest.fixture
def report(sqlite_database):
    """Ten features: the later, the dearer; the last one has no price."""
    with sqlite_database.writing() as session:
        customer = add_customer(session)
        plan = add_plan(session)
        add_subscription(session, customer, plan)
        for number, name in enumerate(TEN):
            add_metered(session, name, ("", ""), plan if number < 9 else None, str(number))
            use(session, name, 10, [days_ago(1)], NOW)
        yield usage_of_preset(session, customer, Preset.LAST_MONTH, NOW)


def names(series):
    return [one.feature.name for one in series]


def ids(series):
    return tuple(one.feature.public_id for one in series)


def test_the_dearest_eight_are_drawn_and_what_has_no_price_comes_after_what_costs_nothing(report):
    assert names(by_cost(report.series)) == [*TEN[8::-1], TEN[9]]
    assert names(drawn_series(report.series, AT)) == TEN[8:0:-1]


def test_the_address_names_others_but_never_more_than_eight(report):
    chosen = replace(AT, features=(*ids(report.series), "feat_of_somebody_else"))
    assert len(drawn_series(report.series, chosen)) == MOST_LINES
    two = ids(report.series)[:2]
    assert set(ids(drawn_series(report.series, replace(AT, features=two)))) == set(two)
    assert drawn_series(report.series, replace(AT, features=("feat_of_somebody_else",))) == []


def shown_by(report, at):
    return legend(report.series, drawn_series(report.series, at), {}, at)


def test_the_legend_hides_what_is_drawn_and_shows_others_once_there_is_room(report):
    on, off = shown_by(report, AT)
    assert [row["label"] for row in on][:2] == ["Hide Feature 8", "Hide Feature 7"]
    assert [(row["label"], row["to"]) for row in off] == [("Show Feature 0", ""), ("Show Feature 9", "")]
    seven = ids(drawn_series(report.series, AT))[1:]
    assert on[0]["to"] == replace(AT, features=seven).to()
    on, off = shown_by(report, replace(AT, features=seven))
    assert [row["name"] for row in off] == ["Feature 8", "Feature 0", "Feature 9"]
    assert off[0]["to"] == "/usage", "the usual choice is not spelled out"
    assert all(row["to"] for row in off)


def test_the_last_line_cannot_be_hidden(report):
    on, off = shown_by(report, replace(AT, features=ids(report.series)[:1]))
    assert [row["to"] for row in on] == [""]
    assert len(off) == 9


KNOWN = [f"feat_{letter}" for letter in "abcdefghijklmnopqrst"]


def test_the_first_eight_known_features_have_places_of_their_own():
    assert places(KNOWN[:8], set(KNOWN)) == {key: place for place, key in enumerate(KNOWN[:8])}


def test_a_colour_stays_from_range_to_range():
    assert places(KNOWN[:8], {"feat_c"}) == {"feat_c": 2}
    assert places(KNOWN[:8], {"feat_a", "feat_c", "feat_h"})["feat_c"] == 2


@given(st.integers(1, 20).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(KNOWN[:n]), max_size=8))))
def test_no_two_drawn_features_share_a_place(case):
    count, drawn = case
    taken = places(KNOWN[:count], drawn)
    assert taken.keys() == drawn
    assert len(set(taken.values())) == len(drawn)
    assert all(0 <= place < 8 for place in taken.values())
