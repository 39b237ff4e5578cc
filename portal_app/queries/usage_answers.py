"""Questions about usage, and their answers: values that graph, breakdown, API and CSV all show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal_app.billing.money import Money
from portal_app.billing.periods import TimeRange, Window, WindowSize
from portal_app.billing.prices import Tariff
from portal_app.billing.rating import Cost
from portal_app.queries.features import UsedFeature
from portal_app.queries.usage_events import EVERYTHING, Labels, Slice


@dataclass(frozen=True, slots=True)
class Priced:
    """What some usage costs in one currency: to the last digit, and as screens and invoices print it.

    What is shown of adjacent windows adds up to what is shown of them together.
    """

    exact: Money
    shown: Money


@dataclass(frozen=True, slots=True)
class Charged:
    """What one subscription charges for a feature; `cost.charges` explains it, line by line.

    `periods` are the billing periods that its usage was counted in, whole, one for each of the cost's steps.
    """

    subscription_public_id: str
    plan_id: int
    tariff: Tariff
    cost: Cost
    periods: tuple[TimeRange, ...]


class UsagePoint(NamedTuple):
    """A window's usage: quantity in the feature's unit, events, and costs, if these were asked for.

    A report has hundreds of them: a named tuple is made in a third of the time.
    """

    window: Window
    quantity: Decimal
    events: int
    costs: tuple[Priced, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageSeries:
    """One feature's usage in the span; with labels, the part of it that has these.

    `quantity` is the whole span's: the sum of the points for counts and sums, but not for averages, greatest, latest
    and unique values. There is one cost for each currency, most often one; none at all means that no price applies,
    which is not the same as costing nothing.
    """

    feature: UsedFeature
    quantity: Decimal
    events: int
    points: tuple[UsagePoint, ...]
    costs: tuple[Priced, ...]
    charged: tuple[Charged, ...]
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class UsageFreshness:
    """Until when usage is known: the latest event, not after now, and when one last came in. None: never any."""

    through_at: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The answer. All series have a point for each window, in order; without `windows` they have none.

    Windows that have not begun are left out, the running one is marked unfinished, and nothing counts that is dated
    later than the quarter hour it is now: `counted` is the span until there. Missing usage is zero. Features without
    any usage in the span are left out, unless they cost something. Series are in the order of names, slices of one
    feature in that of their labels.
    """

    span: TimeRange
    counted: TimeRange
    zone: ZoneInfo
    windows: tuple[Window, ...]
    series: tuple[UsageSeries, ...]
    freshness: UsageFreshness


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What to count: usage in `span`, in windows of `size` if one is given; of these features alone, if any are named.

    Features are public ids. With a slice, each series is a part of its feature's usage, and costs its share. MONTH
    windows begin with the month, or on the day of `anchor_at`.
    """

    span: TimeRange
    size: WindowSize | None = None
    feature_ids: frozenset[str] | None = None
    only: Slice = EVERYTHING
    anchor_at: datetime | None = None
    with_costs: bool = False
    """Whether points have costs, too."""
