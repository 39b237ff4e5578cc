"""What people type into the invoice search, read as terms."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.billing.money import Money
from portal_app.billing.states import UNPAID_STATES, InvoiceState
from portal_app.database import is_storable
from portal_app.display import make_display
from portal_app.labels import INVOICE_STATES
from portal_app.queries.invoice_search import (
    MAX_CHARACTERS,
    STATUS_WORDS,
    AmountTerm,
    DateTerm,
    InvoiceSearch,
    NumberTerm,
    parse_search,
)

TODAY = date(2026, 1, 20)
D = date


def terms(text, decimal_mark=".", today=TODAY):
    return parse_search(text, today, decimal_mark).terms


def only(text, decimal_mark=".", today=TODAY):
    (term,) = terms(text, decimal_mark, today)
    assert term.text == text.replace(", ", " ").removesuffix(",")
    return term


def days(term):
    assert isinstance(term, DateTerm)
    return term.first, term.last


def amounts(term):
    assert isinstance(term, AmountTerm)
    return term.low, term.high, term.low_included, term.high_included


def test_nothing_typed_is_no_term():
    assert terms("") == terms("   \t\n ") == ()


@pytest.mark.parametrize("word", STATUS_WORDS)
def test_status_words_are_read_in_any_case(word):
    for typed in (word, word.upper(), word.capitalize()):
        assert only(typed).states == STATUS_WORDS[word]


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("paid", {InvoiceState.PAID}),
        ("overdue", {InvoiceState.OVERDUE}),
        ("pending", {InvoiceState.PENDING}),
        ("not paid", UNPAID_STATES),
        ("unpaid", UNPAID_STATES),
        ("partially paid", {InvoiceState.PARTIALLY_PAID}),
        ("refunded", {InvoiceState.REFUNDED, InvoiceState.PARTIALLY_REFUNDED}),
    ],
)
def test_a_status_word_means_what_it_says(word, states):
    assert only(word).states == states


@pytest.mark.parametrize("state", InvoiceState)
def test_every_status_on_screen_is_a_word_of_the_search(state):
    assert state in only(INVOICE_STATES[state].label).states


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", D(2026, 1, 1), D(2026, 12, 31)),
        ("1999", D(1999, 1, 1), D(1999, 12, 31)),
        ("Jan 2026", D(2026, 1, 1), D(2026, 1, 31)),
        ("january 2026", D(2026, 1, 1), D(2026, 1, 31)),
        ("Feb. 2024", D(2024, 2, 1), D(2024, 2, 29)),
        ("SEPT 2025", D(2025, 9, 1), D(2025, 9, 30)),
        ("2025-11", D(2025, 11, 1), D(2025, 11, 30)),
        ("2025/11", D(2025, 11, 1), D(2025, 11, 30)),
        ("2026-01-06", D(2026, 1, 6), D(2026, 1, 6)),
        ("2026/01/06", D(2026, 1, 6), D(2026, 1, 6)),
        ("06.01.2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("6.1.2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("Jan 6, 2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("Jan 6 2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("6 Jan 2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("6. January 2026", D(2026, 1, 6), D(2026, 1, 6)),
        ("Jan 6", D(2026, 1, 6), D(2026, 1, 6)),
        ("Jan 6,", D(2026, 1, 6), D(2026, 1, 6)),
        ("6 Jan", D(2026, 1, 6), D(2026, 1, 6)),
        ("25/11/2025", D(2025, 11, 25), D(2025, 11, 25)),
        ("5/1/2026", D(2026, 1, 5), D(2026, 1, 5)),
        ("11/25/2025", D(2025, 11, 25), D(2025, 11, 25)),
        ("Q1 2026", D(2026, 1, 1), D(2026, 3, 31)),
        ("2025 q4", D(2025, 10, 1), D(2025, 12, 31)),
        ("2025-Q3", D(2025, 7, 1), D(2025, 9, 30)),
        ("q1", D(2026, 1, 1), D(2026, 3, 31)),
        ("Q2", D(2025, 4, 1), D(2025, 6, 30)),
        # a month without a year is the latest one that has begun
        ("Jan", D(2026, 1, 1), D(2026, 1, 31)),
        ("February", D(2025, 2, 1), D(2025, 2, 28)),
        ("may", D(2025, 5, 1), D(2025, 5, 31)),
        ("24 Dec", D(2025, 12, 24), D(2025, 12, 24)),
        ("today", TODAY, TODAY),
        ("Yesterday", D(2026, 1, 19), D(2026, 1, 19)),
        ("this month", D(2026, 1, 1), D(2026, 1, 31)),
        ("last month", D(2025, 12, 1), D(2025, 12, 31)),
        ("this year", D(2026, 1, 1), D(2026, 12, 31)),
        ("last year", D(2025, 1, 1), D(2025, 12, 31)),
        # ranges
        ("2024-2025", D(2024, 1, 1), D(2025, 12, 31)),
        ("2024–2025", D(2024, 1, 1), D(2025, 12, 31)),
        ("2024 to 2025", D(2024, 1, 1), D(2025, 12, 31)),
        ("Jan 2025 - Mar 2025", D(2025, 1, 1), D(2025, 3, 31)),
        ("Jan 6, 2026 – Feb 6, 2026", D(2026, 1, 6), D(2026, 2, 6)),
        ("2025-12-24..2026-01-06", D(2025, 12, 24), D(2026, 1, 6)),
        ("06.01.2026 - 20.01.2026", D(2026, 1, 6), D(2026, 1, 20)),
        ("from Jan 2025 to Mar 2025", D(2025, 1, 1), D(2025, 3, 31)),
        ("from Jan 2025 until Mar 2025", D(2025, 1, 1), D(2025, 3, 31)),
        ("Jan – Mar 2025", D(2025, 1, 1), D(2025, 3, 31)),
        ("Nov – Feb 2024", D(2023, 11, 1), D(2024, 2, 29)),
        ("24 Dec – Jan 6, 2026", D(2025, 12, 24), D(2026, 1, 6)),
        ("Q3 – Q1 2026", D(2025, 7, 1), D(2026, 3, 31)),
        ("1/12/2025 - 6/1/2026", D(2025, 12, 1), D(2026, 1, 6)),
        ("Nov to Jan", D(2025, 11, 1), D(2026, 1, 31)),
        ("Mar to Feb", D(2024, 3, 1), D(2025, 2, 28)),
        # one end open
        ("since Jan 2025", D(2025, 1, 1), None),
        ("from 2025-06-01", D(2025, 6, 1), None),
        ("after 2024", D(2025, 1, 1), None),
        ("until Mar 2025", None, D(2025, 3, 31)),
        ("through 2024", None, D(2024, 12, 31)),
        ("up to 2024", None, D(2024, 12, 31)),
        ("before Jan 6, 2026", None, D(2026, 1, 5)),
        ("since Q4 2025", D(2025, 10, 1), None),
        ("before today", None, D(2026, 1, 19)),
    ],
)
def test_dates_and_periods_are_read_as_local_days(text, first, last):
    assert days(only(text)) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-01",
        "2026-02-30",
        "31.02.2026",
        "0.1.2026",
        "32 Jan 2026",
        "2026-00",
        "31/02/2026",
        "13/13/2026",
        "0/1/2026",
    ],
)
def test_a_day_that_does_not_exist_is_no_date(text):
    assert not any(isinstance(term, DateTerm) and term.text == text for term in terms(text))


@pytest.mark.parametrize(
    ("locale", "text", "day"),
    [
        ("en_US", "05/01/2026", D(2026, 5, 1)),
        ("en_GB", "05/01/2026", D(2026, 1, 5)),
        ("de_DE", "05/01/2026", D(2026, 1, 5)),
        ("en_US", "25/11/2025", D(2025, 11, 25)),
        ("en_US", "2026/05/01", D(2026, 5, 1)),
    ],
)
def test_a_day_with_slashes_is_in_the_locales_order(locale, text, day):
    (term,) = parse_search(text, TODAY, is_month_first=make_display(locale, "UTC").is_month_first).terms
    assert days(term) == (day, day)


@pytest.mark.parametrize("text", ["since 2026-02-30", "> 1,2,3"])
def test_a_comparison_with_what_is_no_value_is_words(text):
    assert all(isinstance(term, NumberTerm) for term in terms(text))


def test_in_january_the_last_month_is_december():
    assert days(only("last month", today=D(2026, 1, 31))) == (D(2025, 12, 1), D(2025, 12, 31))
    assert days(only("last month", today=D(2026, 3, 31))) == (D(2026, 2, 1), D(2026, 2, 28))
    assert days(only("yesterday", today=D(2026, 1, 1))) == (D(2025, 12, 31), D(2025, 12, 31))


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("136.58", ".", "136.58"),
        ("136,58", ",", "136.58"),
        ("136.58", ",", "136.58"),  # can only be decimals
        ("136,58", ".", "136.58"),
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1.234,50", ".", "1234.50"),
        ("1,234.50", ",", "1234.50"),
        ("1,234", ".", "1234"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ",", "1.234"),
        ("1.234.567", ".", "1234567"),
        ("1'234.50", ".", "1234.50"),
        ("1’234.50", ".", "1234.50"),
        ("12,34,567.00", ".", "1234567"),
        ("100.", ".", "100"),
        ("0.000001", ".", "0.000001"),
        ("999999999999", ".", "999999999999"),
        ("$136.58", ".", "136.58"),
        ("$ 136.58", ".", "136.58"),
        ("US$136.58", ".", "136.58"),
        ("136,58 €", ",", "136.58"),
        ("€20", ".", "20"),
        ("₹12,34,567.00", ".", "1234567"),
        ("KWD 7.345", ".", "7.345"),
        ("7,345 KWD", ",", "7.345"),
        ("136.58 usd", ".", "136.58"),
        ("Eur 136.58", ".", "136.58"),
        ("TRY 20.50", ".", "20.5"),
        ("\u2212$20.00", ".", "-20"),
    ],
)
def test_an_amount_is_read_as_it_stands_on_screen(text, mark, amount):
    term = only(text, mark)
    if isinstance(term, NumberTerm):
        assert term.amount == Decimal(amount)
    else:
        assert amounts(term) == (Decimal(amount), Decimal(amount), True, True)


LOCALES = ["en_US", "de_DE", "fr_FR", "en_IN", "de_CH", "pl_PL", "ja_JP", "pt_BR", "es_ES", "fr_CH", "fr_CA", "cs_CZ",
           "hu_HU", "ru_RU", "bg_BG", "sv_SE", "lv_LV", "zh_CN", "ko_KR", "th_TH", "ar", "he_IL", "fa_IR",
           "id_ID"]  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_copied_from_the_screen_finds_its_days(locale):
    display = make_display(locale, "UTC")
    for month in range(1, 13):
        first, last = datetime(2025, month, 6, tzinfo=UTC), datetime(2026, month, 23, tzinfo=UTC)
        for day in (first, last):
            assert days(only(display.readable(display.date(day)))) == (day.date(), day.date())
        (term,) = terms(display.readable(display.period(first, last)))
        assert days(term) == (first.date(), last.date())


@pytest.mark.parametrize(
    ("locale", "text", "read"),
    [
        ("fr_FR", "payée 6 JANV 2026", "payée 2026-01-06"),
        ("fr_FR", "avant 6 janv. 2026x", "avant 6 janv. 2026x"),
        ("fr_FR", "> 1 234,50 €", "> 1234,50 €"),
        ("pl_PL", "1 000 000", "1000000"),
        ("fr_FR", "2026 100", "2026 100"),
        ("fr_FR", "2026-01-06 100,50", "2026-01-06 100,50"),
        ("en_US", "Jan 6 136.58", "Jan 6 136.58"),
        ("en_US", "Jan 6, 2026", "Jan 6, 2026"),
        ("de_DE", "06.01.2026", "06.01.2026"),
    ],
)
def test_days_and_figures_are_read_as_the_locale_writes_them(locale, text, read):
    assert make_display(locale, "UTC").readable(text) == read


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("currency", ["usd", "eur", "jpy", "kwd", "inr", "chf", "pln"])
@pytest.mark.parametrize("amount", ["0.5", "20", "1234.5", "1234567.89", "-20"])
def test_what_is_copied_from_the_screen_finds_its_amount(locale, currency, amount):
    display = make_display(locale, "UTC")
    money = Money(Decimal(amount), currency).rounded()
    (term,) = terms(display.readable(display.money(money)), display.decimal_mark)
    found = term.amount if isinstance(term, NumberTerm) else term.low
    assert found == money.amount


@pytest.mark.parametrize("text", ["1,2,3.4.5", "12,34,5", "1234567890123", "1.1234567", "0.0.0"])
def test_what_is_no_figure_is_looked_for_in_numbers(text):
    assert only(text) == NumberTerm(text, text)


@pytest.mark.parametrize("text", ["00003", "007"])
def test_zeros_in_front_make_it_a_number(text):
    assert only(text) == NumberTerm(text, text)


def test_a_whole_number_is_a_piece_of_a_number_or_an_amount():
    assert only("20") == NumberTerm("20", "20", Decimal(20))
    assert isinstance(only("$20"), AmountTerm)
    assert isinstance(only("20.00"), AmountTerm)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> 100", (100, None, False, True)),
        (">100", (100, None, False, True)),
        (">= 100", (100, None, True, True)),
        ("≥ $100.50", (Decimal("100.50"), None, True, True)),
        ("over 100", (100, None, False, True)),
        ("more than 1,000", (1000, None, False, True)),
        ("at least 100", (100, None, True, True)),
        ("< 100", (None, 100, True, False)),
        ("<= 100", (None, 100, True, True)),
        ("under 100 EUR", (None, 100, True, False)),
        ("at most 100", (None, 100, True, True)),
        ("= 20", (20, 20, True, True)),
        ("= 2026", (2026, 2026, True, True)),
        ("> 2026", (2026, None, False, True)),
        ("100..200", (100, 200, True, True)),
        ("100 - 200", (100, 200, True, True)),
        ("100-200", (100, 200, True, True)),
        ("100 to 200", (100, 200, True, True)),
        ("from 100 to 200", (100, 200, True, True)),
        ("$99.50 – $100", (Decimal("99.50"), 100, True, True)),
        ("1950 - 2500", (1950, 2500, True, True)),
    ],
)
def test_amounts_can_be_compared(text, expected):
    assert amounts(only(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["INV-2026", "INV-202601-00003", "2026-00001", "1-00003", "202601-00002", "ARC-2026%", "x_y", "\\", "200-100"],
)
def test_everything_else_is_a_piece_of_a_number(text):
    assert only(text) == NumberTerm(text, text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("paid > 100 2026", ["paid", "> 100", "2026"]),
        ("overdue Jan 2026", ["overdue", "Jan 2026"]),
        ("INV-2026 paid", ["INV-2026", "paid"]),
        ("> 100 < 200", ["> 100", "< 200"]),
        ("since Jan 2025 until Mar 2025 unpaid", ["since Jan 2025", "until Mar 2025", "unpaid"]),
        ("paid, overdue", ["paid", "overdue"]),
        ("> 20 try", ["> 20", "try"]),
        ("Jan 6 > 100", ["Jan 6", "> 100"]),
        ("136.58 paid", ["136.58", "paid"]),
        ("partially paid paid", ["partially paid", "paid"]),
        ("paid>100", ["paid", ">100"]),
        ("Q1 2026>=$100", ["Q1 2026", ">=$100"]),
        ("not paid<100>20", ["not paid", "<100", ">20"]),
        ("amount > 1000 overdue", ["> 1000", "overdue"]),
        ("overdue Total:  over 1000", ["overdue", "over 1000"]),
        ("invoice amount>1000", [">1000"]),
        ("total", ["total"]),
        ("amount > x", ["amount", ">", "x"]),
    ],
)
def test_several_terms_are_read_one_after_the_other(text, kinds):
    assert [term.text for term in terms(text)] == kinds


def test_a_comparison_narrows_and_an_amount_or_a_period_does_not():
    narrowing = [term.narrows for term in terms("> 100 136.58 since Jan 2025 2025")]
    assert narrowing == [True, False, True, False]


def test_a_term_can_be_taken_out():
    search = parse_search("paid  > 100   2026", TODAY)
    assert search.text == "paid > 100 2026"
    assert [search.without(n) for n in range(3)] == ["> 100 2026", "paid 2026", "paid > 100"]
    assert InvoiceSearch().text == ""


def test_no_more_is_read_than_fits():
    assert len(parse_search("9" * 500, TODAY).text) == MAX_CHARACTERS


def test_what_no_database_can_hold_is_left_out():
    assert parse_search("a\0b\ud800c\udfffd", TODAY).text == "abcd"


# Letters that are the same as an ASCII one only to a regular expression that ignores case.
@pytest.mark.parametrize("text", ["proce\u017f\u017fing", "\u017fince 2025", "augu\u017ft", "2026-\u0660\u0661"])
def test_letters_and_digits_of_other_scripts_are_not_taken_for_ours(text):
    assert all(isinstance(term, NumberTerm | DateTerm) for term in terms(text))


FRAGMENTS = st.sampled_from(
    [*STATUS_WORDS, *"><=-–.,€$", "..", "to", "from", "since", "until", "before", "Jan", "may", "6", "20", "2026", "31",
     "Feb", "136.58", "1.234,50", "2026-01", "2026-02-30", "INV-", "today",
     "amount", "total:", "Q1", "q4", "25/11/2026", "5/1/", ">=", "last", "month", "KWD", "\u00a0", "%", "_"]
)  # fmt: skip
TEXTS = (
    st.text(max_size=120)
    | st.lists(FRAGMENTS, max_size=12).map(" ".join)
    | st.lists(FRAGMENTS, max_size=12).map("".join)
)


@given(TEXTS, st.dates(D(1970, 1, 1), D(2100, 1, 1)), st.sampled_from([".", ",", "\u066b"]), st.booleans())
def test_any_text_is_a_search_and_reading_it_again_is_the_same(text, today, mark, is_month_first):
    search = parse_search(text, today, mark, is_month_first=is_month_first)
    assert all(term.text and is_storable(term.text) for term in search.terms)
    assert parse_search(search.text, today, mark, is_month_first=is_month_first) == search
    for term in search.terms:
        if isinstance(term, DateTerm) and term.first and term.last:
            assert term.first <= term.last
        if isinstance(term, AmountTerm) and term.low is not None and term.high is not None:
            assert term.low <= term.high
