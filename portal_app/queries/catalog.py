"""The catalogue of what is metered, as the operator's programs see it: features, meters, groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from portal_app.billing.metering import AggregationType, FeatureType, GroupEntity, ResetUsage
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.errors import NotFound
from portal_app.models.catalog import Feature, Group, Meter
from portal_app.queries.listing import Fields, Listing, Slice, all_rows


@dataclass(frozen=True, slots=True)
class MeterDetail:
    """What a meter counts: events called `event_name` that pass every filter."""

    public_id: str
    name: str
    event_name: str
    aggregation: AggregationType
    field: str
    multiplier: Decimal | None
    filters: Sequence[Mapping[str, Any]]
    reset_usage: ResetUsage
    status: RecordStatus
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """A group of features or of prices."""

    public_id: str
    name: str
    lookup_key: str
    entity_type: GroupEntity
    status: RecordStatus
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FeatureDetail:
    """A feature, with its meter and group."""

    public_id: str
    name: str
    lookup_key: str
    description: str
    type: FeatureType
    unit_singular: str
    unit_plural: str
    reporting_unit: Mapping[str, str] | None
    meter: MeterDetail | None
    group: GroupDetail | None
    status: RecordStatus
    meta: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


FEATURE_FIELDS: Fields = {
    "id": col(Feature.public_id),
    "name": col(Feature.name),
    "lookup_key": col(Feature.lookup_key),
    "type": col(Feature.type),
    "meter_id": col(Meter.public_id),
    "group_id": col(Group.public_id),
    "status": col(Feature.status),
    "created_at": col(Feature.created_at),
    "updated_at": col(Feature.updated_at),
}
METER_FIELDS: Fields = {
    "id": col(Meter.public_id),
    "name": col(Meter.name),
    "event_name": col(Meter.event_name),
    "status": col(Meter.status),
    "created_at": col(Meter.created_at),
    "updated_at": col(Meter.updated_at),
}
GROUP_FIELDS: Fields = {
    "id": col(Group.public_id),
    "name": col(Group.name),
    "lookup_key": col(Group.lookup_key),
    "entity_type": col(Group.entity_type),
    "status": col(Group.status),
    "created_at": col(Group.created_at),
    "updated_at": col(Group.updated_at),
}


def get_feature_of_operator(session: Session, public_id: str) -> FeatureDetail:
    """Return a feature.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    usable = col(Feature.public_id) == public_id, col(Feature.status) != RecordStatus.DELETED
    row = session.exec(_features().where(*usable)).first()
    if row is None:
        raise NotFound(noun="Feature")
    return feature_of(*row)


def list_features_of_operator(session: Session, listing: Listing) -> Slice[FeatureDetail]:
    """Return the features a listing asks for; without a status, the published ones."""
    found = all_rows(session, _features(), listing, FEATURE_FIELDS, col(Feature.id))
    return Slice(tuple(feature_of(*row) for row in found.items), found.total)


def features_of_operator(session: Session, public_ids: Collection[str]) -> dict[str, FeatureDetail]:
    """Return these features by id, deleted ones too."""
    rows = session.exec(_features().where(col(Feature.public_id).in_(public_ids)))
    return {feature.public_id: feature_of(feature, meter, group) for feature, meter, group in rows}


def get_meter_of_operator(session: Session, public_id: str) -> MeterDetail:
    """Return a meter.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    usable = col(Meter.public_id) == public_id, col(Meter.status) != RecordStatus.DELETED
    row = session.exec(select(Meter).where(*usable)).first()
    if row is None:
        raise NotFound(noun="Meter")
    return _same_names(MeterDetail, row)


def list_meters_of_operator(session: Session, listing: Listing) -> Slice[MeterDetail]:
    """Return the meters a listing asks for; without a status, the published ones."""
    found = all_rows(session, select(Meter), listing, METER_FIELDS, col(Meter.id))
    return Slice(tuple(_same_names(MeterDetail, row) for (row,) in found.items), found.total)


def get_group_of_operator(session: Session, public_id: str) -> GroupDetail:
    """Return a group.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    usable = col(Group.public_id) == public_id, col(Group.status) != RecordStatus.DELETED
    row = session.exec(select(Group).where(*usable)).first()
    if row is None:
        raise NotFound(noun="Group")
    return _same_names(GroupDetail, row)


def list_groups_of_operator(session: Session, listing: Listing) -> Slice[GroupDetail]:
    """Return the groups a listing asks for; without a status, the published ones."""
    found = all_rows(session, select(Group), listing, GROUP_FIELDS, col(Group.id))
    return Slice(tuple(_same_names(GroupDetail, row) for (row,) in found.items), found.total)


def feature_of(row: Feature, meter: Meter | None, group: Group | None) -> FeatureDetail:
    """Return a row as its reader sees it."""
    shown = group if group and group.status is not RecordStatus.DELETED else None
    return FeatureDetail(
        public_id=row.public_id,
        name=row.name,
        lookup_key=row.lookup_key or "",
        description=row.description,
        type=row.type,
        unit_singular=row.unit_singular,
        unit_plural=row.unit_plural,
        reporting_unit=row.reporting_unit,
        meter=_same_names(MeterDetail, meter) if meter else None,
        group=_same_names(GroupDetail, shown) if shown else None,
        status=row.status,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _features():  # noqa: ANN202 (a statement's type is its columns')
    return (
        select(Feature, Meter, Group)
        .outerjoin(Meter, col(Meter.id) == col(Feature.meter_id))
        .outerjoin(Group, col(Group.id) == col(Feature.group_id))
    )


def _same_names(detail: type[Any], row: Any) -> Any:
    """Return a row as a value whose fields are columns of the same names."""
    return detail(**{name: getattr(row, name) for name in detail.__slots__})
