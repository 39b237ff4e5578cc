"""How a person reads money, credits, quantities, dates and statuses: CLDR through Babel, in one locale and zone.

Every face that shows text asks here, so that page, PDF and CSV headings agree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_compact_decimal, format_currency, format_decimal, get_decimal_symbol, get_group_symbol

from portal_app.billing.money import Money, exact, minor_digits, quantize
from portal_app.billing.periods import TimeRange, days, known_zones
from portal_app.texts import ngettext

MINUS = "\u2212"
MISSING = "\u2014"
MAX_CREDIT_DECIMALS = 4
MAX_QUANTITY_DECIMALS = 6
SIGNIFICANT_RATE_DIGITS = 6
_NO_DIRECTION = dict.fromkeys(map(ord, "\u200e\u200f\u061c"))
_SPACED_FIGURE = re.compile(r"(?<![\w.,/-])[0-9]{1,3}(?: [0-9]{3})+(?!\w)")
_SMALLEST = Decimal("1E-9")
"""Less than any currency's minor unit."""


@dataclass(frozen=True, slots=True)
class Display:
    """One reader's way of writing: a CLDR locale and an IANA zone."""

    locale: Locale
    zone: ZoneInfo

    @property
    def decimal_mark(self) -> str:
        """The locale's decimal mark: `.` or `,`."""
        return get_decimal_symbol(self.locale)

    @property
    def is_month_first(self) -> bool:
        """Whether 05/01/2026 is in May, as in `en_US`, rather than in January."""
        return self.locale.date_formats["short"].pattern.lower().startswith("m")

    def money(self, money: Money) -> str:
        """Write an amount in its currency's minor units; what is smaller than one but not zero as `<$0.01`."""
        rounded = money.rounded()
        if rounded.amount == 0 and money.amount != 0:
            unit = Decimal(1).scaleb(-minor_digits(money.currency))
            return f"{_sign(money.amount)}<{self._currency(unit, money.currency)}"
        return _sign(rounded.amount) + self._currency(abs(rounded.amount), money.currency)

    def signed_money(self, money: Money) -> str:
        """Write an amount with its sign, `+` included."""
        return ("+" if money.amount > 0 else "") + self.money(money)

    def exact_money(self, money: Money) -> str:
        """Write an amount with all its decimals, and at least the currency's."""
        digits = max(minor_digits(money.currency), _decimals(money.amount))
        return _sign(money.amount) + self._currency(quantize(abs(money.amount), digits), money.currency)

    def cost(self, exact: Money, shown: Money) -> str:
        """Write `shown`, the rounded twin of `exact`; as `<$0.01` where nothing is left of what is not zero."""
        if shown.amount == 0 and exact.amount != 0:
            return self.money(Money(_SMALLEST.copy_sign(exact.amount), exact.currency))
        return self.money(shown)

    def rate(self, price: Decimal, currency: str) -> str:
        """Write a unit price with up to six significant decimals, zeros trimmed; whole minor units as money."""
        if price == quantize(price, minor_digits(currency)):
            return self.money(Money(price, currency))
        digits = max(minor_digits(currency), SIGNIFICANT_RATE_DIGITS - 1 - price.adjusted())
        return self.exact_money(Money(quantize(price, digits).normalize(), currency))

    def number(self, value: Decimal, max_decimals: int = MAX_QUANTITY_DECIMALS) -> str:
        """Write a number with up to `max_decimals` decimals, trimmed; never a non-zero one as zero."""
        rounded = quantize(value, max_decimals)
        if rounded == 0 and value != 0:
            return f"{_sign(value)}<{self.number(Decimal(1).scaleb(-max_decimals), max_decimals)}"
        with exact():
            return _sign(rounded) + format_decimal(abs(rounded), locale=self.locale, decimal_quantization=False)

    def count(self, value: int) -> str:
        """Write a whole number with the locale's grouping."""
        return format_decimal(value, locale=self.locale)

    def quantity(self, value: Decimal, singular: str, plural: str, max_decimals: int = MAX_QUANTITY_DECIMALS) -> str:
        """Write a quantity with its unit: `5,911 calls`, `1 call`; the number alone if the unit has no name."""
        one, many = singular or plural, plural or singular
        return f"{self.number(value, max_decimals)} {one if _is_one(value, max_decimals) else many}".rstrip()

    def compact(self, value: Decimal) -> str:
        """Write a number for an axis: `12.3K`, `4.5M`, as the locale shortens it."""
        if abs(value) < 1000:  # noqa: PLR2004 (what is not shortened)
            return self.number(value)
        with exact():
            text = format_compact_decimal(abs(value), locale=self.locale, fraction_digits=1)
        return self.number(value) if text.isdigit() else _sign(value) + text

    def credits(self, value: Decimal) -> str:
        """Write credits with up to four decimals and their word: `434.2 credits`, `1 credit`."""
        return f"{self.number(value, MAX_CREDIT_DECIMALS)} {credits_word(value)}"

    def signed_credits(self, value: Decimal) -> str:
        """Write credits with their sign, `+` included."""
        return ("+" if value > 0 else "") + self.credits(value)

    def date(self, instant: datetime | None) -> str:
        """Write the local day of an instant, such as `Jan 6, 2026`."""
        return MISSING if instant is None else format_date(self.local(instant), "medium", locale=self.locale)

    def moment(self, instant: datetime | None) -> str:
        """Write a local day and time with its distance from UTC, such as `Jan 6, 2026, 2:05 PM (UTC+1)`."""
        if instant is None:
            return MISSING
        local = self.local(instant)
        return f"{self.date(instant)}, {self.time(local)} ({utc_offset(local)})"

    def period(self, start: datetime | None, end: datetime | None) -> str:
        """Write a period by the days it runs from and to, such as `Jan 6, 2026 – Feb 6, 2026`."""
        return MISSING if start is None or end is None else f"{self.date(start)} \u2013 {self.date(end)}"

    def window(self, window: TimeRange) -> str:
        """Write a window with its distance from UTC: a local day as `Jan 6, 2026 (UTC+1)`, others from and to."""
        start, end = self.local(window.start_at), self.local(window.end_at)
        day = days(start.date(), start.date(), self.zone)
        if (window.start_at, window.end_at) == (day.start_at, day.end_at):
            return f"{self.date(window.start_at)} ({utc_offset(start)})"
        if window.end_at > day.end_at:
            return f"{self.moment(window.start_at)} \u2013 {self.moment(window.end_at)}"
        moved = f" ({utc_offset(start)})" if start.utcoffset() != end.utcoffset() else ""
        return f"{self.date(window.start_at)}, {self.time(start)}{moved} \u2013 {self.time(end)} ({utc_offset(end)})"

    def time(self, local: datetime) -> str:
        """Write the time of day of a local instant, such as `2:05 PM`."""
        return format_time(local, "short", locale=self.locale)

    def day_of_month(self, local: datetime) -> str:
        """Write a local day without its year, such as `Jan 6`."""
        return format_skeleton("MMMd", local, locale=self.locale)

    def address(self, lines: Sequence[str], country: str) -> tuple[str, ...]:
        """Write an address with its country's name, from an ISO 3166 code, on the last line."""
        name = str(self.locale.territories.get(country.upper(), country))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return (*lines, name) if country else tuple(lines)

    def readable(self, text: str) -> str:
        """Return what is written as on the screen the way a search reads it.

        Days become ISO 8601, figures lose the spaces between their thousands, and marks of direction go.
        """
        text = text.translate(_NO_DIRECTION)
        if get_group_symbol(self.locale).isspace():
            text = _SPACED_FIGURE.sub(lambda figure: figure[0].replace(" ", ""), text)
        for month, pattern in enumerate(_days_of_months(self.locale), start=1):
            text = pattern.sub(lambda day, month=month: f"{day['year']}-{month:02d}-{int(day['day']):02d}", text)
        return text

    def local(self, instant: datetime) -> datetime:
        """Return an instant on the reader's clock."""
        return instant.astimezone(self.zone)

    def _currency(self, amount: Decimal, currency: str) -> str:
        with exact():
            text = format_currency(amount, currency.upper(), locale=self.locale, decimal_quantization=False)
        # CLDR's currencySpacing, which Babel leaves out: a code is not glued to its figure.
        return re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=[A-Za-z]\.)(?=\d)|(?<=\d)(?=[A-Za-z])", "\u00a0", text)


@lru_cache(maxsize=1000)  # locales come from addresses: whoever makes them up fills no memory
def make_display(locale: str, zone: str) -> Display:
    """Return the display for a locale such as `de_DE` or `en-US` and an IANA zone; unknown ones are English, UTC."""
    return Display(find_locale(locale) or Locale("en", "US"), ZoneInfo(zone if zone in known_zones() else "UTC"))


@lru_cache(maxsize=100)
def _days_of_months(locale: Locale) -> tuple[re.Pattern[str], ...]:
    """Return a pattern for each month's days as `date` writes them; none where they are English or figures alone."""
    written = [format_date(date(2001, month, 23), "medium", locale=locale) for month in range(1, 13)]
    if locale.language == "en" or not re.search(r"[^\W\d]|\s", written[0]):
        return ()
    return tuple(_days_like(text.translate(_NO_DIRECTION)) for text in written)


def _days_like(written: str) -> re.Pattern[str]:
    """Return the pattern of all days of the month that a 23rd of 2001 is in; the dot of a shortened word may lack."""
    text = " ".join(written.split())
    pattern = re.escape(text).replace("23", r"(?P<day>[0-9]{1,2})").replace("2001", r"(?P<year>[0-9]{4})")
    pattern = re.sub(r"(?<=[^\W\d])\\\.", r"\\.?", pattern).replace(r"\ ", r"\s+")
    return re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE)


def find_locale(name: str) -> Locale | None:
    """Return the CLDR locale called `name`, with `-` or `_`, or None if there is none."""
    try:
        return Locale.parse(name.replace("-", "_")) if name and len(name) <= 20 else None  # noqa: PLR2004 (the longest have 15)
    except (UnknownLocaleError, ValueError):
        return None


def credits_word(value: Decimal) -> str:
    """Return the unit word for that many credits, as many as are shown."""
    return ngettext("credit", "credits", 1 if _is_one(value, MAX_CREDIT_DECIMALS) else 2)


def utc_offset(local: datetime) -> str:
    """Return the distance of a local time from UTC as people write it: `UTC`, `UTC+1`, `UTC+5:45`, `UTC−3`."""
    offset = local.utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{MINUS if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")


def _is_one(value: Decimal, decimals: int) -> bool:
    """Tell whether a number is one, as it is shown."""
    return abs(quantize(value, decimals)) == 1


def _sign(value: Decimal) -> str:
    return MINUS if value < 0 else ""


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))
