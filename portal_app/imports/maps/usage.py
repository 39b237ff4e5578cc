"""groups, meters, features, entitlements and events: what is counted, and what was used.

A file of events has the names of the documented API's fields, so that a log of what was, or would have been, sent
there is such a file.
"""

from collections.abc import Iterator
from decimal import Decimal

from portal_app.billing.metering import FeatureType, GroupEntity
from portal_app.commands.meters import terms_problems
from portal_app.commands.usage_events import MAX_LENGTH
from portal_app.imports import kinds
from portal_app.imports.columns import Column, Noun, Objection, Values, column, key, reference
from portal_app.models.catalog import Entitlement, Feature, Group, Meter
from portal_app.models.columns import RateColumn
from portal_app.models.usage import UsageEvent


def _of_features(values: Values) -> None:
    values["entity_type"] = GroupEntity.FEATURE
    values["lookup_key"] = values["lookup_key"] or values["external_id"]


def _filters_are_a_list(values: Values) -> None:
    values["filters"] = values["filters"] or []


def _terms_fit_together(values: Values) -> Iterator[Objection]:
    for field, problem in terms_problems(values):
        yield field.rpartition(".")[2], problem


def _only_what_is_metered_has_a_meter(values: Values) -> Iterator[Objection]:
    if values["type"] is FeatureType.METERED and not values["meter_id"]:
        yield "meter", "is required of a metered feature"
    elif values["type"] is not FeatureType.METERED and values["meter_id"]:
        yield "meter", "belongs to a metered feature"


GROUPS = Noun(
    name="groups",
    singular="group",
    table=Group,
    columns=(
        key(Group, "models"),
        column(Group, "name", "Models", "the heading that its features stand under", required=True),
        column(Group, "lookup_key", "models", "your key for it in programs, unique", derived="as `external_id`"),
    ),
    derive=_of_features,
)

METERS = Noun(
    name="meters",
    singular="meter",
    table=Meter,
    columns=(
        key(Meter, "tokens"),
        column(Meter, "name", "Tokens", "as operators see it", required=True),
        column(Meter, "event_name", "llm.completed", "counts events of this name", required=True),
        column(Meter, "aggregation", "SUM", "how they become a quantity", required=True),
        column(Meter, "field", "tokens", "the property it reads: of every aggregation but COUNT"),
        column(
            Meter,
            "multiplier",
            "0.001",
            "of SUM_WITH_MULTIPLIER",
            kind=kinds.number(RateColumn.scale, above=Decimal(0)),
        ),
        column(
            Meter,
            "filters",
            '{"model": ["large"]}',
            "properties, and the values that let an event pass",
            kind=kinds.choices(),
            empty="every event passes",
        ),
        column(Meter, "reset_usage", "BILLING_PERIOD", "whether quantities begin anew with each billing period"),
    ),
    fixed=frozenset({"event_name", "aggregation", "field", "multiplier", "filters", "reset_usage"}),
    check=_terms_fit_together,
    derive=_filters_are_a_list,
)

FEATURES = Noun(
    name="features",
    singular="feature",
    table=Feature,
    columns=(
        key(Feature, "tokens"),
        column(Feature, "name", "LLM tokens", "as customers see it", required=True),
        column(Feature, "type", "metered", "counted, or something a plan has or has not", required=True),
        reference("meters", "meter", "tokens", "what counts it: of a metered feature"),
        reference("groups", "group", "models", "what it stands under"),
        column(Feature, "lookup_key", "llm_tokens", "your key for it in programs, unique"),
        column(Feature, "description", "Prompt and completion", "one line under the name"),
        column(Feature, "unit_singular", "token", "what one of it is called"),
        column(Feature, "unit_plural", "tokens", "what several are called"),
        column(Feature, "status", "published", "archived ones are not listed over REST, deleted ones shown nowhere"),
    ),
    fixed=frozenset({"type", "meter"}),
    check=_only_what_is_metered_has_a_meter,
)

ENTITLEMENTS = Noun(
    name="entitlements",
    singular="entitlement",
    table=Entitlement,
    columns=(
        key(Entitlement, "base-tokens"),
        reference("plans", "plan", "base", "the plan that includes it", required=True),
        reference("features", "feature", "tokens", "what it includes", required=True),
        reference("subscriptions", "subscription", "sub-1", "for this subscription to the plan alone"),
        column(Entitlement, "is_enabled", "true", "whether it may be used"),
        column(
            Entitlement,
            "usage_limit",
            "1000000",
            "how much of a metered feature",
            kind=kinds.whole(least=0, most=kinds.BIGINT_MAX),
            empty="unlimited",
        ),
        column(Entitlement, "usage_reset_period", "MONTHLY", "when the limit begins anew"),
        column(Entitlement, "is_soft_limit", "false", "the limit may be exceeded"),
        column(Entitlement, "static_value", "email", "the value of a static feature"),
    ),
    fixed=frozenset({"plan", "feature", "subscription"}),
)


def _field(name: str, example: str, meaning: str, kind: kinds.Kind, empty: str = "") -> Column:
    return Column(name, kind, meaning, example, required=not empty, default="", empty=empty, attribute=name)


EVENTS = Noun(
    name="events",
    singular="event",
    table=UsageEvent,
    columns=(
        _field("event_id", "e-1", "the same id of a customer is the same event", kinds.printable(MAX_LENGTH)),
        _field(
            "external_customer_id",
            "acme",
            "whose it is: `external_id` of customers, who need not be known yet",
            kinds.printable(MAX_LENGTH),
        ),
        _field("event_name", "llm.completed", "what happened", kinds.printable(MAX_LENGTH)),
        _field("timestamp", "2026-01-20T10:59:00Z", "when", kinds.instant()),
        _field("properties", '{"tokens": 1200}', "what meters read", kinds.properties(), "no property"),
        _field("source", "gateway", "where it comes from", kinds.printable(MAX_LENGTH), "not said"),
    ),
    key="event_id",
    parent="external_customer_id",
    at="timestamp",
    repeats=True,
)
