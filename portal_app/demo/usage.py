"""What the demo customers used: ninety days with working hours and weekends, a launch, a spike, ending now.

Acme is the reference example: since its subscription began, 5,911 calls of Feature B in 113 events, and so on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from portal_app.commands.ingest_events import ingest_events
from portal_app.commands.usage_events import EventIn, read_event
from portal_app.demo.acme import STARTED
from portal_app.demo.rows import World
from portal_app.demo.usage_catalogue import FEATURES, add_usage_catalogue
from portal_app.models.catalog import Plan
from portal_app.models.customer import Customer

EVENTS = 250_000
AT_ONCE = 5_000
HOUR = timedelta(hours=1)
BY_HOUR = (1, 1, 1, 1, 1, 2, 3, 6, 10, 12, 12, 11, 10, 11, 12, 12, 11, 9, 6, 4, 3, 2, 2, 1)
WEEKEND, ON_WEEKENDS, ON_WEEKDAYS = (5, 6), 3, 10
DECIMALS = {"LLM": 3, "GPU": 1}
SOURCES = ("api", "api", "sdk-python", "dashboard")
EVENT_NAMES = {metered.name: metered for metered in FEATURES}


@dataclass(frozen=True, slots=True)
class Burst:
    """Some events of one feature: how many, what they add up to if that is given, since when, and when they peaked."""

    feature: str
    events: int
    total: int | None = None
    days: int = 90
    peak: int | None = None
    """So many days ago."""


ACME = (
    Burst("Feature B", 113, 5_911, STARTED),
    Burst("LLM", 2_977, 3_905, STARTED, peak=3),
    Burst("GPU", 1_131, 3_460, STARTED),
    Burst("Priority Support", 12, 3_409, STARTED),
    Burst("Storage", 14, 3_670, STARTED),
)
OTHERS: Mapping[str, Sequence[Burst]] = {
    "globex": (Burst("Feature B", 900, days=60), Burst("GPU", 700), Burst("LLM", 1_200, days=21)),
    "tri": (Burst("GPU", 400), Burst("LLM", 300, peak=12)),
    "trial": (Burst("Feature B", 60, days=4), Burst("LLM", 90, days=4)),
    "paused": (Burst("GPU", 200, days=49),),
}
ARCHIVE = (
    Burst("API calls", 55, peak=9), Burst("Retrieval", 20), Burst("Storage", 8), Burst("Active users", 7),
    Burst("Embeddings", 6, days=30, peak=20), Burst("Peak connections", 4),
)  # fmt: skip
"""Its events are per cent of all that are left."""


def add_usage(world: World, customers: Mapping[str, Customer], plans: Mapping[str, Plan], events: int = EVENTS) -> None:
    """Add the catalogue and what everybody used: `events` in all, most of them Archive's; `empty` gets none."""
    add_usage_catalogue(world, plans)
    small = {"acme": ACME, **OTHERS}
    left = max(0, events - sum(burst.events for bursts in small.values() for burst in bursts))
    archive = [replace(burst, events=left * burst.events // 100) for burst in ARCHIVE]
    for external_id, bursts in {**small, "archive": archive}.items():
        stream = _events(world, customers[external_id], bursts)
        while some := list(islice(stream, AT_ONCE)):
            ingest_events(world.session, some, world.now)


def _events(world: World, customer: Customer, bursts: Sequence[Burst]) -> Iterator[EventIn]:
    for burst in bursts:
        chance = random.Random(f"{customer.external_id} {burst.feature}")  # noqa: S311 (a demo, not a secret)
        zone = ZoneInfo(customer.timezone)
        instants = _instants(chance, burst, zone, world.noon(burst.days, customer.timezone), world.now)
        parts = _parts(chance, burst.events, burst.total, DECIMALS.get(burst.feature, 0))
        for number, (at, part) in enumerate(zip(instants, parts, strict=True)):
            sent = {
                "event_id": f"{burst.feature.lower().replace(' ', '-')}-{number:06}",
                "event_name": EVENT_NAMES[burst.feature].event_name,
                "external_customer_id": customer.external_id,
                "timestamp": at,
                "source": chance.choice(SOURCES),
                "properties": _properties(chance, burst.feature, part),
            }
            yield read_event(sent, world.now)


def _instants(chance: random.Random, burst: Burst, zone: ZoneInfo, first: datetime, now: datetime) -> list[datetime]:
    """Draw when events happened, in order: by the local hour, few on weekends, many at the peak, the last just now."""
    hours = [first.astimezone(UTC) + HOUR * index for index in range((now - first) // HOUR)]
    weights = [_weight(at.astimezone(zone), burst, now) for at in hours]
    drawn = chance.choices(hours, weights, k=max(burst.events - 1, 0))
    instants = sorted(at + timedelta(seconds=chance.randrange(3600)) for at in drawn)
    return [*instants, now - timedelta(minutes=chance.randint(1, 4))][: burst.events]


def _weight(local: datetime, burst: Burst, now: datetime) -> int:
    at_peak = burst.peak is not None and (now - local).days == burst.peak
    return BY_HOUR[local.hour] * (ON_WEEKENDS if local.weekday() in WEEKEND else ON_WEEKDAYS) * (6 if at_peak else 1)


def _parts(chance: random.Random, count: int, total: int | None, decimals: int) -> list[Decimal]:
    """Cut a total into so many uneven parts that add up to it; without a total, each part is about one."""
    weights = [chance.randint(200, 1000) for _ in range(count)]
    units = (count if total is None else total) * 10**decimals
    ends = [units * place // sum(weights) for place in accumulate(weights)]
    return [Decimal(end - start).scaleb(-decimals) for start, end in pairwise([0, *ends])]


def _properties(chance: random.Random, feature: str, part: Decimal) -> dict[str, Any]:
    """Return what an event of this feature says."""
    region = chance.choice(("eu-central", "eu-central", "us-east"))
    said: dict[str, dict[str, Any]] = {
        "Feature B": {"calls": part, "region": region},
        "GPU": {"minutes": part, "model": chance.choice(("a100", "a100", "h100")), "region": region},
        "LLM": {"k_tokens": part, "model": chance.choice(("large", "small", "small"))},
        "Embeddings": {"tokens": chance.randint(200, 9000), "model": "embed-2"},
        "Priority Support": {"minutes": part, "ticket": f"T-{chance.randint(1000, 9999)}"},
        "Active users": {"user": f"user-{min(int(chance.paretovariate(0.7)), 400)}"},
        "Storage": {"gb": part, "tier": chance.choice(("hot", "cold"))},
        "Retrieval": {"gb": Decimal(chance.randint(1, 900)).scaleb(-2), "tier": "cold"},
        "API calls": {"path": chance.choice(("/v2/documents", "/v2/search", "/v2/export")), "status": 200},
        "Peak connections": {"open": chance.randint(5, 180)},
    }
    return said[feature]
