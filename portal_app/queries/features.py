"""Metered features, as a customer knows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.instants import QUARTER_HOUR, micros
from portal_app.billing.metering import AggregationType, MeterRule
from portal_app.billing.periods import TimeRange
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.models.catalog import Feature, Group, Meter
from portal_app.models.usage import CELLS
from portal_app.queries.meters import rule_of


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """What features stand under."""

    public_id: str
    name: str
    lookup_key: str


@dataclass(frozen=True, slots=True)
class UsedFeature:
    """A metered feature. Its quantity is in `unit_plural`, by `aggregation` of the events called `event_name`.

    What its meter costs is charged once: of several features with one meter, the first that was made bears it.
    """

    public_id: str
    name: str
    lookup_key: str
    unit_singular: str
    unit_plural: str
    group: FeatureGroup | None
    meter_public_id: str
    meter_name: str
    event_name: str
    aggregation: AggregationType
    bears_cost: bool


def used_features(
    session: Session,
    customer_id: CustomerId,
    span: TimeRange,
    public_ids: Collection[str] | None = None,
    and_of_meters: Collection[int] = (),
) -> list[tuple[UsedFeature, MeterRule]]:
    """Return the features that the customer used in `span`, with what their meters count, in the order of names.

    Those of the meters named are among them even without usage. With `public_ids`, only these are returned.
    """
    statement = _USED
    if public_ids is not None:
        statement = statement.where(_FEATURE.public_id.in_(public_ids))
    asked = {
        "customer": customer_id,
        "first": micros(span.start_at) // QUARTER_HOUR,
        "last": -(-micros(span.end_at) // QUARTER_HOUR),
        "meters": list(and_of_meters),
    }
    return [_used(row) for row in session.connection().execute(statement, asked)]


_FEATURE, _METER, _GROUP = (Feature.metadata.tables[name].c for name in ("feature", "meter", "feature_group"))
_HAS_CELLS = (
    select(CELLS.c.bucket)
    .where(
        CELLS.c.customer_id == bindparam("customer"),
        CELLS.c.meter_id == _METER.id,
        CELLS.c.bucket >= bindparam("first"),
        CELLS.c.bucket < bindparam("last"),
    )
    .exists()
)
_OTHER = Feature.metadata.tables["feature"].alias()
_BEARS_COST = _FEATURE.id == (
    select(func.min(_OTHER.c.id))
    .where(_OTHER.c.meter_id == _METER.id, _OTHER.c.status != RecordStatus.DELETED)
    .scalar_subquery()
)
_USED = (
    select(
        *(_FEATURE[name] for name in ("public_id", "name", "lookup_key", "unit_singular", "unit_plural")),
        *(_GROUP[name].label(f"group_{name}") for name in ("public_id", "name", "lookup_key")),
        *(_METER[name].label(f"meter_{name}") for name in ("id", "public_id", "name")),
        *(_METER[name] for name in ("event_name", "aggregation", "field", "multiplier", "filters")),
        _BEARS_COST.label("bears_cost"),
    )
    .join_from(Feature, Meter, _METER.id == _FEATURE.meter_id)
    .join(Group, _GROUP.id == _FEATURE.group_id, isouter=True)
    .where(_FEATURE.status != RecordStatus.DELETED, or_(_HAS_CELLS, _METER.id.in_(bindparam("meters", expanding=True))))
    .order_by(_FEATURE.name, _FEATURE.id)
)
"""Columns, prepared once: every graph asks for them."""


def _used(row: Any) -> tuple[UsedFeature, MeterRule]:
    group = FeatureGroup(row.group_public_id, row.group_name, row.group_lookup_key) if row.group_public_id else None
    feature = UsedFeature(
        public_id=row.public_id,
        name=row.name,
        lookup_key=row.lookup_key or "",
        unit_singular=row.unit_singular,
        unit_plural=row.unit_plural,
        group=group,
        meter_public_id=row.meter_public_id,
        meter_name=row.meter_name,
        event_name=row.event_name,
        aggregation=row.aggregation,
        bears_cost=row.bears_cost,
    )
    return feature, rule_of(row, row.meter_id)
