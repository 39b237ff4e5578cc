"""Prices with tiers, from an operator's file to what a customer pays; and that one price at a time holds."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from cast import NOW, days_ago
from operator_files import CUSTOMERS, FEATURES, METERS, PLANS, SUBSCRIPTIONS, counts, csv, everything, told
from sqlmodel import col, select

from portal_app.billing.money import Money
from portal_app.billing.periods import TimeRange
from portal_app.imports import scratch
from portal_app.imports.maps.catalog import PRICES
from portal_app.models.catalog import Price, PriceTier
from portal_app.models.customer import Customer
from portal_app.queries.invariants import all_violations
from portal_app.queries.usage import UsageQuestion, usage_report

CATALOGUE = {"customers": CUSTOMERS, "plans": PLANS, "meters": METERS, "features": FEATURES}
HEAD = "external_id,plan,type,billing_period,currency,amount,meter,billing_model,tier_mode,tiers"
ROW = "p,base,USAGE,MONTHLY,USD,0,calls,TIERED,"
TIERS = [
    {"up_to": 10, "unit_amount": "0.5"},
    {"up_to": "15.0", "unit_amount": 0.25, "flat_amount": 2},
    {"up_to": None, "unit_amount": "0.000000000001", "flat_amount": "-0.0"},
]


def prices(tiers, mode="SLAB"):
    cell = json.dumps(tiers).replace('"', '""') if not isinstance(tiers, str) else tiers
    return csv(HEAD, f'{ROW}{mode},"{cell}"')


@pytest.fixture
def tiers(database):
    """Read the tiers of the price `p`, in order."""

    def read():
        with database.reading() as session:
            of_price = select(PriceTier).join(Price, col(Price.id) == PriceTier.price_id)
            rows = session.exec(of_price.where(Price.external_id == "p").order_by(col(PriceTier.position)))
            return [(row.up_to, row.unit_amount, row.flat_amount) for row in rows]

    return read


KEPT = [
    (Decimal(10), Decimal("0.5"), Decimal(0)),
    (Decimal(15), Decimal("0.25"), Decimal(2)),
    (None, Decimal("0.000000000001"), Decimal(0)),
]


def test_tiers_in_a_cell_of_csv_are_kept_exactly(bring, tiers):
    assert told(bring(**CATALOGUE, prices=prices(TIERS))) == []
    assert tiers() == KEPT


def test_tiers_in_a_line_of_json_are_kept_exactly(bring, tiers):
    line = dict(zip(HEAD.split(","), f"{ROW}VOLUME".split(","), strict=False)) | {"tiers": TIERS}
    assert told(bring(**CATALOGUE, prices__jsonl=json.dumps(line) + "\n")) == []
    assert tiers() == KEPT


@pytest.mark.parametrize(("mode", "cost"), [("SLAB", "7.75"), ("VOLUME", "5.25")])
def test_what_was_used_costs_what_the_files_say(bring, database, mode, cost):
    """10 × 0.50, then 2.00 and 3 × 0.25; by volume, all 13 at 0.25 and 2.00."""
    events = [
        json.dumps(
            {"event_id": f"e{n}", "event_name": "call", "external_customer_id": "acme", "timestamp": f"{days_ago(1)}"}
        )
        for n in range(13)
    ]
    files = {"prices": prices(TIERS, mode), "subscriptions": SUBSCRIPTIONS, "events__jsonl": "\n".join(events)}
    assert told(bring(**CATALOGUE, **files)) == []
    with database.reading() as session:
        acme = session.exec(select(Customer.id).where(Customer.external_id == "acme")).one()
        span = TimeRange(days_ago(2), NOW)
        (series,) = usage_report(session, acme, UsageQuestion(span), NOW).series
        assert [price.shown for price in series.costs] == [Money(Decimal(cost), "usd")]
        assert list(all_violations(session)) == []


def test_the_same_tiers_again_change_nothing_and_others_are_refused(bring, tiers):
    bring(**CATALOGUE, prices=prices(TIERS))
    assert counts(bring())["prices"] == (0, 0, 1)
    assert counts(bring(prices=csv(HEAD.removesuffix(",tiers"), f"{ROW}SLAB")))["prices"] == (0, 0, 1)
    last = '[{"up_to":null,"unit_amount":"0.000000000001","flat_amount":"0"}]'
    (problem,) = told(bring(prices=prices(TIERS[2:])))
    assert problem.startswith('prices.csv:2: tiers: is [{"up_to":"10","unit_amount":"0.5","flat_amount":"0"},{')
    assert problem.endswith(f" already and cannot become {last}")
    assert told(bring(prices=prices(TIERS, "VOLUME"))) == [
        "prices.csv:2: tier_mode: is SLAB already and cannot become VOLUME"
    ]
    assert tiers() == KEPT


def line(**changes):
    terms = {
        "external_id": "p", "plan": "base", "display_name": "Calls", "type": "USAGE", "billing_period": "MONTHLY",
        "currency": "USD", "amount": 1, "meter": "calls", "start_at": "2025-01-01T00:00Z",
    }  # fmt: skip
    return json.dumps(terms | changes) + "\n"


def test_what_a_price_charges_never_changes(bring, database):
    bring(**CATALOGUE | {"meters": f"{METERS}tokens,Tokens,token,COUNT\n"}, prices__jsonl=line())
    before = everything(database)
    others = {
        "billing_period": "ANNUAL", "billing_period_count": 2, "invoice_cadence": "ARREAR", "currency": "EUR",
        "amount": "9", "meter": "tokens", "min_quantity": 5, "start_at": "2026-01-01T00:00Z",
    }  # fmt: skip
    assert [problem.removeprefix("prices.jsonl:1: ") for problem in told(bring(prices__jsonl=line(**others)))] == [
        "amount: is 1 already and cannot become 9",
        "billing_period: is MONTHLY already and cannot become ANNUAL",
        "billing_period_count: is 1 already and cannot become 2",
        "currency: is usd already and cannot become eur",
        "invoice_cadence: is ADVANCE already and cannot become ARREAR",
        "meter: this price has another meter, which cannot change",
        "min_quantity: is nothing already and cannot become 5",
        "start_at: is 2025-01-01T00:00:00+00:00 already and cannot become 2026-01-01T00:00:00+00:00",
    ]
    assert everything(database) == before
    assert PRICES.by_name.keys() - PRICES.fixed == {"external_id", "display_name", "end_at"}


def test_a_price_is_raised_by_ending_it_and_beginning_another(bring):
    bring(**CATALOGUE, prices__jsonl=line())
    ended = line(end_at="2026-01-01T00:00Z", display_name="Calls until 2025")
    raised = line(external_id="q", amount=9, start_at="2026-01-01T00:00Z")
    assert told(outcome := bring(prices__jsonl=ended + raised)) == []
    assert counts(outcome)["prices"] == (1, 1, 0)
    assert counts(bring())["prices"] == (0, 0, 2)


@pytest.mark.parametrize("order", [1, -1])
def test_a_price_is_raised_in_any_order_of_a_file_however_long(bring, monkeypatch, order):
    monkeypatch.setattr(scratch, "BATCH", 1)
    bring(**CATALOGUE, prices__jsonl=line())
    ended, raised = line(end_at="2026-01-01T00:00Z"), line(external_id="q", amount=9, start_at="2026-01-01T00:00Z")
    assert told(bring(prices__jsonl="".join([ended, raised][::order]))) == []
    early = line(external_id="q", amount=9, start_at="2026-01-01T00:00Z") + line(end_at="2026-01-01T00:15Z")
    assert len(told(bring(prices__jsonl=early))) == 1


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("", "tiers: a TIERED price needs at least one tier"),
        ("10 at 0.5", "tiers: is not JSON: Extra data: line 1 column 4 (char 3)"),
        ("{}", "tiers: '{}' is not a JSON list of tiers"),
        ("[]", "tiers: '[]' is not a JSON list of tiers"),
        ("[1]", "tiers: [0] is not a JSON object"),
        ('[{""unit"": 1}]', "tiers: [0] has 'unit', which is none of up_to, unit_amount, flat_amount"),
        ('[{""up_to"": null}]', "tiers: [0].unit_amount is missing"),
        ('[{""unit_amount"": ""1.5 USD""}]', "tiers: [0].unit_amount: '1.5 USD' is not a number such as 1234.5"),
        ('[{""unit_amount"": true}]', "tiers: [0].unit_amount: True is not a number"),
        ('[{""unit_amount"": 1e-13}]', "tiers: [0].unit_amount: 1E-13 has more than 12 decimals"),
        ('[{""unit_amount"": -1}]', "tiers: [0].unit_amount cannot be negative"),
        ('[{""up_to"": 5, ""unit_amount"": 1}]', "tiers: [0].up_to the last tier, and no other, has to be open (null)"),
        (
            '[{""up_to"": 5, ""unit_amount"": 1}, {""up_to"": 5, ""unit_amount"": 1}, {""unit_amount"": 1}]',
            "tiers: [1].up_to has to be greater than 5, where the tier begins",
        ),
    ],
)
def test_tiers_that_cannot_rate_are_told(bring, cell, problem):
    assert told(bring(**CATALOGUE, prices=prices(cell))) == [f"prices.csv:2: {problem}"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("1,calls,FLAT_FEE,SLAB,", "tier_mode: only a TIERED price has one"),
        ('1,calls,FLAT_FEE,,"[{""unit_amount"": 1}]"', "tiers: only a TIERED price has tiers"),
        ('1,calls,TIERED,SLAB,"[{""unit_amount"": 1}]"', "amount: a TIERED price has its amounts in its tiers"),
        ('0,calls,TIERED,,"[{""unit_amount"": 1}]"', "tier_mode: a TIERED price needs VOLUME or SLAB"),
    ],
)
def test_a_price_that_is_and_is_not_tiered_is_told(bring, row, problem):
    rows = csv(HEAD, f"p,base,USAGE,MONTHLY,USD,{row}")
    assert told(bring(**CATALOGUE, prices=rows)) == [f"prices.csv:2: {problem}"]


def test_a_meter_has_one_price_at_a_time(bring):
    head = "external_id,plan,type,billing_period,currency,amount,meter,start_at,end_at"
    row = "{},base,USAGE,MONTHLY,{},1,calls,{},{}".format
    later = f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%MZ}"
    good = csv(head, row("a", "USD", "", later), row("b", "USD", later, ""), row("euro", "EUR", "", ""))
    assert told(bring(**CATALOGUE, prices=good)) == []
    assert told(bring()) == []
    problem = "start_at: the price 'b' is valid at the same time; end it first"
    assert told(bring(prices=csv(head, row("c", "USD", later, "")))) == [f"prices.csv:2: {problem}"]
    both = csv(head, row("b", "USD", later, ""), row("c", "USD", later, ""))
    assert told(bring(prices=both)) == [f"prices.csv:3: {problem}"]
