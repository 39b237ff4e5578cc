"""What people type into the invoice search, as terms: numbers, dates, amounts and the status words on screen.

Pure text to values; `queries/invoices.py` turns terms into SQL. Terms of different kinds narrow each
other (`paid > 100 2026`). Several of one kind mean either (`paid overdue`, `Jan 2026 Mar 2026`), except
comparisons, which narrow (`> 100 < 200`, `since Jan 2026 until Mar 2026`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from portal_app.billing.periods import last_of_month
from portal_app.billing.statuses import UNPAID_STATES, InvoiceState

MAX_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class StatusTerm:
    """Invoices whose badge says one of `states`."""

    text: str
    states: frozenset[InvoiceState]


@dataclass(frozen=True, slots=True)
class AmountTerm:
    """Invoices whose total lies between two amounts of whatever currency; None leaves an end open."""

    text: str
    low: Decimal | None = None
    high: Decimal | None = None
    low_included: bool = True
    high_included: bool = True

    @property
    def narrows(self) -> bool:
        """Whether it is a comparison rather than one amount or a range of its own."""
        return self.low is None or self.high is None


@dataclass(frozen=True, slots=True)
class DateTerm:
    """Invoices issued on the customer's local days `first` to `last`, both included; None leaves an end open."""

    text: str
    first: date | None = None
    last: date | None = None

    @property
    def narrows(self) -> bool:
        """Whether it is a `since` or `until` rather than a period of its own."""
        return self.first is None or self.last is None


@dataclass(frozen=True, slots=True)
class NumberTerm:
    """Invoices whose number contains `fragment`, in any case; or, where it is a whole number, of just that amount."""

    text: str
    fragment: str
    amount: Decimal | None = None


Term = StatusTerm | AmountTerm | DateTerm | NumberTerm


@dataclass(frozen=True, slots=True)
class InvoiceSearch:
    """The terms of one search, in the order typed."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The search as text again, with single spaces."""
        return " ".join(term.text for term in self.terms)

    def without(self, index: int) -> str:
        """Return the text of this search without its term at `index`."""
        return " ".join(term.text for i, term in enumerate(self.terms) if i != index)


STATUS_WORDS: dict[str, frozenset[InvoiceState]] = {
    "partially paid": frozenset({InvoiceState.PARTIALLY_PAID}),
    "partially refunded": frozenset({InvoiceState.PARTIALLY_REFUNDED}),
    "payment failed": frozenset({InvoiceState.FAILED}),
    "payment started": frozenset({InvoiceState.STARTED}),
    "nothing due": frozenset({InvoiceState.NOTHING_DUE}),
    "not paid": UNPAID_STATES,
    "unpaid": UNPAID_STATES,
    "open": UNPAID_STATES,
    "paid": frozenset({InvoiceState.PAID}),
    "pending": frozenset({InvoiceState.PENDING}),
    "processing": frozenset({InvoiceState.PROCESSING}),
    "overdue": frozenset({InvoiceState.OVERDUE}),
    "late": frozenset({InvoiceState.OVERDUE}),
    "failed": frozenset({InvoiceState.FAILED}),
    "overpaid": frozenset({InvoiceState.OVERPAID}),
    "refunded": frozenset({InvoiceState.REFUNDED, InvoiceState.PARTIALLY_REFUNDED}),
    "voided": frozenset({InvoiceState.VOID}),
    "void": frozenset({InvoiceState.VOID}),
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month{n}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = (
    r"(?P<iso{n}>" + _YEAR + r"-\d\d-\d\d)"
    r"|(?P<isomonth{n}>" + _YEAR + r"-\d\d)"
    r"|(?P<word{n}>today|yesterday|this month|last month|this year|last year)"
    r"|(?:(?P<dayfirst{n}>\d{{1,2}})\.?\s+)?" + _MONTH + r"(?:\s+(?P<daysecond{n}>\d{{1,2}})(?=,|\s+" + _YEAR + r"))?"
    r"(?:,?\s*(?P<year{n}>" + _YEAR + r"))?"
    r"|(?P<yearonly{n}>" + _YEAR + r")"
)
_NUMBER = r"(?:[$€£¥]\s?)?(?P<amount{n}>\d[\d.,'\u00a0\u202f]*)"
_END = r"(?=\s|$)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text + _END, re.IGNORECASE)


_DATE_1, _DATE_2 = (f"(?:{_DAY.format(n=n)})" for n in (1, 2))
_AMOUNT_1, _AMOUNT_2 = (_NUMBER.format(n=n) for n in (1, 2))
_DATE_RANGE = _pattern(rf"{_DATE_1}(?:\s*\.\.\s*|\s+(?:-|–|to)\s+){_DATE_2}")
_YEAR_RANGE = _pattern(rf"(?P<yearonly1>{_YEAR})[-–](?P<yearonly2>{_YEAR})")
_DATE_FROM = _pattern(rf"(?P<how>since|from|after|until|through|before|up to)\s+{_DATE_1}")
_DATE_ALONE = _pattern(_DATE_1)
_AMOUNT_RANGE = _pattern(rf"{_AMOUNT_1}\s*(?:\.\.|–|-|\s+to\s+)\s*{_AMOUNT_2}")
_AMOUNT_FROM = _pattern(
    rf"(?P<how>>=|<=|>|<|=|≥|≤|over|above|more than|under|below|less than|at least|at most)\s*{_AMOUNT_1}"
)
_AMOUNT_ALONE = _pattern(_AMOUNT_1)
_STATUS = _pattern("(?P<status>" + "|".join(STATUS_WORDS).replace(" ", r"\s+") + ")")
_ANYTHING = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a word means depends on: the customer's local day, and the decimal mark of the locale."""

    today: date
    decimal_mark: str

    def date_range(self, match: re.Match[str]) -> DateTerm | None:
        first, last = self._days(match, 1), self._days(match, 2)
        return DateTerm(match[0], first[0], last[1]) if first and last and first[0] <= last[1] else None

    def date_from(self, match: re.Match[str]) -> DateTerm | None:
        days = self._days(match, 1)
        if days is None:
            return None
        first, last = days
        how = match["how"].lower()
        if how in {"since", "from"}:
            return DateTerm(match[0], first=first)
        if how == "after":
            return DateTerm(match[0], first=last + timedelta(days=1))
        return DateTerm(match[0], last=first - timedelta(days=1) if how == "before" else last)

    def date_alone(self, match: re.Match[str]) -> DateTerm | None:
        days = self._days(match, 1)
        return DateTerm(match[0], *days) if days else None

    def amount_range(self, match: re.Match[str]) -> AmountTerm | None:
        low, high = self._amount(match["amount1"]), self._amount(match["amount2"])
        return AmountTerm(match[0], low, high) if low is not None and high is not None and low <= high else None

    def amount_from(self, match: re.Match[str]) -> AmountTerm | None:
        amount = self._amount(match["amount1"])
        if amount is None:
            return None
        how = match["how"].lower()
        if how == "=":
            return AmountTerm(match[0], amount, amount)
        included = how in {">=", "<=", "≥", "≤", "at least", "at most"}
        if how in {">", ">=", "≥", "over", "above", "more than", "at least"}:
            return AmountTerm(match[0], low=amount, low_included=included)
        return AmountTerm(match[0], high=amount, high_included=included)

    def amount_alone(self, match: re.Match[str]) -> Term | None:
        amount = self._amount(match["amount1"])
        if amount is None:
            return None
        if match[0].isdigit():
            return NumberTerm(match[0], match[0], amount)
        return AmountTerm(match[0], amount, amount)

    def status(self, match: re.Match[str]) -> StatusTerm:
        return StatusTerm(match[0], STATUS_WORDS[" ".join(match["status"].lower().split())])

    def _amount(self, text: str) -> Decimal | None:
        grouping = "." if self.decimal_mark == "," else ","
        whole, mark, fraction = re.sub(r"['\u00a0\u202f]", "", text).rpartition(self.decimal_mark)
        whole, fraction = (whole, fraction) if mark else (fraction, "")
        if grouping in fraction or self.decimal_mark in whole:
            return None
        if not re.fullmatch(r"\d{1,3}(?:G\d{3})+|\d+".replace("G", re.escape(grouping)), whole):
            # 136,58 in a locale of points, or the other way round: one mark and not three digits can only be decimals.
            whole, fraction = _decimals_of_the_other(text, grouping) or ("", "")
        digits = whole.replace(grouping, "")
        return Decimal(f"{digits}.{fraction or 0}") if digits and len(digits) <= 12 and len(fraction) <= 6 else None  # noqa: PLR2004 (what money columns hold)

    def _days(self, match: re.Match[str], n: int) -> tuple[date, date] | None:
        found = {name[:-1]: value for name, value in match.groupdict().items() if name.endswith(str(n)) and value}
        try:
            return self._span(found)
        except ValueError:  # the 31st of February
            return None

    def _span(self, found: dict[str, str]) -> tuple[date, date]:
        if iso := found.get("iso"):
            return date.fromisoformat(iso), date.fromisoformat(iso)
        if word := found.get("word"):
            return self._spoken(" ".join(word.lower().split()))
        if year := found.get("yearonly"):
            return date(int(year), 1, 1), date(int(year), 12, 31)
        if iso_month := found.get("isomonth"):
            return _month(int(iso_month[:4]), int(iso_month[5:]))
        month = _MONTHS.index(found["month"][:3].lower()) + 1
        # A month without a year is the latest one that has begun.
        year_of_month = int(found.get("year", 0)) or self.today.year - (month > self.today.month)
        day = found.get("dayfirst") or found.get("daysecond")
        if day:
            return date(year_of_month, month, int(day)), date(year_of_month, month, int(day))
        return _month(year_of_month, month)

    def _spoken(self, word: str) -> tuple[date, date]:
        year, month = self.today.year, self.today.month
        spans: dict[str, Callable[[], tuple[date, date]]] = {
            "today": lambda: (self.today, self.today),
            "yesterday": lambda: (self.today - timedelta(days=1), self.today - timedelta(days=1)),
            "this month": lambda: _month(year, month),
            "last month": lambda: _month(year - (month == 1), (month - 2) % 12 + 1),
            "this year": lambda: (date(year, 1, 1), date(year, 12, 31)),
            "last year": lambda: (date(year - 1, 1, 1), date(year - 1, 12, 31)),
        }
        return spans[word]()


def parse_search(text: str, today: date, decimal_mark: str = ".") -> InvoiceSearch:
    """Read a search as people type it; what is none of date, amount or status is part of a number.

    `today` is the customer's local day; `decimal_mark` is that of the locale on screen. Text beyond
    100 characters is not read.
    """
    text = " ".join(text[:MAX_CHARACTERS].replace("\0", "").split())
    reader = _Reader(today, decimal_mark)
    readings: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Term | None]]] = [
        (_DATE_RANGE, reader.date_range),
        (_YEAR_RANGE, reader.date_range),
        (_DATE_FROM, reader.date_from),
        (_DATE_ALONE, reader.date_alone),
        (_AMOUNT_RANGE, reader.amount_range),
        (_AMOUNT_FROM, reader.amount_from),
        (_AMOUNT_ALONE, reader.amount_alone),
        (_STATUS, reader.status),
    ]
    terms: list[Term] = []
    at = 0
    while at < len(text):
        read = ((read(match)) for pattern, read in readings if (match := pattern.match(text, at)))
        term = next((term for term in read if term is not None), None)
        if term is None:
            word = _ANYTHING.match(text, at)
            term = NumberTerm(word[0], word[0]) if word else NumberTerm("", "")
        terms.append(term)
        at += len(term.text) + 1
    return InvoiceSearch(tuple(terms))


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), last_of_month(year, month)


def _decimals_of_the_other(text: str, mark: str) -> tuple[str, str] | None:
    whole, found, fraction = text.rpartition(mark)
    return (whole, fraction) if found and whole.isdigit() and fraction.isdigit() and len(fraction) != 3 else None  # noqa: PLR2004
