"""Numbers of invoices: `INV-YYYYMM-00001`, counted anew each month, each given out once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import col, func, select, text

from portal_app.database import Session
from portal_app.models.invoice import Invoice

DIGITS = 5
_NEXT = text(
    "INSERT INTO invoice_sequence (month, last) VALUES (:month, :first) "
    "ON CONFLICT (month) DO UPDATE SET last = invoice_sequence.last + 1 RETURNING last"
)


def next_number(session: Session, issued_at: datetime) -> str:
    """Return the next free number of the month (UTC). Imported numbers of the same form are counted on from."""
    month = f"{issued_at.astimezone(UTC):%Y%m}"
    while True:
        first = _last_of(session, month) + 1
        last = session.connection().scalar(_NEXT, {"month": month, "first": first})
        number = f"INV-{month}-{last:0{DIGITS}}"
        if session.exec(select(Invoice.id).where(col(Invoice.number) == number)).first() is None:
            return number


def _last_of(session: Session, month: str) -> int:
    prefix = f"INV-{month}-"
    longest_first = func.length(col(Invoice.number)).desc(), col(Invoice.number).desc()
    numbers = select(Invoice.number).where(col(Invoice.number).startswith(prefix, autoescape=True))
    number = session.exec(numbers.order_by(*longest_first).limit(1)).first() or ""
    digits = number.removeprefix(prefix)
    return int(digits) if digits.isdecimal() and len(digits) <= DIGITS + 4 else 0
