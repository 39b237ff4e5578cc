"""Features, their groups, and the meters that count them: create, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal_app.billing.metering import FeatureType, GroupEntity
from portal_app.commands.audit import record
from portal_app.commands.catalog_rows import added, changed, deleted, refuse_taken, usable
from portal_app.commands.meters import MeterTerms, create_meter
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.catalog import Feature, Group, Meter


@dataclass(frozen=True, slots=True)
class NewFeature:
    """A feature to be. A metered one names its meter by id, or brings a new one."""

    name: str
    type: FeatureType
    lookup_key: str | None = None
    description: str = ""
    meter_id: str | None = None
    meter: MeterTerms | None = None
    group_id: str | None = None
    unit_singular: str = ""
    unit_plural: str = ""
    reporting_unit: Mapping[str, str] | None = None
    meta: Mapping[str, str] = field(default_factory=dict[str, str])


def add_meter(session: Session, terms: MeterTerms, actor: str, now: datetime) -> str:
    """Add a meter, count what was sent before it, and return its id.

    Raises:
        Invalid: the terms do not fit together.
    """
    row = create_meter(session, terms, now)
    record(session, actor=actor, action="meter.created", now=now, public_id=row.public_id)
    return row.public_id


def create_feature(session: Session, new: NewFeature, actor: str, now: datetime) -> str:
    """Add a feature and return its id.

    Raises:
        Invalid: a metered feature without a meter, or another one with one; a group of prices; bad meter terms.
        NotFound: the meter or the group does not exist.
        Conflict: its key is taken.
    """
    if (new.type is FeatureType.METERED) == (new.meter_id is None and new.meter is None):
        raise Invalid(field="meter_id", problem="belongs to a metered feature, and every metered feature has one")
    refuse_taken(session, Feature, "lookup_key", new.lookup_key)
    meter_id = add_meter(session, new.meter, actor, now) if new.meter else new.meter_id
    row = Feature(
        name=new.name,
        type=new.type,
        lookup_key=new.lookup_key,
        description=new.description,
        meter_id=usable(session, Meter, meter_id).id if meter_id else None,
        group_id=feature_group(session, new.group_id),
        unit_singular=new.unit_singular,
        unit_plural=new.unit_plural,
        reporting_unit=dict(new.reporting_unit) if new.reporting_unit else None,
        meta=dict(new.meta),
        created_at=now,
        updated_at=now,
    )
    return added(session, row, actor, now).public_id


def update_feature(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a feature, and leave the rest; `group_id` is a public id. What it counts stays.

    Raises:
        NotFound: it, or the group, does not exist.
        Conflict: the new key is taken.
        Invalid: a group of prices.
    """
    row = usable(session, Feature, public_id)
    if changes.get("lookup_key", row.lookup_key) != row.lookup_key:
        refuse_taken(session, Feature, "lookup_key", changes["lookup_key"])
    if "group_id" in changes:
        changes = {**changes, "group_id": feature_group(session, changes["group_id"])}
    changed(session, row, changes, actor, now)


def delete_feature(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """Take a feature out of the catalogue and of every usage page. Its events stay counted.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, Feature, public_id), actor, now)


def update_meter(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a meter, none of which says what it counts.

    Raises:
        NotFound: it does not exist or is deleted.
    """
    changed(session, usable(session, Meter, public_id), changes, actor, now)


def create_group(
    session: Session, name: str, lookup_key: str, entity_type: GroupEntity, actor: str, now: datetime
) -> str:
    """Add a group of features or of prices and return its id.

    Raises:
        Conflict: its key is taken.
    """
    refuse_taken(session, Group, "lookup_key", lookup_key)
    row = Group(name=name, lookup_key=lookup_key, entity_type=entity_type, created_at=now, updated_at=now)
    return added(session, row, actor, now).public_id


def update_group(session: Session, public_id: str, changes: Mapping[str, Any], actor: str, now: datetime) -> None:
    """Set the named columns of a group, and leave the rest.

    Raises:
        NotFound: it does not exist or is deleted.
        Conflict: the new key is taken.
    """
    row = usable(session, Group, public_id)
    if changes.get("lookup_key", row.lookup_key) != row.lookup_key:
        refuse_taken(session, Group, "lookup_key", changes["lookup_key"])
    changed(session, row, changes, actor, now)


def delete_group(session: Session, public_id: str, actor: str, now: datetime) -> None:
    """Take a group out of the catalogue. Its features stand alone from now on.

    Raises:
        NotFound: it does not exist or is deleted already.
    """
    deleted(session, usable(session, Group, public_id), actor, now)


def feature_group(session: Session, public_id: str | None, kind: GroupEntity = GroupEntity.FEATURE) -> int | None:
    """Return the inner key of a group of features, or of another kind; None if none is named.

    Raises:
        NotFound: it does not exist or is deleted.
        Invalid: it is a group of something else.
    """
    if public_id is None:
        return None
    row = usable(session, Group, public_id)
    if row.entity_type is not kind:
        raise Invalid(field="group_id", problem=f"is a group of {row.entity_type}s")
    return row.id
