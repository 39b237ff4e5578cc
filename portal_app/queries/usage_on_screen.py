"""What a page asks about usage, at one moment: a range's report, and what tells why something is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import col, or_

from portal_app.access.principal import CustomerId
from portal_app.billing.instants import EPOCH, instant, micros
from portal_app.billing.metering import FeatureType
from portal_app.billing.periods import Preset, TimeRange
from portal_app.billing.statuses import CURRENT_SUBSCRIPTION_STATUSES, PriceType, RecordStatus
from portal_app.database import Session
from portal_app.models.catalog import Entitlement, Feature, Meter, Price
from portal_app.models.subscription import Subscription
from portal_app.models.usage import PROBLEMS, STREAMS, WORDS
from portal_app.queries.features import used_features
from portal_app.queries.usage import UsageReport, usage_of_preset

FAR_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class UncountedEvents:
    """Events that no feature counts: all of one name since `first_at`, because no meter has that name."""

    event_name: str
    events: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class UnusableEvents:
    """Events of a range that a feature could not use; `problem` is what the first of them lacked."""

    feature_name: str
    events: int
    problem: str


@dataclass(frozen=True, slots=True)
class UsageOnScreen:
    """A report, and what stands beside it.

    `known` are the public ids of all features that the customer ever used, in an order that new ones only lengthen.
    `is_in_plan` is False if there are current subscriptions and none of them has anything metered.
    """

    report: UsageReport
    known: tuple[str, ...]
    is_in_plan: bool
    uncounted: tuple[UncountedEvents, ...]
    unusable: tuple[UnusableEvents, ...]


def usage_on_screen(session: Session, customer_id: CustomerId, preset: Preset, now: datetime) -> UsageOnScreen:
    """Return what a page shows of a range.

    Raises:
        NotFound: the customer does not exist.
    """
    report = usage_of_preset(session, customer_id, preset, now)
    ever = used_features(session, customer_id, TimeRange(EPOCH, now + FAR_AHEAD))
    known = {feature.public_id for feature, _ in ever} | {series.feature.public_id for series in report.series}
    return UsageOnScreen(
        report=report,
        known=tuple(sorted(known)),
        is_in_plan=bool(known) or _has_metered_plan(session, customer_id),
        uncounted=_uncounted(session, customer_id, report.span),
        unusable=_unusable(session, customer_id, report.span),
    )


def _has_metered_plan(session: Session, customer_id: CustomerId) -> bool:
    """Tell whether a current plan prices or includes something metered; True for who has no current plan at all."""
    plans = select(col(Subscription.plan_id)).where(
        col(Subscription.customer_id) == customer_id,
        col(Subscription.subscription_status).in_(CURRENT_SUBSCRIPTION_STATUSES),
    )
    priced = select(col(Price.id)).where(
        col(Price.plan_id).in_(plans),
        col(Price.type) == PriceType.USAGE,
        col(Price.status) == RecordStatus.PUBLISHED,
    )
    included = (
        select(col(Entitlement.id))
        .join(Feature, col(Feature.id) == col(Entitlement.feature_id))
        .where(
            col(Entitlement.plan_id).in_(plans),
            col(Entitlement.status) == RecordStatus.PUBLISHED,
            col(Feature.type) == FeatureType.METERED,
        )
    )
    return bool(session.connection().execute(select(or_(~plans.exists(), priced.exists(), included.exists()))).scalar())


def _uncounted(session: Session, customer_id: CustomerId, span: TimeRange) -> tuple[UncountedEvents, ...]:
    """Names that were sent in the span, and that no meter has."""
    stream = STREAMS.c
    metered = select(col(Meter.id)).where(
        col(Meter.event_name) == WORDS.c.word, col(Meter.status) != RecordStatus.DELETED
    )
    statement = (
        select(WORDS.c.word, stream.events, stream.first_at)
        .join_from(STREAMS, WORDS, WORDS.c.id == stream.name)
        .where(
            stream.customer_id == customer_id,
            stream.events > 0,
            stream.first_at < micros(span.end_at),
            stream.last_at >= micros(span.start_at),
            ~metered.exists(),
        )
        .order_by(WORDS.c.word)
    )
    rows = session.connection().execute(statement)
    return tuple(UncountedEvents(name, events, instant(first_at)) for name, events, first_at in rows)


def _unusable(session: Session, customer_id: CustomerId, span: TimeRange) -> tuple[UnusableEvents, ...]:
    problem = PROBLEMS.c
    statement = (
        select(col(Feature.name), func.count(), func.min(problem.problem))
        .join_from(PROBLEMS, Feature, col(Feature.meter_id) == problem.meter_id)
        .where(
            problem.customer_id == customer_id,
            problem.at >= micros(span.start_at),
            problem.at < micros(span.end_at),
            col(Feature.status) != RecordStatus.DELETED,
        )
        .group_by(col(Feature.id), col(Feature.name))
        .order_by(col(Feature.name), col(Feature.id))
    )
    return tuple(UnusableEvents(*row) for row in session.connection().execute(statement))
