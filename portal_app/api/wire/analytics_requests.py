"""Usage and what it costs, as the dialect asks for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal_app.api.wire.base import OfCustomerWire, RequestWire
from portal_app.api.wire.values import Instant, Name, ObjectId, Text, Texts
from portal_app.billing.periods import TimeRange, WindowSize
from portal_app.errors import Invalid
from portal_app.queries.usage import UsageQuestion
from portal_app.queries.usage_events import Slice

DEFAULT_SPAN = timedelta(hours=6)
MAX_SPAN = timedelta(days=1100)
MAX_AHEAD = timedelta(days=1)
FEATURE_WORDS = ("feature_id", "meter_id")
GroupBy = Annotated[str, StringConstraints(pattern=r"^(feature_id|meter_id|source|properties\.[A-Za-z0-9_.]{1,100})$")]
Expand = Literal["price", "meter", "feature", "subscription_line_item", "plan", "addon", "source"]


class SpanWire(RequestWire):
    """A span of time: the last six hours, unless it says otherwise."""

    start_time: Instant | None = None
    end_time: Instant | None = None

    def span(self, now: datetime) -> TimeRange:
        """Return the span.

        Raises:
            Invalid: it is empty, longer than three years, or ends in the future.
        """
        end_at = self.end_time or now
        start_at = self.start_time or end_at - DEFAULT_SPAN
        if start_at >= end_at:
            raise Invalid(field="end_time", problem="must be after start_time")
        if end_at - start_at > MAX_SPAN:
            raise Invalid(field="start_time", problem=f"is more than {MAX_SPAN.days} days before end_time")
        if end_at > now + MAX_AHEAD:
            raise Invalid(field="end_time", problem="is more than a day ahead")
        return TimeRange(start_at, end_at)


class AnalyticsRequest(SpanWire):
    """What usage to analyse, and how: with a `window_size`, point by point in the customer's zone."""

    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=100)
    sources: list[Text] = Field(default_factory=list[str], max_length=100)
    group_by: list[GroupBy] = Field(default_factory=list[str], max_length=5)
    window_size: WindowSize | None = None
    expand: list[Expand] = Field(default_factory=list[Expand], max_length=10)
    property_filters: dict[Name, Texts] = Field(default_factory=dict[str, list[str]], max_length=10)

    def labels(self) -> tuple[str, ...]:
        """Return what usage of a feature is told apart by, in order."""
        return tuple(word for word in dict.fromkeys(self.group_by) if word not in FEATURE_WORDS)

    def question(self, now: datetime) -> UsageQuestion:
        """Return what is asked, in the words of queries.

        Raises:
            Invalid: the span cannot be.
        """
        filters = tuple((key, frozenset(values)) for key, values in self.property_filters.items())
        return UsageQuestion(
            span=self.span(now),
            size=self.window_size,
            feature_ids=frozenset(self.feature_ids) if self.feature_ids else None,
            only=Slice(frozenset(self.sources), filters, self.labels()),
            with_costs=True,
        )


class CustomerAnalyticsRequest(AnalyticsRequest, OfCustomerWire):
    """What usage of which customer to analyse."""


class CostRequest(SpanWire):
    """Which costs to sum up."""

    start_time: Instant  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    end_time: Instant  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=100)
    expand: list[Literal["meter", "price"]] = Field(default_factory=list[Literal["meter", "price"]], max_length=5)

    def question(self, now: datetime) -> UsageQuestion:
        """Return what is asked, in the words of queries.

        Raises:
            Invalid: the span cannot be.
        """
        return UsageQuestion(self.span(now), feature_ids=frozenset(self.feature_ids) if self.feature_ids else None)


class CustomerCostRequest(CostRequest, OfCustomerWire):
    """Which costs of which customer to sum up."""


class SubscriptionUsageRequest(RequestWire):
    """Which subscription's usage to charge, in its current period unless another span is given."""

    subscription_id: ObjectId
    start_time: Instant | None = None
    end_time: Instant | None = None

    def bounded(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the ends of the span that are given.

        Raises:
            Invalid: together they cannot be a span, or the one that is given is too far ahead or long ago.
        """
        if self.start_time is not None or self.end_time is not None:
            SpanWire(start_time=self.start_time, end_time=self.end_time).span(now)
        return self.start_time, self.end_time
