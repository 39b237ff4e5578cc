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

from portal_app.billing.money import CURRENCIES
from portal_app.billing.periods import last_of_month
from portal_app.billing.states import UNPAID_STATES, InvoiceState
from portal_app.database import is_storable

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


def may_be_number(term: Term) -> bool:
    """Tell whether a period or an amount is one word, and so perhaps a whole number: 2026-03 may be the third."""
    return isinstance(term, AmountTerm | DateTerm) and not term.narrows and " " not in term.text


@dataclass(frozen=True, slots=True)
class InvoiceSearch:
    """The terms of one search, in the order typed."""

    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The search as text again, with single spaces and no commas between its terms."""
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
    r"(?P<iso{n}>" + _YEAR + r"[-/]\d\d[-/]\d\d)"
    r"|(?P<isomonth{n}>" + _YEAR + r"[-/]\d\d)"
    r"|(?P<dotted{n}>\d{{1,2}}\.\d{{1,2}}\." + _YEAR + r")"
    r"|(?P<slashed{n}>\d{{1,2}}/\d{{1,2}}/" + _YEAR + r")"
    r"|(?P<firstyear{n}>" + _YEAR + r")[\s/-]?q(?P<latequarter{n}>[1-4])"
    r"|q(?P<quarter{n}>[1-4])(?:,?[\s/-]?(?P<quarteryear{n}>" + _YEAR + r"))?"
    r"|(?P<word{n}>today|yesterday|this month|last month|this year|last year)"
    r"|(?:(?P<dayfirst{n}>\d{{1,2}})\.?\s+)?" + _MONTH + r"(?:\s+(?P<daysecond{n}>\d{{1,2}})(?=,|\s|$))?"
    r"(?:,?\s*(?P<year{n}>" + _YEAR + r"))?"
    r"|(?P<yearonly{n}>" + _YEAR + r")"
)
_SIGNS = "$€£¥\uffe5₹₩₽₺₪₫₴₦฿₱₲₡₵₸₼₾₮₭"
_SIGN = rf"[A-Z]*[{_SIGNS}](?:(?-i: [A-Z][A-Z])|[A-Z]*)"
_WORD = "[\u0400-\u04ff\u0620-\u064a][\u0400-\u04ff\u0620-\u064a.]*"  # as in Bulgarian or Arabic
_ENGLISH = {"all", "bam", "bob", "cop", "cup", "gel", "lak", "mad", "mop", "pen", "sos", "top", "try"}
"""Currencies whose codes are words, too, unless they stand in capitals."""
_CODES = "|".join(sorted(CURRENCIES.keys() - _ENGLISH)) + f"|(?-i:{'|'.join(sorted(_ENGLISH)).upper()})"
_CURRENCY = rf"(?:{_SIGN}|{_WORD}|zł|Kč|kr\.?|Rs\.?|Ft|{_CODES})"
_GROUPING = "'’"
_NUMBER = rf"(?P<minus{{n}}>\u2212?)(?:{_CURRENCY}\s?)?(?P<amount{{n}}>\d[\d.,{_GROUPING}]*)(?:\s?{_CURRENCY})?"
_END = r"(?=\s|$)"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text + _END, re.IGNORECASE | re.ASCII)


_DATE_1, _DATE_2 = (f"(?:{_DAY.format(n=n)})" for n in (1, 2))
_AMOUNT_1, _AMOUNT_2 = (_NUMBER.format(n=n) for n in (1, 2))
_DATE_RANGE = _pattern(rf"(?:from\s+)?{_DATE_1}(?:\s*\.\.\s*|\s+(?:-|–|to|until)\s+){_DATE_2}")
_YEAR_RANGE = _pattern(rf"(?P<yearonly1>{_YEAR})[-–](?P<yearonly2>{_YEAR})")
_DATE_FROM = _pattern(rf"(?P<how>since|from|after|until|through|before|up to)\s+{_DATE_1}")
_DATE_ALONE = _pattern(_DATE_1)
_AMOUNT_RANGE = _pattern(rf"(?:from\s+)?{_AMOUNT_1}\s*(?:\.\.|–|-|\s+to\s+)\s*{_AMOUNT_2}")
_HOW = "(?P<how>>=|<=|>|<|=|≥|≤|over|above|more than|under|below|less than|at least|at most)"
_AMOUNT_FROM = _pattern(rf"{_HOW}\s*{_AMOUNT_1}")
_AMOUNT_ALONE = _pattern(_AMOUNT_1)
_STATUS = _pattern("(?P<status>" + "|".join(STATUS_WORDS) + ")")
_SPACE_IN_FIGURE = re.compile(r"(?<=\d)[\u00a0\u202f](?=\d)")
_SIGN_AFTER_WORD = re.compile(rf"(?<=[a-z\d,])(?=[<>≥≤]=?\s*[\d{_SIGNS}])", re.IGNORECASE)
_WORD_FOR_AMOUNT = re.compile(
    rf"(?<!\S)(?:(?:amount|total|invoice)s?:?\s+)+(?={_HOW}\s*{_AMOUNT_1}(?:\s|$))", re.IGNORECASE | re.ASCII
)
_COMMA_AT_END = re.compile(r",+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a word means depends on: the customer's local day, and how the locale writes figures and days."""

    today: date
    decimal_mark: str
    is_month_first: bool

    def date_range(self, match: re.Match[str]) -> DateTerm | None:
        last = self._days(match, 2)
        first = self._days(match, 1) if last is None or _has_year(match) else self._before(match, last[1])
        return DateTerm(match[0], first[0], last[1]) if first and last and first[0] <= last[1] else None

    def _before(self, match: re.Match[str], last: date) -> tuple[date, date] | None:
        """A month without a year that begins a range is of the year the range ends in, or of the one before."""
        first = self._days(match, 1, last.year)
        return self._days(match, 1, last.year - 1) if first and first[0] > last else first

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
        low, high = self._amount(match, 1), self._amount(match, 2)
        return AmountTerm(match[0], low, high) if low is not None and high is not None and low <= high else None

    def amount_from(self, match: re.Match[str]) -> AmountTerm | None:
        amount = self._amount(match, 1)
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
        amount = self._amount(match, 1)
        if amount is None:
            return None
        if match[0].isdigit():
            return NumberTerm(match[0], match[0], amount)
        return AmountTerm(match[0], amount, amount)

    def status(self, match: re.Match[str]) -> StatusTerm:
        return StatusTerm(match[0], STATUS_WORDS[match["status"].lower()])

    def _amount(self, match: re.Match[str], n: int) -> Decimal | None:
        """Read a figure as the locale writes it, or, where that makes no sense, the other way round."""
        text = re.sub(f"[{_GROUPING}]", "", match[f"amount{n}"])
        other = "." if self.decimal_mark == "," else ","
        for mark, grouping in ((self.decimal_mark, other), (other, self.decimal_mark)):
            whole, fraction = text.rsplit(mark, 1) if mark in text else (text, "")
            digits = whole.replace(grouping, "")
            if (
                re.fullmatch(_WHOLE.replace("G", re.escape(grouping)), whole)
                and re.fullmatch(r"\d{0,6}", fraction)
                and len(digits) <= 12  # noqa: PLR2004 (what money columns hold)
            ):
                return Decimal(f"{'-' if match[f'minus{n}'] else ''}{digits}.{fraction or 0}")
        return None

    def _days(self, match: re.Match[str], n: int, year: int = 0) -> tuple[date, date] | None:
        found = {name[:-1]: value for name, value in match.groupdict().items() if name.endswith(str(n)) and value}
        try:
            return self._span(found, year)
        except ValueError:  # the 31st of February
            return None

    def _span(self, found: dict[str, str], year_of_range: int) -> tuple[date, date]:
        if iso := found.get("iso"):
            return _day(*iso.replace("/", "-").split("-"))
        if dotted := found.get("dotted"):
            return _day(*reversed(dotted.split(".")))
        if year := found.get("yearonly"):
            return date(int(year), 1, 1), date(int(year), 12, 31)
        if iso_month := found.get("isomonth"):
            return _month(int(iso_month[:4]), int(iso_month[5:]))
        if slashed := found.get("slashed"):
            return self._slashed(*map(int, slashed.split("/")))
        return self._named(found, year_of_range)

    def _named(self, found: dict[str, str], year_of_range: int) -> tuple[date, date]:
        if word := found.get("word"):
            return self._spoken(word.lower())
        if quarter := found.get("quarter") or found.get("latequarter"):
            return self._quarter(int(quarter), found.get("quarteryear") or found.get("firstyear") or year_of_range)
        month = _MONTHS.index(found["month"][:3].lower()) + 1
        # A month without a year is the latest one that has begun.
        year_of_month = int(found.get("year", year_of_range)) or self.today.year - (month > self.today.month)
        day = found.get("dayfirst") or found.get("daysecond")
        return _day(year_of_month, month, day) if day else _month(year_of_month, month)

    def _slashed(self, first: int, second: int, year: int) -> tuple[date, date]:
        """Read a day in the locale's order, or, where there is no such day, the other way round."""
        day, month = (second, first) if self.is_month_first else (first, second)
        return _day(year, day, month) if month > len(_MONTHS) else _day(year, month, day)

    def _quarter(self, quarter: int, year: str | int) -> tuple[date, date]:
        """Return the days of a quarter; without a year it is the latest one that has begun."""
        month = 3 * quarter - 2
        year = int(year) or self.today.year - (month > self.today.month)
        return date(year, month, 1), last_of_month(year, month + 2)

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


def parse_search(text: str, today: date, decimal_mark: str = ".", *, is_month_first: bool = False) -> InvoiceSearch:
    """Read a search as people type it; what is none of date, amount or status is part of a number.

    `today` is the customer's local day; `decimal_mark` is that of the locale on screen, and `is_month_first` says
    whether its days are written 12/31/2026. Text beyond 100 characters is not read, what no database can hold is left
    out, and so is a word for the amount before a comparison (`amount > 1000`), which is of amounts anyhow.
    """
    storable = "".join(character for character in text[:MAX_CHARACTERS] if is_storable(character))
    apart = _SIGN_AFTER_WORD.sub(" ", storable)[:MAX_CHARACTERS]
    text = " ".join(_COMMA_AT_END.sub("", _SPACE_IN_FIGURE.sub("", apart)).split())
    text = _WORD_FOR_AMOUNT.sub("", text)
    reader = _Reader(today, decimal_mark, is_month_first)
    readings: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Term | None]]] = [
        (_DATE_RANGE, reader.date_range),
        (_YEAR_RANGE, reader.date_range),
        (_DATE_FROM, reader.date_from),
        (_AMOUNT_RANGE, reader.amount_range),
        (_DATE_ALONE, reader.date_alone),
        (_AMOUNT_FROM, reader.amount_from),
        (_AMOUNT_ALONE, reader.amount_alone),
        (_STATUS, reader.status),
    ]
    terms: list[Term] = []
    at = 0
    while at < len(text):
        word = text[at:].partition(" ")[0]
        read = (read(match) for pattern, read in readings if (match := pattern.match(text, at)))
        term = next((term for term in read if term is not None), NumberTerm(word, word))
        terms.append(term)
        at += len(term.text) + 1
    return InvoiceSearch(tuple(terms))


_WHOLE = r"0|[1-9]\d*|[1-9]\d{0,2}(?:G\d{2,3})*G\d{3}"
"""Digits, grouped or not: by thousands, or as in India. With zeros in front it is a number, not an amount."""


def _has_year(match: re.Match[str]) -> bool:
    words = match.groupdict()
    return not (words.get("month1") or words.get("quarter1")) or bool(words.get("year1") or words.get("quarteryear1"))


def _day(year: str | int, month: str | int, day: str | int) -> tuple[date, date]:
    found = date(int(year), int(month), int(day))
    return found, found


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), last_of_month(year, month)
