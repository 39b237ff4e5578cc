"""What is counted: meters as rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from portal_app.billing.metering import MeterRule
from portal_app.billing.statuses import RecordStatus
from portal_app.database import Session
from portal_app.models.catalog import Meter

RulesByName = Mapping[str, Sequence[MeterRule]]

_METERS = (
    select(
        col(Meter.id),
        col(Meter.event_name),
        col(Meter.aggregation),
        col(Meter.field),
        col(Meter.multiplier),
        col(Meter.filters),
    )
    .where(col(Meter.status) != RecordStatus.DELETED)
    .order_by(col(Meter.id))
)
_NAMED = _METERS.where(col(Meter.event_name).in_(bindparam("names", expanding=True)))
"""Every request with events asks this: it is built once."""


def meter_rules_of_operator(session: Session, event_names: Collection[str] | None = None) -> RulesByName:
    """Return the rules of all meters but deleted ones, by event name; of these names alone if any are given."""
    statement, asked = (_METERS, {}) if event_names is None else (_NAMED, {"names": list(event_names)})
    rules: defaultdict[str, list[MeterRule]] = defaultdict(list)
    session.flush()  # a meter that this transaction has made counts, too
    for meter in session.connection().execute(statement, asked):
        rules[meter.event_name].append(rule_of(meter, meter.id))
    return rules


def rule_of(meter: Any, key: int) -> MeterRule:
    """Return a meter, or a row that has its columns, as the rule it counts by; `key` is its inner key."""
    return MeterRule(
        key=key,
        event_name=meter.event_name,
        aggregation=meter.aggregation,
        field=meter.field,
        multiplier=Decimal(1) if meter.multiplier is None else meter.multiplier,
        filters=tuple((wanted["key"], frozenset(wanted["values"])) for wanted in meter.filters),
    )
