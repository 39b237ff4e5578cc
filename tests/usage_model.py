"""Usage by brute force: every question is answered from a list of events, with fractions and local clocks.

Nothing here comes from the code under test but its inputs and outputs. `Run` plays random operations on both.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import cast
from cast import NOW
from usage_cast import add_feature, add_meter, add_usage_price, sent

from portal_app.billing.metering import AggregationType as Agg
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.billing.statuses import TierMode
from portal_app.commands.amend_event import Amendment, correct_event, void_event
from portal_app.commands.ingest_events import ingest_requests
from portal_app.commands.match_unmatched import match_unmatched
from portal_app.commands.usage_events import read_event
from portal_app.models.catalog import PriceTier
from portal_app.queries.usage import UsageQuestion, usage_report

ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca",
    "America/St_Johns", "Pacific/Chatham", "Asia/Kolkata", "America/Sao_Paulo", "Antarctica/Troll", "UTC",
)  # fmt: skip
FIRST = NOW - timedelta(days=330)
PERIODS_BEGIN_ON = 5
BY_ROBOT = Amendment("robot", "because", NOW)
LIMIT = Decimal("0.000001")
TIERS = ((10, "0"), (60, "0.5"), (None, "0.125"))
GRID = timedelta(minutes=15)
CALENDAR = (WindowSize.DAY, WindowSize.WEEK, WindowSize.MONTH)
SIZES = (
    (WindowSize.MINUTE, 0.2), (WindowSize.QUARTER_HOUR, 2), (WindowSize.HALF_HOUR, 3), (WindowSize.HOUR, 9),
    (WindowSize.SIX_HOURS, 30), (WindowSize.DAY, 100), (WindowSize.WEEK, 330), (WindowSize.MONTH, 330),
)  # fmt: skip
"""Each with the longest span, in days, that is cut by it."""


@dataclass
class Event:
    at: datetime
    name: str
    first: dict
    now: dict
    void: bool = False


@dataclass
class Meter:
    """What the oracle knows of a meter: how it aggregates `n` of which events."""

    aggregation: Agg
    name: str = "call"
    model: str | None = None

    def values(self, events):
        """(instant, id, value) of the events that count, in order; the value is a Fraction, or a text."""
        found = []
        for (_, event_id), event in events:
            if event.void or event.name != self.name:
                continue
            if self.model is not None and event.now.get("model") != self.model:
                continue
            value = event.now.get("n")
            if self.aggregation is Agg.COUNT_UNIQUE:
                found += [(event.at, event_id, text(value))]
            elif self.aggregation is Agg.COUNT:
                found += [(event.at, event_id, Fraction(1))]
            elif usable(value):
                found += [(event.at, event_id, Fraction(value))]
        return sorted(found, key=lambda one: one[:2])

    def amount(self, found, period=None):  # noqa: PLR0911 (a table of eight)
        values = [value for _, _, value in found]
        if self.aggregation is Agg.COUNT_UNIQUE:
            return Fraction(len(set(values)))
        if not values:
            return Fraction(0)
        if self.aggregation is Agg.AVG:
            return twelve(sum(values) / len(values))
        if self.aggregation is Agg.MAX:
            return max(values)
        if self.aggregation is Agg.LATEST:
            return max(found)[2]
        if self.aggregation is Agg.SUM_WITH_MULTIPLIER:
            return sum(values) / 2
        if self.aggregation is Agg.WEIGHTED_SUM:
            start, end = (int(at.timestamp()) for at in period)
            return twelve(sum(v * Fraction(end - int(at.timestamp()), end - start) for at, _, v in found))
        return sum(values)


def within(values, start, end):
    """Those of a span, of values in order."""
    first, last = (bisect_left(values, at, key=lambda one: one[0]) for at in (start, end))
    return values[first:last]


def text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else f"{Decimal(value).normalize():f}"


def usable(value):
    if isinstance(value, str):
        return value.isdigit()
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and Fraction(value) % Fraction(LIMIT) == 0


def twelve(value):
    """Round half up, away from zero, to twelve decimals."""
    scaled = abs(value) * 10**12
    rounded = int(scaled + Fraction(1, 2))
    return Fraction(rounded if value >= 0 else -rounded, 10**12)


def slab(count):
    """What the tiers make of a count."""
    cost, below = Fraction(0), 0
    for up_to, price in TIERS:
        top = count if up_to is None else min(count, up_to)
        cost += max(top - below, 0) * Fraction(price)
        below = top
    return cost


def month_starts(zone, start, end, day=1):
    """Local midnights of each month's `day`, from the one at or before `start` to the one at or after `end`."""
    month = start.year * 12 + start.month - 3
    starts = []
    while not starts or starts[-1] < end:
        starts.append(datetime(month // 12, month % 12 + 1, day, tzinfo=zone).astimezone(UTC))
        month += 1
    return [at for at, following in pairwise(starts) if following > start] + starts[-1:]


def local_date(at, size, zone):
    """Name the window of a day or longer that holds an instant, as a reader of the local calendar would."""
    local = at.astimezone(zone)
    names = {WindowSize.MONTH: (local.year, local.month), WindowSize.WEEK: local.isocalendar()[:2]}
    return names.get(size, local.date())


@dataclass
class Run:
    """Random operations, on the tables and on a list of events."""

    session: object
    chance: random.Random
    events: dict = field(default_factory=dict)
    """By (external customer id, event id), in the order they were first sent."""
    keys: list = field(default_factory=list)
    meters: dict = field(default_factory=dict)
    """By feature name."""
    customers: dict = field(default_factory=dict)
    """Keys of those that are known, by external id."""
    waiting: list = field(default_factory=list)
    prices: list = field(default_factory=list)
    """(from when, per unit) of the feature SUM, in order."""
    subscriptions: dict = field(default_factory=dict)
    """Keys, by external id of their customer."""
    own_prices: list = field(default_factory=list)
    """(external customer id, from when, until when, per unit) of the feature SUM."""
    done: Counter = field(default_factory=Counter)

    def __post_init__(self):
        self.plan = cast.add_plan(self.session, fee=None)
        for zone in ZONES[:8]:
            self.add_customer(zone)
        for aggregation in (Agg.SUM, Agg.COUNT, Agg.LATEST, Agg.COUNT_UNIQUE, Agg.MAX):
            self.add_meter(Meter(aggregation))
        self.change_price()
        for _ in range(8):
            self.add_own_price()
        tiers = [PriceTier(up_to=up_to and Decimal(up_to), unit_amount=Decimal(price)) for up_to, price in TIERS]
        add_usage_price(self.session, self.plan, self.features["COUNT"], tiers=tiers, tier_mode=TierMode.SLAB)

    # operations

    def step(self):
        kind = self.chance.choices(
            (self.send_new, self.send_again, self.correct, self.void, self.flush, self.rare), (66, 16, 4, 4, 9, 0.6)
        )[0]
        kind()
        self.done[kind.__name__] += 1

    def send_new(self):
        zone = self.chance.choice(ZONES)
        at = self.some_instant()
        event_id = f"e{len(self.events)}" if self.chance.random() < 0.5 else f"{self.chance.getrandbits(64):x}"
        event = Event(at, self.chance.choice(("call", "call", "call", "job")), self.properties(), {})
        event.now = event.first
        self.events[zone, event_id] = event
        self.keys.append((zone, event_id))
        self.waiting.append(sent(event_id, at, event.name, zone, **event.first))

    def send_again(self):
        key, event = self.some_event()
        if key is None:
            return
        zone, event_id = key
        at = self.chance.choice((event.at, None, self.some_instant()))
        properties = event.first if self.chance.random() < 0.9 else self.properties()
        self.waiting.append(sent(event_id, at, event.name, zone, **properties))

    def correct(self):
        self.flush()
        key, event = self.some_event(known=True)
        if key and not event.void:
            event.now = self.properties()
            correct_event(self.session, self.customers[key[0]], key[1], event.now, BY_ROBOT)

    def void(self):
        self.flush()
        key, event = self.some_event(known=True)
        if key and not event.void:
            event.void = True
            void_event(self.session, self.customers[key[0]], key[1], BY_ROBOT)

    def flush(self):
        """Send what waits: split into requests of any size, several of them in one transaction."""
        requests = []
        while self.waiting:
            size = self.chance.randint(1, 40)
            requests.append([read_event(event, NOW) for event in self.waiting[:size]])
            del self.waiting[:size]
            if self.chance.random() < 0.5:
                ingest_requests(self.session, requests, NOW)
                requests = []
        ingest_requests(self.session, requests, NOW)

    def rare(self):
        """A price changes, for all or for one, a customer appears, or a meter."""
        self.flush()
        unknown = [zone for zone in ZONES if zone not in self.customers]
        missing = [
            meter
            for meter in (
                Meter(Agg.AVG), Meter(Agg.SUM_WITH_MULTIPLIER), Meter(Agg.WEIGHTED_SUM), Meter(Agg.SUM, "job"),
                Meter(Agg.MAX, "call", "large"), Meter(Agg.COUNT_UNIQUE, "job", "small"),
            )
            if self.title(meter) not in self.meters
        ]  # fmt: skip
        kind = self.chance.choice(("price", "own price", "customer", "meter"))
        if kind == "customer" and unknown:
            self.add_customer(unknown[0])
        elif kind == "meter" and missing:
            self.add_meter(missing[0])
        elif kind == "own price":
            self.add_own_price()
        else:
            self.change_price()

    def add_customer(self, zone):
        key = cast.add_customer(self.session, zone, timezone=zone)
        start = datetime(2024, 11, PERIODS_BEGIN_ON, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        self.subscriptions[zone] = cast.add_subscription(
            self.session, key, self.plan, start_at=start, current_period_start_at=start,
            current_period_end_at=start + timedelta(days=30),
        ).id  # fmt: skip
        match_unmatched(self.session, [zone])
        self.customers[zone] = key

    def add_meter(self, meter):
        filters = {"model": [meter.model]} if meter.model else None
        row = add_meter(self.session, meter.aggregation, meter.name, filters=filters)
        feature = add_feature(self.session, row, self.title(meter))
        self.features = getattr(self, "features", {}) | {feature.name: feature}
        self.meters[feature.name] = meter

    def title(self, meter):
        return " ".join(filter(None, (meter.aggregation, meter.name * (meter.name != "call"), meter.model)))

    def change_price(self):
        """From some quarter hour on, a unit costs something else."""
        amount = f"{self.chance.randint(0, 9999)}e-6"
        start = FIRST - timedelta(days=60) if not self.prices else self.on_grid(self.some_instant())
        if self.prices and start <= self.prices[-1][0]:
            return
        add_usage_price(self.session, self.plan, self.features["SUM"], amount, start_at=start)
        self.prices.append((start, Fraction(Decimal(amount))))

    def add_own_price(self):
        """For some time, a unit costs one customer something else."""
        zone = self.chance.choice(list(self.customers))
        start = self.on_grid(self.some_instant())
        end = start + self.chance.randint(1, 60 * 96) * GRID
        if any(name == zone and since < end and start < until for name, since, until, _ in self.own_prices):
            return
        amount = f"{self.chance.randint(0, 9999)}e-6"
        add_usage_price(
            self.session, self.plan, self.features["SUM"], amount, subscription_id=self.subscriptions[zone],
            start_at=start, end_at=end,
        )  # fmt: skip
        self.own_prices.append((zone, start, end, Fraction(Decimal(amount))))

    # choices

    def some_instant(self):
        """Any time of the year, more often lately, now and then at the very edge of a window."""
        days = self.chance.choice((self.chance.uniform(0, 330), self.chance.uniform(0, 2)))
        at = NOW - timedelta(seconds=int(days * 86400), microseconds=self.chance.randrange(10**6))
        return self.on_grid(at) if self.chance.random() < 0.1 else at

    def on_grid(self, at):
        return at - (at - datetime(1970, 1, 1, tzinfo=UTC)) % GRID

    def properties(self):
        n = self.chance.choice(
            (self.chance.randint(0, 50), Decimal(self.chance.randint(0, 10**7)).scaleb(-6),
             str(self.chance.randint(0, 9)), "none", True, Decimal("0.0000001"))
        )  # fmt: skip
        return {"n": n, "model": self.chance.choice(("large", "small"))}

    def some_event(self, *, known=False):
        for _ in range(20):
            key = self.keys[-self.chance.randint(1, min(len(self.keys), 3000))] if self.keys else None
            if key and not (known and key[0] not in self.customers):
                return key, self.events[key]
        return None, None

    # comparison

    def compare(self):
        """Ask for some customer's usage of some span in windows of some size, and expect what the list says."""
        self.flush()
        zone = self.chance.choice(list(self.customers))
        size, days = self.chance.choice(SIZES)
        start = self.some_instant()
        end = start + timedelta(seconds=self.chance.randint(900, int(days * 86400)))
        if self.chance.random() < 0.7:
            start, end = self.on_grid(start), self.on_grid(end)
        self.compare_span(zone, TimeRange(start, end), size)

    def compare_span(self, zone, span, size):
        question = UsageQuestion(span, size, with_costs=True)
        report = usage_report(self.session, self.customers[zone], question, NOW)
        mine = [(key, event) for key, event in self.events.items() if key[0] == zone]
        by_name = {series.feature.name: series for series in report.series}
        for name, meter in self.meters.items():
            counted = meter.values(mine)
            found = within(counted, span.start_at, span.end_at)
            assert (name in by_name) == bool(found), (zone, span, name)
            if found:
                self.compare_series(meter, by_name[name], counted, report, size)

    def compare_series(self, meter, series, counted, report, size):
        span, zone = report.span, report.zone
        about = (str(zone), span, series.feature.name)
        assert series.events == len(within(counted, span.start_at, span.end_at)), about
        assert series.quantity == self.amount(meter, counted, span.start_at, span.end_at, zone), about
        for point in series.points:
            start, end = point.window.start_at, point.window.end_at
            found = within(counted, start, end)
            assert point.events == len(found), (about, point)
            assert point.quantity == self.amount(meter, counted, start, end, zone), (about, point)
            if size in CALENDAR:
                window = {local_date(at, size, zone) for at, _, _ in found}
                assert window <= {local_date(start, size, zone)}, (about, point)
        if meter.aggregation in {Agg.SUM, Agg.COUNT, Agg.WEIGHTED_SUM}:
            assert sum(point.quantity for point in series.points) == series.quantity, about
        self.compare_costs(meter, series, counted, span, zone)

    def amount(self, meter, counted, start, end, zone):
        if meter.aggregation is not Agg.WEIGHTED_SUM:
            return meter.amount(within(counted, start, end))
        total = Fraction(0)
        for period in pairwise(month_starts(zone, start, end)):
            until = [meter.amount(within(counted, period[0], min(at, period[1])), period) for at in (end, start)]
            total += until[0] - until[1]
        return total

    def compare_costs(self, meter, series, counted, span, zone):
        if series.feature.name not in {"SUM", "COUNT"}:
            assert series.costs == (), series.feature.name
            return
        (cost,) = series.costs
        if meter.aggregation is Agg.SUM:
            used = within(counted, span.start_at, span.end_at)
            expected = sum(v * self.price_at(at, str(zone)) for at, _, v in used)
        else:
            expected = sum(
                slab(len(within(counted, start, min(span.end_at, end))))
                - slab(len(within(counted, start, min(span.start_at, end))))
                for start, end in pairwise(month_starts(zone, span.start_at, span.end_at, PERIODS_BEGIN_ON))
            )
        assert cost.exact.amount == expected, (str(zone), span, series.feature.name)
        assert sum(point.costs[0].exact.amount for point in series.points) == expected
        assert sum(point.costs[0].shown.amount for point in series.points) == cost.shown.amount
        charged = [charge.amount for charged in series.charged for charge in charged.cost.charges]
        assert sum(charged) == expected, "what is explained is not what is shown"

    def price_at(self, at, zone):
        own = [price for name, since, until, price in self.own_prices if name == zone and since <= at < until]
        return own[0] if own else [price for start, price in self.prices if start <= at][-1]

    def finish(self):
        """Compare every customer's every day, and the presets' windows."""
        self.flush()
        for zone in self.customers:
            self.compare_span(zone, TimeRange(FIRST - timedelta(days=1), NOW), WindowSize.DAY)
