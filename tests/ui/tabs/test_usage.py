"""What the Usage tab says, by its address; and the Overview, which says the same in short."""

import asyncio
import re
from datetime import timedelta

import pytest
from cast import NOW, days_ago
from pages import gone_to, loaded_state, turned
from usage_cast import ingest, sent
from usage_tab import filled, row_of, usage
from usage_world import TOTAL, add_group, add_metered, spread, use

from portal_app.billing.metering import AggregationType
from portal_app.ui.tabs.overview.state import OverviewState


def rows(state):
    return [(row["kind"], row["name"], row["usage"], row["events"], row["cost"]) for row in state.breakdown["rows"]]


def test_the_breakdown_is_the_reference_examples(acme):
    assert rows(usage(acme)) == [
        ("group", "GPU Usage", "", "500", "$7,365.00"),
        ("member", "LLM", "3,905 K tokens", "300", "$3,905.00"),
        ("member", "GPU", "3,460 minutes", "200", "$3,460.00"),
        ("group", "Add-ons", "", "12", "$3,409.00"),
        ("member", "Priority Support", "3,409 minutes", "12", "$3,409.00"),
        ("feature", "Storage", "3,670 GB", "30", "$3,670.00"),
        ("feature", "Feature B", "5,911 calls", "113", "$141.86"),
    ]
    state = usage(acme)
    assert (state.breakdown["events"], state.breakdown["total"]) == ("655", TOTAL)
    assert row_of(state, "Feature B")["exact_cost"] == "$141.864"


def test_a_group_folds_and_unfolds_by_its_address(acme):
    folded = gone_to(state := usage(acme), row_of(state, "GPU Usage")["to"])
    assert [row["name"] for row in folded.breakdown["rows"]] == [
        "GPU Usage", "Add-ons", "Priority Support", "Storage", "Feature B",
    ]  # fmt: skip
    assert not row_of(folded, "GPU Usage")["is_open"]
    assert row_of(folded, "GPU Usage")["to"] == "/usage"


def test_rows_sort_inside_their_groups(acme):
    by_name = gone_to(state := usage(acme), state.breakdown["by_name"]["to"])
    assert [row["name"] for row in by_name.breakdown["rows"]] == [
        "Add-ons", "Priority Support", "GPU Usage", "GPU", "LLM", "Feature B", "Storage",
    ]  # fmt: skip
    assert by_name.breakdown["by_name"]["direction"] == "ascending"
    turned = gone_to(by_name, by_name.breakdown["by_name"]["to"])
    assert [row["name"] for row in turned.breakdown["rows"]][:2] == ["GPU Usage", "LLM"]
    by_events = gone_to(turned, turned.breakdown["by_events"]["to"])
    assert [row["events"] for row in by_events.breakdown["rows"]] == ["500", "300", "200", "12", "12", "113", "30"]


@pytest.mark.parametrize("word", ["1d", "7d", "30d", "", "90d", "1D", "%F0%9F%98%80"])
def test_a_range_of_the_address_is_chosen_and_anything_else_is_thirty_days(acme, word):
    state = usage(acme, f"/usage?range={word}")
    turned(state)
    current = [choice["label"] for choice in state.ranges if choice["current"]]
    assert current == [word if word in {"1d", "7d"} else "30d"]


def test_choices_keep_what_else_the_address_says(acme):
    state = usage(acme, "/usage?range=7d&view=table&sort=name&folded=group_x")
    turned(state)
    assert state.ranges[0]["to"] == "/usage?range=1d&view=table&sort=name&folded=group_x"
    assert state.ranges[2]["to"] == "/usage?view=table&sort=name&folded=group_x"
    assert state.views[0]["to"] == "/usage?range=7d&sort=name&folded=group_x"


def test_the_table_is_the_graphs_twin(acme):
    graph, table = usage(acme).card, usage(acme, "/usage?view=table").card
    assert (table["figure"], graph["table"]["rows"]) == ({}, [])
    assert table["summary"] == graph["summary"]
    named = [trace for trace in graph["figure"]["data"] if "name" in trace]
    lines = {trace["name"]: [text for text in trace["text"] if text] for trace in named}
    for index, name in enumerate(table["table"]["heads"]):
        assert [row["cells"][index]["quantity"] for row in table["table"]["rows"]][::-1] == lines[name]
    titles = graph["figure"]["layout"]["xaxis"]["ticktext"]
    assert [row["window"] for row in table["table"]["rows"]] == titles[::-1]


def test_numbers_and_dates_follow_the_customers_locale(acme):
    state = usage(acme, locale="de_DE")
    assert row_of(state, "Feature B")["cost"] == "141,86\xa0$"
    assert row_of(state, "Feature B")["usage"] == "5.911 calls"
    assert state.freshness.startswith("Usage through 20.01.2026, 12:57 (UTC+1)")
    assert state.card["figure"]["layout"]["annotations"][0]["text"] == "22. Dez."


def test_a_customer_in_kathmandu_sees_its_own_days(database):
    def fill(session):
        add_metered(session, "Calls", ("call", "calls"))
        use(session, "Calls", 3, [NOW - timedelta(hours=18)], NOW)

    customer = filled(database, fill, timezone="Asia/Kathmandu")
    table = usage(customer, "/usage?view=table").card["table"]
    (row,) = [row for row in table["rows"] if row["cells"][0]["quantity"] != "0 calls"]
    assert row["window"] == "Jan 19, 2026 (UTC+5:45)"


def test_twelve_features_leave_four_to_choose_and_all_of_them_in_the_breakdown(database):
    def fill(session):
        group = add_group(session, "Things")
        for number in range(12):
            add_metered(session, f"Thing {number:02d}", ("", ""), group_id=group.id)
            use(session, f"Thing {number:02d}", 10, spread(NOW, number + 1, 5), NOW)

    state = usage(filled(database, fill))
    assert len(state.card["legend"]) == 8
    assert [row["name"] for row in state.card["others"]] == ["Thing 03", "Thing 02", "Thing 01", "Thing 00"]
    assert state.card["is_full"]
    assert len([row for row in state.breakdown["rows"] if row["kind"] == "member"]) == 12
    coloured = [row["name"] for row in state.breakdown["rows"] if re.search(r" s\d$", row["swatch"])]
    assert sorted(coloured) == [f"Thing {number:02d}" for number in range(4, 12)]


def test_no_number_on_the_page_is_nan_or_minus_zero(database):
    def fill(session):
        add_metered(session, "Spare", ("", ""), aggregation=AggregationType.AVG)
        add_metered(session, "Zero", ("", ""))
        use(session, "Zero", 0, [days_ago(1)], NOW)
        ingest(session, sent("minus", days_ago(1), "Zero", n="-0"), sent("avg", days_ago(1), "Spare", n="-0.0000001"))
        ingest(session, sent("ok", days_ago(1), "Spare", n="-0.000001"), sent("ok2", days_ago(1), "Spare", n="0"))

    text = str(usage(filled(database, fill)).dict())
    assert not re.search(r"(?i)\bnan\b|infinity|[-−]0\b(?![.])", text)
    assert "−<0.000001" in text


def test_the_overview_shows_the_same_and_leads_to_all_of_it(acme):
    overview = loaded_state(OverviewState, acme, "/?range=7d")
    asyncio.run(overview.load_usage())
    turned(overview)
    tab = usage(acme, "/usage?range=7d")
    assert overview.usage["summary"] == tab.card["summary"]
    assert overview.usage["figure"] == tab.card["figure"]
    assert overview.freshness == tab.freshness
    assert overview.usage_to == "/usage?range=7d"
    assert [choice["to"] for choice in overview.ranges] == ["/?range=1d", "/?range=7d", "/"]


def test_the_overview_begins_with_thirty_days(acme):
    overview = loaded_state(OverviewState, acme)
    asyncio.run(overview.load_usage())
    assert "in the last 30 days" in overview.usage["summary"]
