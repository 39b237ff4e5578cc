"""A customer's usage as programs analyse it: the report of queries/usage.py, with what its series refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.periods import TimeRange, WindowSize, on_grid
from portal_app.billing.statuses import SubscriptionStatus
from portal_app.database import Session
from portal_app.models.catalog import Plan
from portal_app.models.subscription import Subscription
from portal_app.queries.catalog import FeatureDetail, features_of_operator
from portal_app.queries.prices import PriceDetail, prices_of_operator
from portal_app.queries.subscriptions import PLAN, PlanSummary, get_subscription_of_operator
from portal_app.queries.usage import Charged, UsageQuestion, UsageReport, usage_report


@dataclass(frozen=True, slots=True)
class UsageAnalysis:
    """A report, and the objects it refers to: features and prices by public id, plans by inner key.

    `sources` are those that sent a feature's events, by its public id, if they were asked for.
    """

    report: UsageReport
    features: Mapping[str, FeatureDetail]
    prices: Mapping[str, PriceDetail]
    plans: Mapping[int, PlanSummary]
    sources: Mapping[str, Sequence[str]]

    def price_of(self, charged: Charged | None) -> PriceDetail | None:
        """Return the price that charged last, else the last one valid while it could have; None if there is none."""
        return self.prices.get(str(_price_key(charged, self.report.span))) if charged else None


@dataclass(frozen=True, slots=True)
class SubscriptionCharge:
    """What one subscription charges for one meter's usage in a span."""

    charged: Charged
    feature: FeatureDetail
    price: PriceDetail | None


@dataclass(frozen=True, slots=True)
class SubscriptionUsage:
    """What one subscription charges for usage in `span`, meter by meter."""

    span: TimeRange
    currency: str
    charges: tuple[SubscriptionCharge, ...]


def analyse_usage(
    session: Session,
    customer_id: CustomerId,
    question: UsageQuestion,
    now: datetime,
    *,
    with_sources: bool = False,
) -> UsageAnalysis:
    """Return a customer's usage with what it refers to. MONTH windows begin on the day that billing does.

    Raises:
        NotFound: the customer does not exist.
        Invalid: the span is empty, or has too many windows or events.
    """
    if question.size is WindowSize.MONTH:
        question = replace(question, anchor_at=_anchor(session, customer_id))
    report = usage_report(session, customer_id, question, now)
    charged = [one for series in report.series for one in series.charged]
    plans = {one.plan_id for one in charged}
    statement = select(col(Plan.id), *PLAN).where(col(Plan.id).in_(plans))
    rows = session.connection().execute(statement) if plans else ()
    return UsageAnalysis(
        report=report,
        features=features_of_operator(session, {series.feature.public_id for series in report.series}),
        prices=prices_of_operator(session, {str(version.key) for one in charged for version in one.tariff.versions}),
        plans={id_: PlanSummary(*plan) for id_, *plan in rows},
        sources=_sources(session, customer_id, question, now) if with_sources else {},
    )


def subscription_usage(
    session: Session,
    customer_id: CustomerId,
    subscription_id: str,
    start_at: datetime | None,
    end_at: datetime | None,
    now: datetime,
) -> SubscriptionUsage:
    """Return what a subscription charges for usage, in its current period unless another span is given.

    Raises:
        NotFound: the subscription does not exist or is another customer's.
        Invalid: the span is empty, or has too many events.
    """
    subscription = get_subscription_of_operator(session, customer_id, subscription_id, now)
    period = on_grid(TimeRange(subscription.period_start_at, subscription.period_end_at))
    span = TimeRange(start_at or period.start_at, end_at or period.end_at)
    analysis = analyse_usage(session, customer_id, UsageQuestion(span), now)
    charges = [
        SubscriptionCharge(one, analysis.features[series.feature.public_id], analysis.price_of(one))
        for series in analysis.report.series
        for one in series.charged
        if one.subscription_public_id == subscription_id
    ]
    return SubscriptionUsage(span, subscription.currency, tuple(charges))


def _price_key(charged: Charged, span: TimeRange) -> int | str | None:
    used = [charge.price.key for charge in charged.cost.charges if charge.quantity > 0 or charge.units > 0]
    if used:
        return used[-1]
    parts = [part for part in map(span.overlap, charged.periods) if part]
    valid = [version.key for version in charged.tariff.versions if any(map(version.is_valid_in, parts))]
    return valid[-1] if valid else None


def _sources(
    session: Session, customer_id: CustomerId, question: UsageQuestion, now: datetime
) -> Mapping[str, Sequence[str]]:
    by_source = UsageQuestion(
        question.span, feature_ids=question.feature_ids, only=replace(question.only, labels=("source",))
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for series in usage_report(session, customer_id, by_source, now).series:
        found[series.feature.public_id] += [source for source in series.labels if source]
    return found


def _anchor(session: Session, customer_id: CustomerId) -> datetime | None:
    """Return when the customer's first running subscription's periods begin."""
    running = select(Subscription).where(
        Subscription.customer_id == customer_id,
        col(Subscription.subscription_status).in_((SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)),
    )
    row = session.exec(running.order_by(col(Subscription.start_at), col(Subscription.id))).first()
    return row and (row.billing_anchor_at or row.start_at)
