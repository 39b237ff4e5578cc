"""What the demo world meters: ten features, most of them in three groups, and what the plans charge for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal_app.billing.metering import AggregationType, FeatureType, GroupEntity, ResetPeriod
from portal_app.billing.statuses import BillingModel, BillingPeriod, InvoiceCadence, PriceType, Rounding, TierMode
from portal_app.commands.meters import MeterTerms, create_meter
from portal_app.demo.rows import World
from portal_app.models.catalog import Entitlement, Feature, Group, Meter, Plan, Price, PriceTier

GROUPS = {"gpu": "GPU Usage", "addons": "Add-ons", "data": "Data"}


@dataclass(frozen=True, slots=True)
class Metered:
    """A feature to be: what its events are called, which property it reads, and how."""

    name: str
    event_name: str
    field: str
    units: tuple[str, str]
    group: str = ""
    aggregation: AggregationType = AggregationType.SUM
    multiplier: str = ""


FEATURES = (
    Metered("Feature B", "feature_b.called", "calls", ("call", "calls")),
    Metered("GPU", "gpu.used", "minutes", ("minute", "minutes"), "gpu"),
    Metered("LLM", "llm.completed", "k_tokens", ("K tokens", "K tokens"), "gpu"),
    Metered("Embeddings", "text.embedded", "tokens", ("K tokens", "K tokens"), "gpu",
            AggregationType.SUM_WITH_MULTIPLIER, "0.001"),
    Metered("Priority Support", "support.given", "minutes", ("minute", "minutes"), "addons"),
    Metered("Active users", "user.active", "user", ("user", "users"), "addons", AggregationType.COUNT_UNIQUE),
    Metered("Storage", "storage.written", "gb", ("GB", "GB")),
    Metered("Retrieval", "data.retrieved", "gb", ("GB", "GB"), "data"),
    Metered("API calls", "api.called", "", ("call", "calls"), "data", AggregationType.COUNT),
    Metered("Peak connections", "connections.counted", "open", ("connection", "connections"), "data",
            AggregationType.MAX),
)  # fmt: skip

Tiers = Sequence[tuple[str | None, str, str]]
"""Up to (None: without end), for each unit, and once."""

FLAT = {
    "base": {"Feature B": "0.024", "GPU": "1", "LLM": "1", "Priority Support": "1", "Storage": "1"},
    "team": {"GPU": "0.85", "LLM": "0.9", "Storage": "0.25", "Priority Support": "0.75"},
    "archive": {"Storage": "0.0049", "Peak connections": "0.04", "Embeddings": "0.0195"},
}
TIERED: Mapping[str, Mapping[str, tuple[TierMode, Tiers]]] = {
    "team": {"Feature B": (TierMode.VOLUME, (("1000", "0.03", "0"), ("10000", "0.024", "0"), (None, "0.018", "0")))},
    "archive": {
        "Retrieval": (TierMode.SLAB, (("500", "0", "0"), ("5000", "0.0125", "0"), (None, "0.009", "25"))),
        "Active users": (TierMode.SLAB, (("10", "0", "0"), (None, "0.5", "0"))),
    },
}
PACKAGES = {"archive": {"API calls": ("1000", "0.025")}}
LIMITS = {"Feature B": (10_000, True), "GPU": (5_000, True), "LLM": (4_000, True), "Priority Support": (None, False)}


def add_usage_catalogue(world: World, plans: Mapping[str, Plan]) -> None:
    """Add groups, meters, features, prices of usage, and what plan Base entitles to."""
    groups = {key: _group(world, key, name) for key, name in GROUPS.items()}
    features = {metered.name: _feature(world, metered, groups) for metered in FEATURES}
    for plan, prices in FLAT.items():
        for name, amount in prices.items():
            _price(world, plans[plan], features[name], BillingModel.FLAT_FEE, amount)
    for plan, tiered in TIERED.items():
        for name, (mode, tiers) in tiered.items():
            _add_tiers(world, _price(world, plans[plan], features[name], BillingModel.TIERED, tier_mode=mode), tiers)
    for plan, packages in PACKAGES.items():
        for name, (size, amount) in packages.items():
            of_package = {"divide_by": Decimal(size), "rounding": Rounding.UP}
            _price(world, plans[plan], features[name], BillingModel.PACKAGE, amount, **of_package)
    for name, (limit, is_soft) in LIMITS.items():
        _entitle(world, plans["base"], features[name], limit, is_soft=is_soft)
    world.session.flush()


def _group(world: World, key: str, name: str) -> Group:
    of_features = GroupEntity.FEATURE
    return world.add(
        Group(name=name, lookup_key=key, entity_type=of_features, created_at=world.now, updated_at=world.now)
    )


def _feature(world: World, metered: Metered, groups: Mapping[str, Group]) -> Feature:
    terms = MeterTerms(
        name=metered.name,
        event_name=metered.event_name,
        aggregation=metered.aggregation,
        field=metered.field,
        multiplier=Decimal(metered.multiplier) if metered.multiplier else None,
    )
    meter: Meter = create_meter(world.session, terms, world.now)
    meter.public_id = world.public_id("meter")
    group = groups.get(metered.group)
    return world.add(
        Feature(
            name=metered.name,
            lookup_key=metered.name.lower().replace(" ", "_"),
            type=FeatureType.METERED,
            meter_id=meter.id,
            group_id=group.id if group else None,
            unit_singular=metered.units[0],
            unit_plural=metered.units[1],
            created_at=world.now,
            updated_at=world.now,
        )
    )


def _price(world: World, plan: Plan, feature: Feature, model: BillingModel, amount: str = "0", **more: Any) -> Price:
    return world.add(
        Price(
            plan_id=plan.id or 0,
            meter_id=feature.meter_id,
            display_name=feature.name,
            type=PriceType.USAGE,
            billing_model=model,
            billing_period=BillingPeriod.MONTHLY,
            invoice_cadence=InvoiceCadence.ARREAR,
            currency="eur" if plan.name == "Plan Archive" else "usd",
            amount=Decimal(amount),
            created_at=world.now,
            updated_at=world.now,
            **more,
        )
    )


def _add_tiers(world: World, price: Price, tiers: Tiers) -> None:
    for position, (up_to, unit, flat) in enumerate(tiers):
        world.session.add(
            PriceTier(
                price_id=price.id or 0,
                position=position,
                up_to=Decimal(up_to) if up_to else None,
                unit_amount=Decimal(unit),
                flat_amount=Decimal(flat),
            )
        )


def _entitle(world: World, plan: Plan, feature: Feature, limit: int | None, *, is_soft: bool) -> None:
    world.add(
        Entitlement(
            plan_id=plan.id or 0,
            feature_id=feature.id or 0,
            usage_limit=limit,
            usage_reset_period=ResetPeriod.MONTHLY,
            is_soft_limit=is_soft,
            created_at=world.now,
            updated_at=world.now,
        )
    )
