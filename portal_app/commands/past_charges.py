"""What was charged in billing periods that are over stays charged, whatever a subscription's own price is to be."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from portal_app.billing.instants import QUARTER_HOUR, micros
from portal_app.billing.periods import TimeRange
from portal_app.billing.prices import PriceVersion
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.subscription import Subscription
from portal_app.models.usage import UsageCell


def refuse_to_recharge(
    session: Session, subscription: int, meter: int, own: PriceVersion, of_plan: Iterable[PriceVersion]
) -> None:
    """Let a subscription's own price stand instead of its plan's no earlier than its running period began.

    Where nothing was used, or no price of the plan held, nothing was charged that could change.

    Raises:
        Invalid: it would charge anew for usage that has been charged for.
    """
    row = session.get_one(Subscription, subscription)
    begun_at, over_at = max(row.start_at, row.trial_end_at or row.start_at), row.current_period_start_at
    past = TimeRange(max(begun_at, own.start_at or begun_at), min(over_at, own.end_at or over_at))
    charged = [part for version in of_plan if (part := _valid_in(version, past))]
    if any(_has_usage(session, row.customer_id, meter, part) for part in charged):
        since = f"{over_at:%Y-%m-%dT%H:%MZ}, when the running period began"
        raise Invalid(field="start_date", problem=f"cannot be before {since}: what the plan charged stays charged")


def _valid_in(version: PriceVersion, span: TimeRange) -> TimeRange | None:
    return span.overlap(TimeRange(version.start_at or span.start_at, version.end_at or span.end_at))


def _has_usage(session: Session, customer: int, meter: int, span: TimeRange) -> bool:
    cell = select(UsageCell.bucket).where(
        UsageCell.customer_id == customer,
        UsageCell.meter_id == meter,
        col(UsageCell.bucket) >= micros(span.start_at) // QUARTER_HOUR,
        col(UsageCell.bucket) < -(-micros(span.end_at) // QUARTER_HOUR),
    )
    return session.exec(cell.limit(1)).first() is not None
