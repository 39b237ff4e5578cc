"""Features, meters and groups, as the dialect writes and reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.values import (
    Key,
    LongText,
    Metadata,
    Name,
    ObjectId,
    Omitted,
    PositiveRate,
    Text,
    Unsupported,
    WireDecimal,
)
from portal_app.billing.metering import AggregationType, FeatureType, GroupEntity, ResetUsage
from portal_app.billing.money import MONEY_SCALE, plain, quantize
from portal_app.commands.features import NewFeature
from portal_app.commands.meters import MeterTerms
from portal_app.queries.catalog import FeatureDetail, GroupDetail, MeterDetail
from portal_app.queries.listing import Listing, among, containing, equal

Unit = Annotated[str, StringConstraints(max_length=64)]


class AggregationWire(BaseModel):
    """How a meter makes one quantity of many events."""

    type: AggregationType
    field: Omitted[str] = None
    multiplier: Omitted[WireDecimal] = None


class MeterFilterWire(BaseModel):
    """A property, and the values that let an event pass."""

    key: str
    values: list[str]


class MeterWire(ObjectWire):
    """What is counted: events called `event_name` that pass every filter."""

    id: str
    name: str
    event_name: str
    aggregation: AggregationWire
    filters: list[MeterFilterWire]
    reset_usage: ResetUsage


class GroupWire(ObjectWire):
    """A group of features or of prices."""

    id: str
    name: str
    lookup_key: str
    entity_type: GroupEntity


class ReportingUnitWire(BaseModel):
    """A unit that quantities are shown in, besides the one they are counted in."""

    unit_singular: str
    unit_plural: str
    conversion_rate: str


class FeatureWire(ObjectWire):
    """What a customer uses or has."""

    id: str
    name: str
    lookup_key: str
    description: str
    meter_id: str
    metadata: dict[str, str]
    type: FeatureType
    unit_singular: str
    unit_plural: str
    reporting_unit: Omitted[ReportingUnitWire] = None
    group_id: Omitted[str] = None
    group: Omitted[GroupWire] = None


class AggregationCreate(RequestWire):
    """How a meter makes one quantity of many events; COUNT alone needs no field."""

    type: AggregationType
    field: Text = ""
    multiplier: PositiveRate | None = None
    bucket_size: Unsupported = Field(default=None, description="Not supported: a meter counts a whole period.")


class MeterFilterCreate(RequestWire):
    """A property, and the values that let an event pass."""

    key: Name
    values: list[Text] = Field(min_length=1, max_length=100)


class MeterCreate(RequestWire):
    """A meter to be. What it counts never changes; what was sent before is counted, too."""

    name: Name
    event_name: Name
    aggregation: AggregationCreate
    filters: list[MeterFilterCreate] = Field(default_factory=list[MeterFilterCreate], max_length=20)
    reset_usage: ResetUsage = ResetUsage.BILLING_PERIOD

    def terms(self) -> MeterTerms:
        """Return what the command takes."""
        return MeterTerms(
            name=self.name,
            event_name=self.event_name,
            aggregation=self.aggregation.type,
            field=self.aggregation.field,
            multiplier=self.aggregation.multiplier,
            filters={wanted.key: wanted.values for wanted in self.filters},
            reset_usage=self.reset_usage,
        )


class MeterUpdate(RequestWire):
    """What may be changed of a meter; what it counts stays."""

    name: Name | None = None


class ReportingUnitCreate(RequestWire):
    """A unit to show quantities in: one of it is `conversion_rate` of the feature's."""

    unit_singular: Unit
    unit_plural: Unit
    conversion_rate: PositiveRate

    def value(self) -> dict[str, str]:
        """Return what is kept."""
        return {
            "unit_singular": self.unit_singular,
            "unit_plural": self.unit_plural,
            "conversion_rate": plain(self.conversion_rate),
        }


class _FeatureFields(RequestWire):
    lookup_key: Key | None = None
    description: LongText | None = None
    unit_singular: Unit | None = None
    unit_plural: Unit | None = None
    reporting_unit: ReportingUnitCreate | None = None
    group_id: ObjectId | None = None
    metadata: Metadata | None = None

    def changes(self) -> dict[str, Any]:
        """Return what was sent, by the names of columns."""
        sent = super().changes()
        if self.reporting_unit is not None:
            sent["reporting_unit"] = self.reporting_unit.value()
        return sent


class FeatureUpdate(_FeatureFields):
    """What may be changed of a feature; what it counts stays."""

    name: Name | None = None


class FeatureCreate(_FeatureFields):
    """A feature to be. A metered one names its meter by `meter_id`, or brings a new one in `meter`."""

    name: Name
    type: FeatureType
    meter_id: ObjectId | None = None
    meter: MeterCreate | None = None

    def new(self) -> NewFeature:
        """Return what the command takes."""
        sent = self.changes()
        if self.meter is not None:
            sent["meter"] = self.meter.terms()
        return NewFeature(**sent)


class GroupCreate(RequestWire):
    """A group to be."""

    name: Name
    lookup_key: Key
    entity_type: GroupEntity


class GroupUpdate(RequestWire):
    """What may be changed of a group; what is left out stays."""

    name: Name | None = None
    lookup_key: Key | None = None


class FeatureSearch(SearchWire):
    """A search among features."""

    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    meter_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    lookup_key: Key | None = None
    lookup_keys: list[Key] = Field(default_factory=list[str], max_length=1000)
    name_contains: Text | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.feature_ids),
            *among("meter_id", self.meter_ids),
            *among("lookup_key", self.lookup_keys),
            *equal("lookup_key", self.lookup_key),
            *containing("name", self.name_contains),
        )


class MeterSearch(SearchWire):
    """A search among meters."""

    meter_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    event_name: Name | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(*among("id", self.meter_ids), *equal("event_name", self.event_name))


class GroupSearch(SearchWire):
    """A search among groups."""

    group_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    lookup_keys: list[Key] = Field(default_factory=list[str], max_length=1000)
    lookup_key: Key | None = None
    entity_type: GroupEntity | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.group_ids),
            *among("lookup_key", self.lookup_keys),
            *equal("lookup_key", self.lookup_key),
            *equal("entity_type", self.entity_type),
        )


def feature_wire(feature: FeatureDetail) -> FeatureWire:
    """Return a feature as the dialect writes it."""
    group = group_wire(feature.group) if feature.group else None
    return FeatureWire(
        id=feature.public_id,
        name=feature.name,
        lookup_key=feature.lookup_key,
        description=feature.description,
        meter_id=feature.meter.public_id if feature.meter else "",
        metadata=dict(feature.meta),
        type=feature.type,
        unit_singular=feature.unit_singular,
        unit_plural=feature.unit_plural,
        reporting_unit=reporting_unit_wire(feature),
        group_id=group.id if group else None,
        group=group,
        status=feature.status,
        created_at=feature.created_at,
        updated_at=feature.updated_at,
    )


def reporting_unit_wire(feature: FeatureDetail) -> ReportingUnitWire | None:
    """Return the other unit of a feature, if it has one."""
    return ReportingUnitWire(**feature.reporting_unit) if feature.reporting_unit else None


def in_reporting_unit(quantity: Decimal, feature: FeatureDetail) -> str:
    """Write a quantity in the feature's other unit, to the millionth; nothing if it has none."""
    if not feature.reporting_unit:
        return ""
    return plain(quantize(quantity / Decimal(feature.reporting_unit["conversion_rate"]), MONEY_SCALE))


def meter_wire(meter: MeterDetail) -> MeterWire:
    """Return a meter as the dialect writes it."""
    return MeterWire(
        id=meter.public_id,
        name=meter.name,
        event_name=meter.event_name,
        aggregation=AggregationWire(type=meter.aggregation, field=meter.field or None, multiplier=meter.multiplier),
        filters=[MeterFilterWire(key=wanted["key"], values=list(wanted["values"])) for wanted in meter.filters],
        reset_usage=meter.reset_usage,
        status=meter.status,
        created_at=meter.created_at,
        updated_at=meter.updated_at,
    )


def group_wire(group: GroupDetail) -> GroupWire:
    """Return a group as the dialect writes it."""
    return GroupWire(
        id=group.public_id,
        name=group.name,
        lookup_key=group.lookup_key,
        entity_type=group.entity_type,
        status=group.status,
        created_at=group.created_at,
        updated_at=group.updated_at,
    )
