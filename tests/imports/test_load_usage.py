"""Groups, meters, features, prices of meters and entitlements: what is metered, from an operator's files."""

from decimal import Decimal
from functools import partial

import cast
import pytest
from operator_files import CUSTOMERS, PLANS, counts, csv, told, write
from sqlalchemy import func
from sqlmodel import select
from usage_cast import ingest, sent

from portal_app.billing.metering import AggregationType, FeatureType, GroupEntity
from portal_app.imports.directory import import_directory
from portal_app.models.catalog import Entitlement, Feature, Group, Meter, Price
from portal_app.models.customer import Customer
from portal_app.models.usage import CELLS
from portal_app.queries.invariants import all_violations

GROUP = csv("external_id,name", "models,Models")
METER = "external_id,name,event_name,aggregation,field,filters"
METERS = csv(METER, 'tokens,Tokens,llm.completed,SUM,n,"{""model"": [""large""]}"', "calls,Calls,llm.completed,COUNT,,")
FEATURES = csv(
    "external_id,name,type,meter,group,lookup_key",
    "tokens,LLM tokens,metered,tokens,models,llm",
    "sso,Single sign-on,boolean,,,",
)
PRICE = "external_id,plan,type,billing_period,currency,amount,meter"
ENTITLEMENT = "external_id,plan,feature,usage_limit"


@pytest.fixture
def stored(database):
    """Read the row of a table that has this external id."""

    def read(table, external_id):
        with database.reading() as session:
            return session.exec(select(table).where(table.external_id == external_id)).one()

    return read


@pytest.fixture
def catalogue(bring):
    """Import all that is metered."""
    return bring(customers=CUSTOMERS, plans=PLANS, groups=GROUP, meters=METERS, features=FEATURES)


def test_every_column_reaches_its_place(catalogue, stored):
    assert told(catalogue) == []
    meter, feature, group = stored(Meter, "tokens"), stored(Feature, "tokens"), stored(Group, "models")
    assert (meter.aggregation, meter.field, meter.filters) == (
        AggregationType.SUM, "n", [{"key": "model", "values": ["large"]}],
    )  # fmt: skip
    assert (feature.type, feature.meter_id, feature.group_id) == (FeatureType.METERED, meter.id, group.id)
    assert (group.entity_type, group.lookup_key) == (GroupEntity.FEATURE, "models")


def test_the_same_again_changes_nothing(catalogue, bring):
    outcome = bring()
    assert told(catalogue) == told(outcome) == []
    assert counts(outcome) == {
        "customers": (0, 0, 2), "groups": (0, 0, 1), "meters": (0, 0, 2), "features": (0, 0, 2), "plans": (0, 0, 1),
    }  # fmt: skip


def test_filters_may_be_an_object_in_json_lines(bring, stored):
    line = '{"external_id": "m", "name": "M", "event_name": "e", "aggregation": "COUNT", "filters": {"a": ["1", "2"]}}'
    assert told(bring(meters__jsonl=line + "\n")) == []
    assert stored(Meter, "m").filters == [{"key": "a", "values": ["1", "2"]}]


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        ('"{""a"": []}"', "filters: 'a' needs a list of one or more texts"),
        ('"{""a"": [1]}"', "filters: 'a' needs a list of one or more texts"),
        ("[]", "filters: '[]' is not a JSON object"),
        ("model=large", "filters: is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_filters_that_let_nothing_pass_are_told(bring, filters, problem):
    assert told(bring(meters=csv(METER, f"m,M,e,COUNT,,{filters}"))) == [f"meters.csv:2: {problem}"]


def test_terms_that_do_not_fit_together_are_told_by_their_column(bring):
    head = "external_id,name,event_name,aggregation,field,multiplier,reset_usage"
    outcome = bring(
        meters=csv(
            head, "a,A,e,SUM,,,", "b,B,e,SUM,n,2,", "c,C,e,SUM_WITH_MULTIPLIER,n,,", "d,D,e,WEIGHTED_SUM,n,,NEVER"
        )
    )
    assert told(outcome) == [
        "meters.csv:2: field: is missing",
        "meters.csv:3: multiplier: belongs to SUM_WITH_MULTIPLIER alone",
        "meters.csv:4: multiplier: has to be greater than zero",
        "meters.csv:5: reset_usage: has to be BILLING_PERIOD, by which WEIGHTED_SUM weighs",
    ]


def test_what_a_meter_counts_never_changes_but_its_name_may(catalogue, bring, stored):
    assert told(catalogue) == []
    told_of = told(bring(meters=csv(METER, "calls,Calls,llm.completed,SUM,n,")))
    assert told_of == [
        "meters.csv:2: aggregation: is COUNT already and cannot become SUM",
        "meters.csv:2: field: is nothing already and cannot become n",
    ]
    assert told(bring(meters=csv(METER, "calls,All calls,llm.completed,COUNT,,"))) == []
    assert stored(Meter, "calls").name == "All calls"


def test_a_new_meter_counts_what_was_there_before_it(bring, database):
    bring(customers=CUSTOMERS)
    with database.writing() as session:
        ingest(session, sent("e", name="llm.completed", n=5, model="large"))
    assert told(bring(meters=METERS)) == []
    with database.reading() as session:
        assert list(all_violations(session)) == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_events_are_taken_while_an_import_with_a_new_meter_goes_on(postgres_database, folder, dry_run):
    bring_there = partial(import_directory, postgres_database, folder, cast.NOW)
    write(folder, customers=CUSTOMERS)
    bring_there()

    def ingest_meanwhile(step):
        if step.stage == "loading features":
            with postgres_database.writing() as session:
                session.connection().exec_driver_sql("SET LOCAL lock_timeout = '1s'")
                assert ingest(session, sent("e", name="llm.completed", n=5, model="large")).new == 1

    write(folder, meters=METERS, groups=GROUP, features=FEATURES)
    assert told(bring_there(dry_run=dry_run, on_progress=ingest_meanwhile)) == []
    with postgres_database.reading() as session:
        assert list(all_violations(session)) == []
        assert session.exec(select(func.count()).select_from(CELLS)).one() == (0 if dry_run else 2)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("f,F,metered,,,", "meter: is required of a metered feature"),
        ("f,F,boolean,tokens,,", "meter: belongs to a metered feature"),
        ("f,F,metered,tokenz,,", "meter: there is no meter 'tokenz'"),
        ("f,F,metered,tokens,modelz,", "group: there is no group 'modelz'"),
        ("f,F,metered,tokens,,llm", "lookup_key: 'llm' is the key of 'tokens' already"),
    ],
)
def test_a_feature_that_cannot_be_is_told(catalogue, bring, row, problem):
    assert told(catalogue) == []
    outcome = bring(features=csv("external_id,name,type,meter,group,lookup_key", row))
    assert told(outcome) == [f"features.csv:2: {problem}"]


def test_a_key_stands_once_in_a_file(bring):
    outcome = bring(features=csv("external_id,name,type,lookup_key", "a,A,boolean,k", "b,B,boolean,k"))
    assert told(outcome) == ["features.csv:3: lookup_key: 'k' is the key of 'a' already"]


def test_a_price_of_a_meter_rates_its_quantity(catalogue, bring, stored):
    head = f"{PRICE},billing_model,divide_by,start_at"
    row = "p,base,USAGE,MONTHLY,USD,0.5,tokens,PACKAGE,1000,2026-01-01T00:15Z"
    assert told(catalogue) == told(bring(prices=csv(head, row))) == []
    price = stored(Price, "p")
    assert (price.meter_id, price.divide_by) == (stored(Meter, "tokens").id, Decimal(1000))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("FIXED,MONTHLY,USD,1,tokens,FLAT_FEE,,", "meter: belongs to a USAGE price"),
        ("USAGE,MONTHLY,USD,1,tokens,PACKAGE,,",
         "divide_by: a PACKAGE price needs one, to say how many units a package holds"),
        ("USAGE,MONTHLY,USD,1,tokens,FLAT_FEE,,2026-01-01T00:10Z",
         "start_at: prices change on the quarter hour (UTC): minutes 00, 15, 30 or 45, no seconds"),
    ],
)  # fmt: skip
def test_a_price_that_cannot_rate_is_told(catalogue, bring, row, problem):
    assert told(catalogue) == []
    outcome = bring(prices=csv(f"{PRICE},billing_model,divide_by,start_at", f"p,base,{row}"))
    assert told(outcome) == [f"prices.csv:2: {problem}"]


def test_an_entitlement_reaches_its_place(catalogue, bring, stored):
    rows = csv(ENTITLEMENT, "t,base,tokens,5000000000", "s,base,sso,")
    assert told(catalogue) == told(bring(entitlements=rows)) == []
    limit, switch = stored(Entitlement, "t"), stored(Entitlement, "s")
    assert (limit.usage_limit, limit.feature_id) == (5_000_000_000, stored(Feature, "tokens").id)
    assert (switch.usage_limit, switch.is_enabled) == (None, True)


def test_an_entitlement_that_cannot_be_is_told(catalogue, bring):
    assert told(catalogue) == []
    rows = csv(ENTITLEMENT, "a,base,sso,5", "b,base,tokens,1", "c,base,tokens,2", "d,base,tokens,-1")
    assert told(bring(entitlements=rows)) == [
        "entitlements.csv:2: usage_limit: belongs to a metered feature",
        "entitlements.csv:4: feature: 'b' says already what may be used of it",
        "entitlements.csv:5: usage_limit: '-1' is not a whole number from 0 to 9223372036854775807",
    ]


def test_an_entitlement_of_a_subscription_is_of_its_plan(catalogue, bring, database):
    with database.writing() as session:
        acme = session.exec(select(Customer).where(Customer.external_id == "acme")).one()
        other = cast.add_plan(session, name="Other")
        subscription = cast.add_subscription(session, acme.id, other)
        subscription.external_id = "sub"
    rows = csv(f"{ENTITLEMENT},subscription", "a,base,tokens,1,sub")
    assert told(catalogue) == []
    assert told(bring(entitlements=rows)) == ["entitlements.csv:2: subscription: is not on that plan"]
