"""How people read money, credits, numbers and time, in their locale and zone."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.money import CURRENCIES, Money, minor_digits
from portal_app.billing.periods import TimeRange, known_zones
from portal_app.display import Display, credits_word, find_locale, make_display, utc_offset

US, DE, IN, FR = (make_display(locale, "Europe/Berlin") for locale in ("en_US", "de_DE", "en_IN", "fr_FR"))
INSTANT = datetime(2026, 1, 6, 23, 30, tzinfo=UTC)
ZONES = st.sampled_from(sorted(known_zones()))
LOCALES = st.sampled_from(["en_US", "de_DE", "en_IN", "fr_FR", "ja_JP", "pt_BR", "sv_SE", "de_CH", "pl_PL"])


def money(amount, currency="usd"):
    return Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("display", "amount", "currency", "text"),
    [
        (US, "43.42", "usd", "$43.42"),
        (US, "136.579566", "usd", "$136.58"),
        (US, "-20", "usd", "−$20.00"),
        (US, "1234567.5", "usd", "$1,234,567.50"),
        (US, "0", "usd", "$0.00"),
        (US, "12000", "jpy", "¥12,000"),
        (US, "20", "kwd", "KWD\u00a020.000"),
        (US, "7.3455", "kwd", "KWD\u00a07.346"),
        (DE, "136.58", "eur", "136,58\u00a0€"),
        (DE, "-1234.5", "eur", "−1.234,50\u00a0€"),
        (IN, "1234567", "inr", "₹12,34,567.00"),
        (FR, "1234.5", "eur", "1\u202f234,50\u00a0€"),
        (US, "0.004", "usd", "<$0.01"),
        (US, "-0.004", "usd", "−<$0.01"),
        (US, "0.005", "usd", "$0.01"),
        (US, "0.4", "jpy", "<¥1"),
        (DE, "0.0004", "kwd", "<0,001\u00a0KWD"),
    ],
)
def test_money_is_written_in_the_locale_with_the_decimals_of_its_currency(display, amount, currency, text):
    assert display.money(money(amount, currency)) == text


@pytest.mark.parametrize(
    ("amount", "text"), [("100", "+$100.00"), ("-36.58", "−$36.58"), ("0", "$0.00"), ("0.001", "+<$0.01")]
)
def test_signed_money_says_which_way(amount, text):
    assert US.signed_money(money(amount)) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("36.580001", "usd", "$36.580001"),
        ("36.5", "usd", "$36.50"),
        ("-0.000001", "usd", "−$0.000001"),
        ("12000", "jpy", "¥12,000"),
        ("0.5", "jpy", "¥0.5"),
    ],
)
def test_exact_money_keeps_every_decimal(amount, currency, text):
    assert US.exact_money(money(amount, currency)) == text


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_every_currency_is_written_with_its_iso_decimals(currency):
    text = US.money(money("1234.5678", currency))
    assert len(re.search(r"\d(?:\.(\d+))?$", text)[1] or "") == minor_digits(currency)
    assert not re.search(r"[A-Za-z.]+\d{1,3},", text)


@given(st.decimals(-(10**12), 10**12, places=6), st.sampled_from(["jpy", "usd", "kwd"]), LOCALES)
def test_money_reads_back_as_the_rounded_amount_and_is_written_alike_again(amount, currency, locale):
    display = make_display(locale, "UTC")
    text = display.money(Money(amount, currency))
    if "<" in text:
        assert 0 < abs(amount) < Decimal("0.5").scaleb(-minor_digits(currency))
        return
    figure = re.search(r"\d.*\d|\d", text)[0]
    read = parse_decimal(figure, locale=display.locale) * (-1 if text.startswith("−") else 1)
    assert read == Money(amount, currency).rounded().amount
    assert display.money(Money(read, currency)) == text


@given(st.decimals(-(10**6), 10**6, places=6).filter(bool), st.sampled_from(["jpy", "usd", "kwd"]), LOCALES)
def test_what_is_not_zero_never_prints_as_zero(amount, currency, locale):
    display = make_display(locale, "UTC")
    for text in (display.money(Money(amount, currency)), display.number(amount), display.credits(amount)):
        assert re.search(r"[1-9]", text)


@pytest.mark.parametrize(
    ("price", "currency", "text"),
    [
        ("20", "usd", "$20.00"),
        ("0.01", "usd", "$0.01"),
        ("0.000025", "usd", "$0.000025"),
        ("0.023106", "usd", "$0.023106"),
        ("0.0250", "usd", "$0.025"),
        ("12.3456789", "usd", "$12.3457"),
        ("1234567.89123", "usd", "$1,234,567.89"),
        ("0.000000000001", "usd", "$0.000000000001"),
        ("-0.000025", "usd", "−$0.000025"),
        ("0", "usd", "$0.00"),
        ("0.5", "jpy", "¥0.5"),
        ("12400", "jpy", "¥12,400"),
    ],
)
def test_a_unit_price_has_up_to_six_significant_decimals(price, currency, text):
    assert US.rate(Decimal(price), currency) == text


@pytest.mark.parametrize(
    ("display", "value", "text"),
    [
        (US, "434.2", "434.2 credits"),
        (US, "1", "1 credit"),
        (US, "-1", "−1 credit"),
        (US, "1.00001", "1 credit"),
        (US, "0.99999", "1 credit"),
        (US, "1.0001", "1.0001 credits"),
        (US, "0", "0 credits"),
        (US, "0.00001", "<0.0001 credits"),
        (US, "1000.00004", "1,000 credits"),
        (DE, "1234.5", "1.234,5 credits"),
        (IN, "1234567.25", "12,34,567.25 credits"),
    ],
)
def test_credits_have_up_to_four_decimals_and_their_word(display, value, text):
    assert display.credits(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("1000", "+1,000 credits"), ("-365.8", "−365.8 credits"), ("0", "0 credits"), ("1", "+1 credit")],
)
def test_signed_credits_say_which_way(value, text):
    assert US.signed_credits(Decimal(value)) == text


@pytest.mark.parametrize(
    ("display", "value", "text"),
    [
        (US, "5911", "5,911"),
        (US, "5911.000000", "5,911"),
        (US, "0.1234567", "0.123457"),
        (US, "0.0000001", "<0.000001"),
        (US, "-0.0000001", "−<0.000001"),
        (US, "-12", "−12"),
        (US, "0", "0"),
        (US, "100", "100"),
        (DE, "1234567.5", "1.234.567,5"),
        (IN, "1234567.5", "12,34,567.5"),
        (FR, "1234567.5", "1\u202f234\u202f567,5"),
    ],
)
def test_a_number_is_grouped_as_the_locale_does_and_trimmed(display, value, text):
    assert display.number(Decimal(value)) == text


def test_a_number_can_be_held_to_fewer_decimals():
    assert US.number(Decimal("1.25"), 1) == "1.3"
    assert US.number(Decimal("0.2"), 0) == "<1"


def test_a_count_is_grouped_as_the_locale_does():
    assert (US.count(1200), DE.count(1200), IN.count(1200000)) == ("1,200", "1.200", "12,00,000")


@pytest.mark.parametrize(("display", "mark"), [(US, "."), (IN, "."), (DE, ","), (FR, ",")])
def test_the_decimal_mark_is_the_locales(display, mark):
    assert display.decimal_mark == mark
    assert display.is_month_first is (display is US)


@pytest.mark.parametrize(
    ("display", "text"), [(US, "Jan 7, 2026"), (DE, "07.01.2026"), (IN, "7 Jan 2026"), (FR, "7 janv. 2026")]
)
def test_a_date_is_the_local_day(display, text):
    assert display.date(INSTANT) == text


def test_a_moment_says_its_distance_from_utc():
    assert US.moment(INSTANT) == "Jan 7, 2026, 12:30\u202fAM (UTC+1)"
    assert make_display("de_DE", "Asia/Kathmandu").moment(INSTANT) == "07.01.2026, 05:15 (UTC+5:45)"


def test_a_period_is_written_by_its_two_days():
    end = datetime(2026, 2, 6, 11, tzinfo=UTC)
    assert US.period(INSTANT, end) == "Jan 7, 2026 – Feb 6, 2026"


def test_what_is_missing_is_a_dash_and_never_a_zero():
    assert US.date(None) == US.moment(None) == US.period(None, INSTANT) == US.period(INSTANT, None) == "—"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "UTC"),
        ("Europe/London", "UTC"),
        ("Europe/Berlin", "UTC+1"),
        ("America/Sao_Paulo", "UTC−3"),
        ("America/St_Johns", "UTC−3:30"),
        ("Asia/Kathmandu", "UTC+5:45"),
        ("Pacific/Kiritimati", "UTC+14"),
    ],
)
def test_the_offset_is_written_as_people_do(zone, text):
    assert utc_offset(INSTANT.astimezone(ZoneInfo(zone))) == text


def test_a_time_without_zone_is_taken_for_utc():
    assert utc_offset(datetime(2026, 1, 6)) == "UTC"


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(sorted(known_zones())),
)
def test_no_zone_there_is_fails_to_print(instant, zone):
    assert re.search(r"\(UTC([+−]\d+(:\d\d)?)?\)$", make_display("en_US", zone).moment(instant))


def test_one_credit_is_a_credit_whichever_way_it_moves():
    assert [credits_word(Decimal(n)) for n in ("0", "1", "-1", "2", "1.5")] == [
        "credits", "credit", "credit", "credits", "credits",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "found"), [("de_DE", "de_DE"), ("de-DE", "de_DE"), ("zh-Hant-TW", "zh_Hant_TW"), ("fr", "fr")]
)
def test_a_locale_is_found_with_either_separator(name, found):
    assert str(find_locale(name)) == found


@pytest.mark.parametrize("name", ["", "xx", "xx_YY", "en_US_and_a_very_long_rest", "../../etc", "de__DE", "en_US\0"])
def test_an_unknown_locale_is_none(name):
    assert find_locale(name) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_locale_and_zone_are_asked_for_there_is_a_display(locale, zone):
    display = make_display(locale, zone)
    assert isinstance(display, Display)
    assert display.money(money("1"))


def test_unknown_wishes_are_english_and_utc():
    display = make_display("tlh_QO", "Mars/Olympus")
    assert (str(display.locale), display.zone.key) == ("en_US", "UTC")


def test_wishes_from_addresses_do_not_pile_up_in_memory():
    for number in range(2000):
        make_display(f"x{number}", "UTC")
    assert make_display.cache_info().currsize <= 1000


@pytest.mark.parametrize(
    ("exact", "shown", "text"),
    [
        ("141.864", "141.86", "$141.86"),
        ("0.004", "0", "<$0.01"),
        ("0.009", "0", "<$0.01"),
        ("-0.004", "0", "−<$0.01"),
        ("0", "0", "$0.00"),
        ("0.006", "0.01", "$0.01"),
    ],
)
def test_a_cost_rounded_elsewhere_never_shows_as_zero_if_it_is_not(exact, shown, text):
    assert US.cost(money(exact), money(shown)) == text


@pytest.mark.parametrize(
    ("value", "units", "text"),
    [
        ("5911", ("call", "calls"), "5,911 calls"),
        ("1", ("call", "calls"), "1 call"),
        ("-1", ("call", "calls"), "−1 call"),
        ("1.0000001", ("call", "calls"), "1 call"),
        ("0", ("call", "calls"), "0 calls"),
        ("1.5", ("GB", ""), "1.5 GB"),
        ("1", ("", "seats"), "1 seats"),
        ("7", ("", ""), "7"),
    ],
)
def test_a_quantity_has_its_unit_one_or_many(value, units, text):
    assert US.quantity(Decimal(value), *units) == text


@pytest.mark.parametrize(
    ("display", "value", "text"),
    [
        (US, "0", "0"),
        (US, "0.25", "0.25"),
        (US, "950", "950"),
        (US, "12300", "12.3K"),
        (US, "4500000", "4.5M"),
        (US, "-1500", "−1.5K"),
        (DE, "12300", "12.300"),
        (DE, "4500000", "4,5\xa0Mio."),
    ],
)
def test_an_axis_shortens_numbers_as_the_locale_does(display, value, text):
    assert display.compact(Decimal(value)) == text


BERLIN_DAYS = {
    "a day": ("2026-01-12T23:00Z", "2026-01-13T23:00Z", "Jan 13, 2026 (UTC+1)"),
    "a day of 23 hours": ("2026-03-28T23:00Z", "2026-03-29T22:00Z", "Mar 29, 2026 (UTC+1)"),
    "an hour": ("2026-01-13T13:00Z", "2026-01-13T14:00Z", "Jan 13, 2026, 2:00\u202fPM – 3:00\u202fPM (UTC+1)"),
    "the last six hours": (
        "2026-01-13T17:00Z", "2026-01-13T23:00Z", "Jan 13, 2026, 6:00\u202fPM – 12:00\u202fAM (UTC+1)",
    ),
    "an hour that comes again": (
        "2026-10-25T00:00Z", "2026-10-25T01:00Z", "Oct 25, 2026, 2:00\u202fAM (UTC+2) – 2:00\u202fAM (UTC+1)",
    ),
    "its second coming": (
        "2026-10-25T01:00Z", "2026-10-25T02:00Z", "Oct 25, 2026, 2:00\u202fAM – 3:00\u202fAM (UTC+1)",
    ),
    "a week": (
        "2026-01-11T23:00Z", "2026-01-18T23:00Z",
        "Jan 12, 2026, 12:00\u202fAM (UTC+1) – Jan 19, 2026, 12:00\u202fAM (UTC+1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", BERLIN_DAYS)
def test_a_window_is_written_exactly_with_its_distance_from_utc(which):
    start, end, text = BERLIN_DAYS[which]
    assert US.window(TimeRange(datetime.fromisoformat(start), datetime.fromisoformat(end))) == text


def test_a_window_of_kathmandu_has_its_quarter_hour():
    kathmandu = make_display("en_US", "Asia/Kathmandu")
    day = TimeRange(datetime(2026, 1, 12, 18, 15, tzinfo=UTC), datetime(2026, 1, 13, 18, 15, tzinfo=UTC))
    assert kathmandu.window(day) == "Jan 13, 2026 (UTC+5:45)"


def test_a_number_of_any_size_is_written_out():
    assert US.number(Decimal("1E+40")) == "10," + ",".join(["000"] * 13)
    assert US.compact(Decimal("1E+40")).endswith("T")
    assert US.money(money("1E+40")) == "$10," + ",".join(["000"] * 13) + ".00"
