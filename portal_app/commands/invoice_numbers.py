"""Numbers of invoices: `INV-YYYYMM-00001`, counted anew each month, each given out once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import and_, col, func, select, text

from portal_app.database import Session
from portal_app.models.invoice import Invoice

DIGITS = 5
_NEXT = text("UPDATE invoice_sequence SET last = last + 1 WHERE month = :month RETURNING last")
_FIRST = text(
    "INSERT INTO invoice_sequence (month, last) VALUES (:month, :first) "
    "ON CONFLICT (month) DO UPDATE SET last = invoice_sequence.last + 1 RETURNING last"
)
_GO_PAST = text("UPDATE invoice_sequence SET last = :last WHERE month = :month AND last < :last")


def next_number(session: Session, issued_at: datetime) -> str:
    """Return the next free number of the month (UTC). Imported numbers of the same form are counted on from."""
    month = f"{issued_at.astimezone(UTC):%Y%m}"
    while True:
        last = session.connection().scalar(_NEXT, {"month": month}) or _begun(session, month)
        number = f"INV-{month}-{last:0{DIGITS}}"
        if session.exec(select(Invoice.id).where(col(Invoice.number) == number)).first() is None:
            return number
        # Files have brought numbers since the month's sequence began: they may be many.
        session.connection().execute(_GO_PAST, {"month": month, "last": _last_of(session, month)})


def _begun(session: Session, month: str) -> int:
    """Begin a month's sequence, or go on with one that somebody else began meanwhile."""
    first = _last_of(session, month) + 1
    return session.connection().scalar(_FIRST, {"month": month, "first": first})


def _last_of(session: Session, month: str) -> int:
    prefix, number_ = f"INV-{month}-", col(Invoice.number)
    longest_first = func.length(number_).desc(), number_.desc()
    if session.connection().dialect.name == "sqlite":  # its LIKE knows no case, so it reads no index
        of_month = and_(number_ >= prefix, number_ < f"INV-{month}.")  # the next sign after a hyphen
    else:  # where a range would go by the database's language
        of_month = number_.startswith(prefix, autoescape=True)
    number = session.exec(select(Invoice.number).where(of_month).order_by(*longest_first).limit(1)).first() or ""
    digits = number.removeprefix(prefix)
    return int(digits) if digits.isdecimal() and len(digits) <= DIGITS + 4 else 0
