"""What stands where: pages, their parts, the ranges of graphs, whatever a configuration says or leaves out."""

import pytest

from portal_app.billing.periods import Preset
from portal_app.queries.layout import DEFAULT_SECTIONS, Ranges, tabs_of

DAY, WEEK, MONTH = Preset


def shown(sections):
    return [tab.id for tab in tabs_of(sections) if tab.is_shown]


def parts(sections, name):
    (tab,) = [tab for tab in tabs_of(sections) if tab.id == name]
    return [part.type for part in tab.parts if part.is_shown]


def graph(**says):
    return [{"id": "usage", "tabs": [{"id": "g", "type": "usage_graph", "usage_graph": says}]}]


def ranges(sections, name="usage"):
    (tab,) = [tab for tab in tabs_of(sections) if tab.id == name]
    (found,) = [part.ranges for part in tab.parts if part.ranges]
    return found


def test_by_default_everything_is_shown_and_graphs_open_with_a_month():
    assert shown(DEFAULT_SECTIONS) == ["overview", "credits", "invoices", "usage"]
    assert parts(DEFAULT_SECTIONS, "overview") == ["wallet_balance", "subscriptions", "usage_graph", "invoices"]
    assert parts(DEFAULT_SECTIONS, "usage") == ["usage_graph", "usage_breakdown"]
    assert ranges(DEFAULT_SECTIONS) == ranges(DEFAULT_SECTIONS, "overview") == Ranges((DAY, WEEK, MONTH), MONTH)


def test_pages_stand_in_their_order_and_those_not_named_are_not_shown():
    sections = [{"id": "usage", "order": 2}, {"id": "invoices", "order": 1}, {"id": "bills", "order": 0}]
    assert [tab.id for tab in tabs_of(sections)] == ["invoices", "usage", "overview", "credits"]
    assert shown(sections) == ["invoices", "usage"]


def test_a_page_that_says_nothing_of_parts_has_all_of_them_and_one_that_names_some_has_these():
    assert parts([{"id": "usage"}], "usage") == ["usage_graph", "usage_breakdown"]
    named = [{"id": "b", "type": "usage_breakdown"}, {"id": "m", "type": "metric_cards"}]
    assert parts([{"id": "usage", "tabs": named}], "usage") == ["usage_breakdown"]
    off = [{"id": "b", "type": "usage_breakdown", "enabled": False}, {"id": "g", "type": "usage_graph"}]
    assert parts([{"id": "usage", "tabs": off}], "usage") == ["usage_graph"]


def test_a_page_without_a_part_is_not_shown():
    off = [{"id": "i", "type": "invoices", "enabled": False}]
    assert shown([{"id": "invoices", "tabs": off}, {"id": "credits"}]) == ["credits"]


@pytest.mark.parametrize(
    "sections",
    [[], [{"id": "bills"}], [{"id": "credits", "enabled": False}, {"id": "overview", "enabled": False}]],
)
def test_where_nothing_would_be_shown_the_first_page_is(sections):
    assert shown(sections) == ["overview"]
    assert len(parts(sections, "overview")) == 4


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ({"date_presets": ["7d", "1d"], "default_preset": "1d"}, Ranges((DAY, WEEK), DAY)),
        ({"date_presets": ["7d", "today"], "default_preset": "today"}, Ranges((WEEK,), WEEK)),
        ({"date_presets": ["1d", "7d"]}, Ranges((DAY, WEEK), WEEK)),
        ({"date_presets": ["today", "last_month"]}, Ranges()),
        ({"default_preset": "7d"}, Ranges((DAY, WEEK, MONTH), WEEK)),
        ({}, Ranges()),
    ],
)
def test_a_graph_offers_the_ranges_that_are_named_and_known(says, expected):
    assert ranges(graph(**says)) == expected
