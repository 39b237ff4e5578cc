"""The audit log as CSV: times in UTC, details as JSON."""

import json
from collections.abc import Iterable, Iterator

from portal_app.exports.csv_lines import csv_lines
from portal_app.queries.audit import AuditRecord

HEAD = ("number", "at", "actor", "action", "customer", "details")


def audit_csv(entries: Iterable[AuditRecord]) -> Iterator[str]:
    """Yield the file line by line, in the order of `entries`."""
    return csv_lines(
        HEAD,
        (
            (
                entry.number,
                entry.at.isoformat(timespec="seconds"),
                entry.actor,
                entry.action,
                entry.customer_external_id,
                json.dumps(entry.details, ensure_ascii=False, sort_keys=True),
            )
            for entry in entries
        ),
    )
