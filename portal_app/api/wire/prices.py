"""Prices, as the dialect writes and reads them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, Field

from portal_app.api.wire.base import ObjectWire, RequestWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.values import (
    Amount,
    Currency,
    Instant,
    Key,
    Metadata,
    ObjectId,
    Omitted,
    PositiveAmount,
    Rate,
    Text,
    Unsupported,
    WireCount,
    WireDecimal,
    WireTime,
)
from portal_app.billing.prices import Package, PriceModel, Tier
from portal_app.billing.statuses import (
    BillingModel,
    BillingPeriod,
    InvoiceCadence,
    PriceType,
    Rounding,
    TierMode,
)
from portal_app.commands.prices import NewPrice
from portal_app.errors import Invalid
from portal_app.queries.listing import Listing, among, equal
from portal_app.queries.prices import PriceDetail

MAX_PRICES = 100


class PriceEntity(StrEnum):
    """What a price or an entitlement belongs to."""

    PLAN = "PLAN"
    SUBSCRIPTION = "SUBSCRIPTION"


class TierWire(BaseModel):
    """The units above the tier before, up to and including `up_to`; null is the rest."""

    up_to: WireCount | None
    unit_amount: WireDecimal
    flat_amount: WireDecimal


class TransformWire(BaseModel):
    """So many units make a package."""

    divide_by: WireCount
    round: Rounding


class PriceWire(ObjectWire):
    """What a plan, or one subscription alone, charges."""

    id: str
    entity_type: PriceEntity
    entity_id: str
    type: PriceType
    billing_model: BillingModel
    billing_cadence: str = "RECURRING"
    billing_period: BillingPeriod
    billing_period_count: int
    invoice_cadence: InvoiceCadence
    price_unit_type: str = "FIAT"
    currency: str
    amount: WireDecimal
    tier_mode: Omitted[TierMode] = None
    tiers: Omitted[list[TierWire]] = None
    transform_quantity: Omitted[TransformWire] = None
    meter_id: Omitted[str] = None
    filter_values: dict[str, list[str]] = {}
    min_quantity: Omitted[WireDecimal] = None
    display_name: str
    lookup_key: str
    group_id: Omitted[str] = None
    start_date: Omitted[WireTime] = None
    end_date: Omitted[WireTime] = None
    metadata: dict[str, str]


class TierCreate(RequestWire):
    """One tier of a TIERED price."""

    up_to: PositiveAmount | None = None
    unit_amount: Rate
    flat_amount: Amount = Decimal(0)


class TransformCreate(RequestWire):
    """So many units make a package; one that is begun counts (`up`) or does not (`down`)."""

    divide_by: PositiveAmount
    round: Rounding = Rounding.UP


class PriceCreate(RequestWire):
    """A price to be."""

    entity_type: Literal[PriceEntity.PLAN, PriceEntity.SUBSCRIPTION]
    entity_id: ObjectId
    type: PriceType
    billing_model: BillingModel
    billing_period: BillingPeriod
    billing_period_count: Annotated[int, Field(ge=1, le=120)] = 1
    invoice_cadence: InvoiceCadence
    currency: Currency
    price_unit_type: Literal["FIAT"]
    amount: Rate | None = None
    tier_mode: TierMode | None = None
    tiers: list[TierCreate] = Field(default_factory=list[TierCreate], max_length=100)
    transform_quantity: TransformCreate | None = None
    meter_id: ObjectId | None = None
    filter_values: Unsupported = Field(default=None, description="Not supported: filter in the meter.")
    min_quantity: Amount | None = None
    display_name: Text = ""
    lookup_key: Key | None = None
    group_id: ObjectId | None = None
    start_date: Instant | None = None
    end_date: Instant | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewPrice:
        """Return what the command takes.

        Raises:
            Invalid: a price without an amount that is not TIERED.
        """
        if self.amount is None and self.billing_model is not BillingModel.TIERED:
            raise Invalid(field="amount", problem="is missing")
        of_plan = self.entity_type is PriceEntity.PLAN
        return NewPrice(
            type=self.type,
            currency=self.currency,
            billing_period=self.billing_period,
            model=self._model(),
            plan_id=self.entity_id if of_plan else None,
            subscription_id=None if of_plan else self.entity_id,
            billing_period_count=self.billing_period_count,
            invoice_cadence=self.invoice_cadence,
            meter_id=self.meter_id,
            group_id=self.group_id,
            display_name=self.display_name,
            lookup_key=self.lookup_key,
            start_at=self.start_date,
            end_at=self.end_date,
            meta=self.metadata,
        )

    def _model(self) -> PriceModel:
        package = self.transform_quantity
        return PriceModel(
            billing_model=self.billing_model,
            amount=self.amount or Decimal(0),
            package=Package(package.divide_by, package.round) if package else None,
            tier_mode=self.tier_mode,
            tiers=tuple(Tier(tier.up_to, tier.unit_amount, tier.flat_amount) for tier in self.tiers),
            min_quantity=self.min_quantity or Decimal(0),
        )


class PricesCreate(RequestWire):
    """Several prices at once: all of them, or none."""

    items: list[PriceCreate] = Field(min_length=1, max_length=MAX_PRICES)


class PriceUpdate(RequestWire):
    """What may be changed of a price. Another amount is another price."""

    columns: ClassVar[Mapping[str, str]] = {"end_date": "end_at"}

    display_name: Text | None = None
    lookup_key: Key | None = None
    group_id: ObjectId | None = None
    end_date: Instant | None = None
    metadata: Metadata | None = None


class PriceSearch(SearchWire):
    """A search among prices."""

    price_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    lookup_keys: list[Key] = Field(default_factory=list[str], max_length=1000)
    plan_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    subscription_id: ObjectId | None = None
    meter_id: ObjectId | None = None
    currency: Currency | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.price_ids),
            *among("lookup_key", self.lookup_keys),
            *among("plan_id", self.plan_ids),
            *equal("subscription_id", self.subscription_id),
            *equal("meter_id", self.meter_id),
            *equal("currency", self.currency),
        )


class PricesWire(BaseModel):
    """Several prices, in the order they were sent."""

    items: list[PriceWire]


def price_wire(price: PriceDetail) -> PriceWire:
    """Return a price as the dialect writes it."""
    own = price.subscription_public_id
    package = TransformWire(divide_by=price.divide_by, round=price.rounding or Rounding.UP) if price.divide_by else None
    return PriceWire(
        id=price.public_id,
        entity_type=PriceEntity.SUBSCRIPTION if own else PriceEntity.PLAN,
        entity_id=own or price.plan_public_id,
        type=price.type,
        billing_model=price.billing_model,
        billing_period=price.billing_period,
        billing_period_count=price.billing_period_count,
        invoice_cadence=price.invoice_cadence,
        currency=price.currency,
        amount=price.amount,
        tier_mode=price.tier_mode,
        tiers=[
            TierWire(up_to=tier.up_to, unit_amount=tier.unit_amount, flat_amount=tier.flat_amount)
            for tier in price.tiers
        ]
        or None,
        transform_quantity=package,
        meter_id=price.meter_public_id,
        min_quantity=price.min_quantity,
        display_name=price.display_name,
        lookup_key=price.lookup_key,
        group_id=price.group_public_id,
        start_date=price.start_at,
        end_date=price.end_at,
        metadata=dict(price.meta),
        status=price.status,
        created_at=price.created_at,
        updated_at=price.updated_at,
    )
