"""Metered features, as a customer knows them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select as select_columns
from sqlmodel import col, or_, select

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
    """A metered feature. Its quantity is in `unit_plural`, by `aggregation` of the events called `event_name`."""

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
    cell = CELLS.c
    has_cells = (
        select_columns(cell.bucket)
        .where(
            cell.customer_id == customer_id,
            cell.meter_id == Meter.id,
            cell.bucket >= micros(span.start_at) // QUARTER_HOUR,
            cell.bucket < -(-micros(span.end_at) // QUARTER_HOUR),
        )
        .exists()
    )
    statement = (
        select(Feature, Meter, Group)
        .join(Meter, col(Meter.id) == Feature.meter_id)
        .join(Group, col(Group.id) == Feature.group_id, isouter=True)
        .where(col(Feature.status) != RecordStatus.DELETED, or_(has_cells, col(Meter.id).in_(and_of_meters)))
        .order_by(col(Feature.name), col(Feature.id))
    )
    if public_ids is not None:
        statement = statement.where(col(Feature.public_id).in_(public_ids))
    return [(_used(feature, meter, group), rule_of(meter)) for feature, meter, group in session.exec(statement)]


def _used(feature: Feature, meter: Meter, group: Group | None) -> UsedFeature:
    return UsedFeature(
        public_id=feature.public_id,
        name=feature.name,
        lookup_key=feature.lookup_key or "",
        unit_singular=feature.unit_singular,
        unit_plural=feature.unit_plural,
        group=group and FeatureGroup(group.public_id, group.name, group.lookup_key),
        meter_public_id=meter.public_id,
        meter_name=meter.name,
        event_name=meter.event_name,
        aggregation=meter.aggregation,
    )
