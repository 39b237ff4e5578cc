"""Load what is metered: rows as all others, but that a new meter counts, and that some keys stand once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal_app.billing.metering import FeatureType
from portal_app.commands.external_rows import find_entitled, find_keyed, find_plans, find_types
from portal_app.commands.meters import start_counting
from portal_app.database import Session
from portal_app.imports.columns import Objection, Values
from portal_app.imports.load_rows import hold_terms, load_rows
from portal_app.imports.maps.usage import ENTITLEMENTS, FEATURES, GROUPS, METERS
from portal_app.imports.problems import quoted
from portal_app.imports.run import Run
from portal_app.models.catalog import Feature, Group

Rows = Mapping[str, Values]
Objections = Iterator[tuple[str, Objection]]


def load_groups(run: Run) -> None:
    """Load groups of features."""
    load_rows(run, GROUPS, lambda session, rows: _same_key(session, Group, rows))


def load_meters(run: Run) -> None:
    """Load meters; a new one counts every event that is kept, when all else is loaded: see `count_for_new_meters`."""
    load_rows(run, METERS, added=lambda _session, meter: run.new_meters.append(meter))


def count_for_new_meters(run: Run) -> None:
    """Count every event that is kept for the meters of this run; until its end no other event is taken.

    So this is the last thing that a run does. Events that were taken while it went on are there to be counted.
    """
    for meter in run.new_meters:
        start_counting(run.session, meter)


def load_features(run: Run) -> None:
    """Load features."""
    load_rows(run, FEATURES, lambda session, rows: _same_key(session, Feature, rows))


def load_entitlements(run: Run) -> None:
    """Load entitlements: one for each feature of a plan, and of a subscription to it."""
    hold_terms(run, ENTITLEMENTS)
    load_rows(run, ENTITLEMENTS, _entitlements)


def _same_key(session: Session, table: type[Feature | Group], rows: Rows) -> Objections:
    holders = find_keyed(session, table, [values["lookup_key"] for values in rows.values() if values["lookup_key"]])
    for key, values in rows.items():
        wanted = values["lookup_key"]
        if wanted and holders.setdefault(wanted, key) != key:
            whose = quoted(holders[wanted]) if holders[wanted] else "another"
            yield key, ("lookup_key", f"{quoted(wanted)} is the key of {whose} already")


def _entitlements(session: Session, rows: Rows) -> Objections:
    types = find_types(session, {values["feature_id"] for values in rows.values()})
    named = {values["subscription_id"] for values in rows.values() if values["subscription_id"]}
    plans = find_plans(session, named)
    holders = find_entitled(session, {values["plan_id"] for values in rows.values()})
    for key, values in rows.items():
        if values["usage_limit"] is not None and types[values["feature_id"]] is not FeatureType.METERED:
            yield key, ("usage_limit", "belongs to a metered feature")
        if values["subscription_id"] and plans[values["subscription_id"]] != values["plan_id"]:
            yield key, ("subscription", "is not on that plan")
        thing = values["plan_id"], values["subscription_id"], values["feature_id"]
        if holders.setdefault(thing, key) != key:
            whose = quoted(holders[thing]) if holders[thing] else "another entitlement"
            yield key, ("feature", f"{whose} says already what may be used of it")
