"""Money and credits as exact values, and the minor units of currencies (ISO 4217)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

# ISO 4217 active codes whose minor unit is not two digits; all others have two.
_MINOR_UNITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_TWO_DIGIT = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE "
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD "
    "XCG YER ZAR ZMW ZWG"
)
CURRENCIES: dict[str, int] = {code.lower(): 2 for code in _TWO_DIGIT.split()} | {
    code.lower(): digits for digits, codes in _MINOR_UNITS.items() for code in codes.split()
}

MONEY_SCALE = 6
"""Decimals stored of money, credits and quantities."""
RATE_SCALE = 12
"""Decimals stored of unit prices and conversion rates."""


class DoesNotFit(ValueError):
    """`value` has more digits than its column keeps; nothing is rounded silently."""

    def __init__(self, value: Decimal | int, problem: str) -> None:
        """Keep the value as it was given, so that its column can be found."""
        self.value = value
        super().__init__(f"{value} {problem}")


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were about to be added or subtracted."""


def minor_digits(currency: str) -> int:
    """Return how many decimals `currency` (lower-case ISO 4217) has: 2 for usd, 0 for jpy, 3 for kwd.

    Raises:
        KeyError: the code is not an active ISO 4217 currency.
    """
    return CURRENCIES[currency]


def is_currency(code: str) -> bool:
    """Tell whether `code` is an active ISO 4217 code in the dialect's lower case."""
    return code in CURRENCIES


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency (lower-case ISO 4217), in its major unit."""

    amount: Decimal
    currency: str

    def __add__(self, other: Money) -> Money:
        """Add an amount of the same currency.

        Raises:
            CurrencyMismatch: the currencies differ.
        """
        with exact():
            return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        """Subtract an amount of the same currency.

        Raises:
            CurrencyMismatch: the currencies differ.
        """
        with exact():
            return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        """Return the same amount the other way."""
        with exact():
            return Money(-self.amount, self.currency)

    def rounded(self) -> Money:
        """Round half up to the currency's minor unit, as an invoice prints it. Do this once, at the end."""
        return Money(quantize(self.amount, minor_digits(self.currency)), self.currency)

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be added")
        return other


def exact() -> AbstractContextManager[Context]:
    """Make sums and products inside `with` keep every digit: a quantity × multiplier × price has up to 57."""
    return localcontext(prec=96)


def quantize(value: Decimal, digits: int) -> Decimal:
    """Round `value` half up, away from zero, to `digits` decimals, whatever its size."""
    with exact():
        return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """Write a decimal without exponent, padding or negative zero: 43.420 is `43.42`, 1E+2 is `100`."""
    text = f"{value:f}"
    text = text.rstrip("0").removesuffix(".") if "." in text else text
    return "0" if text == "-0" else text


def value_of_credits(credits_: Decimal, conversion_rate: Decimal) -> Decimal:
    """Return the money that `credits_` stand for (invariant I2): 434.2 credits at 0.1 are 43.42.

    The product is kept to the money scale (10⁻⁶), the finest the ledger stores.
    """
    with exact():
        return quantize(credits_ * conversion_rate, MONEY_SCALE)


def is_worth(credits_: Decimal, amount: Decimal, conversion_rate: Decimal) -> bool:
    """Tell whether credits and money are the same at that rate (I2), to 10⁻⁶ of whichever followed from the other."""
    with exact():
        bought = quantize(amount / conversion_rate, MONEY_SCALE)
    return amount == value_of_credits(credits_, conversion_rate) or credits_ == bought
