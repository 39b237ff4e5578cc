"""Usage as files: the page's numbers, exact, with local times."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from cast import NOW, add_customer, days_ago
from usage_cast import ingest, sent
from usage_world import add_metered, fill_reference, use

from portal_app.billing.periods import Preset
from portal_app.display import make_display
from portal_app.exports.usage_csv import usage_breakdown_csv, usage_series_csv
from portal_app.queries.usage import usage_of_preset

BERLIN = make_display("de_DE", "Europe/Berlin")


def read(lines):
    text = "".join(lines)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.fixture
def report(session):
    return usage_of_preset(session, fill_reference(session, NOW), Preset.LAST_MONTH, NOW)


def test_the_breakdown_has_a_line_for_each_feature_under_its_group(report):
    lines = {line["feature"]: line for line in read(usage_breakdown_csv(report, BERLIN))}
    assert {name: line["group"] for name, line in lines.items()} == {
        "Priority Support": "Add-ons", "GPU": "GPU Usage", "LLM": "GPU Usage", "Feature B": "", "Storage": "",
    }  # fmt: skip
    feature_b = lines["Feature B"]
    assert (feature_b["quantity"], feature_b["unit"], feature_b["events"]) == ("5911", "calls", "113")
    assert (feature_b["currency"], feature_b["cost"], feature_b["exact_cost"]) == ("USD", "141.86", "141.864")
    assert (feature_b["from"], feature_b["to"]) == ("2025-12-22T00:00:00+01:00", "2026-01-21T00:00:00+01:00")
    assert sum(Decimal(line["cost"]) for line in lines.values()) == Decimal("14585.86")


def test_the_series_has_a_line_for_each_window_and_feature_that_add_up(report):
    lines = read(usage_series_csv(report, BERLIN))
    assert len(lines) == 30 * 5
    feature_b = [line for line in lines if line["feature"] == "Feature B"]
    assert sum(Decimal(line["quantity"]) for line in feature_b) == 5911
    assert sum(int(line["events"]) for line in feature_b) == 113
    assert [line["unfinished"] for line in feature_b] == ["no"] * 29 + ["yes"]
    assert [line["from"] for line in feature_b] == sorted(line["from"] for line in feature_b)
    assert all(earlier["to"] == later["from"] for earlier, later in pairwise(feature_b))


def test_what_has_no_price_has_no_cost(session, acme):
    add_metered(session, "Calls", ("call", "calls"))
    use(session, "Calls", 3, [days_ago(1)], NOW)
    (line,) = read(usage_breakdown_csv(usage_of_preset(session, acme, Preset.LAST_WEEK, NOW), BERLIN))
    assert (line["quantity"], line["currency"], line["cost"], line["exact_cost"]) == ("3", "", "", "")


def test_names_that_a_spreadsheet_would_run_are_text(session, acme):
    add_metered(session, '=HYPERLINK("x")', ("@unit", "@units"))
    use(session, '=HYPERLINK("x")', 3, [days_ago(1)], NOW)
    report = usage_of_preset(session, acme, Preset.LAST_WEEK, NOW)
    for lines in (usage_breakdown_csv(report, BERLIN), usage_series_csv(report, BERLIN)):
        assert {(line["feature"], line["unit"]) for line in read(lines)} == {('\'=HYPERLINK("x")', "'@units")}


def test_an_hour_that_comes_again_is_told_apart_by_its_offset(session):
    now = datetime(2026, 10, 25, 12, tzinfo=UTC)
    customer = add_customer(session, "night")
    add_metered(session, "Calls", ("call", "calls"))
    for hour in (0, 1):
        at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        ingest(session, sent(f"e{hour}", at, "Calls", "night", n=hour + 1), now=now)
    lines = read(usage_series_csv(usage_of_preset(session, customer, Preset.LAST_DAY, now), BERLIN))
    assert {line["from"]: line["quantity"] for line in lines if line["quantity"] != "0"} == {
        "2026-10-25T02:00:00+02:00": "1",
        "2026-10-25T02:00:00+01:00": "2",
    }
    assert len({(line["from"], line["to"]) for line in lines}) == 24


def test_quarter_hours_of_kathmandu_are_in_its_files(session):
    customer = add_customer(session, "kathmandu", timezone="Asia/Kathmandu")
    add_metered(session, "Calls", ("call", "calls"))
    use(session, "Calls", 3, [days_ago(1)], NOW, "kathmandu")
    report = usage_of_preset(session, customer, Preset.LAST_WEEK, NOW)
    lines = read(usage_series_csv(report, make_display("ne_NP", "Asia/Kathmandu")))
    assert all(line["from"].endswith("+05:45") and line["from"][14:16] == "00" for line in lines)
