"""What cells may hold."""

from decimal import Decimal

import pytest

from portal_app.billing.statuses import PaymentStatus
from portal_app.imports import kinds
from portal_app.imports.kinds import Reading
from portal_app.imports.nouns import NOUNS
from portal_app.imports.problems import BadCell

COLUMNS = [(noun, column) for noun in NOUNS.values() for column in noun.columns]


def read(kind, cell, reading=None):
    return kind.parse(cell, reading or Reading())


@pytest.mark.parametrize(("noun", "column"), COLUMNS, ids=lambda part: part.name)
def test_the_example_of_each_column_is_one_that_can_be_read_and_put_aside(noun, column):
    value = read(column.kind, column.example)
    rested = value.isoformat() if hasattr(value, "isoformat") else str(value) if isinstance(value, Decimal) else value
    assert column.kind.restore(rested) == value


@pytest.mark.parametrize(
    ("noun", "column"),
    [(noun, column) for noun, column in COLUMNS if "characters" in column.kind.form],
    ids=lambda part: part.name,
)
def test_no_text_is_longer_than_the_table_keeps(noun, column):
    stored = noun.table.__table__.c.get(column.attribute)
    size = getattr(stored.type, "length", 255) if stored is not None and not column.refers_to else 255
    start = "a@" if "e-mail" in column.kind.form else ""
    assert read(column.kind, start + "x" * (size - len(start))) == start + "x" * (size - len(start))
    with pytest.raises(BadCell, match=f"has {size + 1} characters; {size} fit"):
        read(column.kind, start + "x" * (size + 1 - len(start)))


def test_a_number_has_no_more_decimals_than_its_column():
    assert read(kinds.number(6), "0.123456") == Decimal("0.123456")
    assert read(kinds.number(6), "0.1234560") == Decimal("0.123456")
    with pytest.raises(BadCell, match="has more than 6 decimals"):
        read(kinds.number(6), "0.1234567")


def test_a_number_is_no_larger_than_its_column():
    assert read(kinds.number(6), "9223372036854.775807") == Decimal("9223372036854.775807")
    for cell in ("9223372036854.775808", "99999999999999999999"):
        with pytest.raises(BadCell, match="is too large"):
            read(kinds.number(6), cell)


def test_a_bound_of_a_number_is_kept():
    assert read(kinds.number(6, least=Decimal(0)), "0") == 0
    with pytest.raises(BadCell, match=r"-0\.01 is less than 0"):
        read(kinds.number(6, least=Decimal(0)), "-0.01")
    with pytest.raises(BadCell, match="0 is not more than 0"):
        read(kinds.number(6, above=Decimal(0)), "0")


def test_one_file_has_one_decimal_mark():
    reading = Reading(line=3)
    assert read(kinds.number(6), "1.234", reading) == Decimal("1.234")
    reading.line = 7
    with pytest.raises(BadCell, match=r"5\.000,00 has a decimal comma, but line 3 has a decimal point"):
        read(kinds.number(6), "5.000,00", reading)
    assert read(kinds.number(6), "5000", reading) == 5000


def test_a_file_with_decimal_commas_cannot_mean_a_point():
    reading = Reading(line=2)
    assert read(kinds.number(6), "5.000,00", reading) == 5000
    with pytest.raises(BadCell, match=r"5\.000 has a decimal point, but line 2 has a decimal comma"):
        read(kinds.number(6), "5.000", reading)


@pytest.mark.parametrize("cell", ["usd", "USD", "Usd"])
def test_a_currency_is_read_in_any_case(cell):
    assert read(kinds.currency(), cell) == "usd"


@pytest.mark.parametrize("cell", ["DEM", "XXX", "$", "US", "dollars", "ÜSD"])
def test_a_currency_that_is_not_in_use_is_refused(cell):
    with pytest.raises(BadCell, match="is not a currency in use"):
        read(kinds.currency(), cell)


def test_a_word_is_read_in_any_case():
    assert read(kinds.word(PaymentStatus), "partially_refunded") is PaymentStatus.PARTIALLY_REFUNDED


def test_an_unknown_word_is_answered_with_the_known_ones_and_the_nearest():
    with pytest.raises(BadCell, match=r"'SUCCEDED' is not one of INITIATED, .* \(did you mean SUCCEEDED\?\)"):
        read(kinds.word(PaymentStatus), "SUCCEDED")


@pytest.mark.parametrize("cell", ["billing@acme.example", "ünï+tag@例え.jp", "a@b"])
def test_an_address_needs_an_at_between_two_parts(cell):
    assert read(kinds.email(320), cell) == cell


@pytest.mark.parametrize("cell", ["acme", "@acme", "acme@", "a@b@c", "a b@c"])
def test_what_cannot_be_an_address_is_refused(cell):
    with pytest.raises(BadCell, match="is not an e-mail address"):
        read(kinds.email(320), cell)


def test_a_zone_is_an_iana_name():
    assert read(kinds.zone(), "Asia/Kathmandu") == "Asia/Kathmandu"
    with pytest.raises(BadCell, match=r"'Europe/Berln' is not an IANA time zone \(did you mean Europe/Berlin\?\)"):
        read(kinds.zone(), "Europe/Berln")


def test_a_locale_is_kept_with_an_underscore():
    assert read(kinds.locale(), "de-DE") == "de_DE"
    with pytest.raises(BadCell, match="'deutsch' is not a locale such as de_DE"):
        read(kinds.locale(), "deutsch")


def test_a_country_is_a_code_that_exists():
    assert read(kinds.country(), "de") == "DE"
    for cell in ("Germany", "QX", "1A"):
        with pytest.raises(BadCell, match="is not a country code"):
            read(kinds.country(), cell)


@pytest.mark.parametrize(
    ("cell", "value"), [("true", True), ("YES", True), ("1", True), ("False", False), ("no", False)]
)
def test_yes_and_no_have_several_spellings(cell, value):
    assert read(kinds.yes_or_no(), cell) is value


def test_maybe_is_neither():
    with pytest.raises(BadCell, match="'maybe' is neither true nor false"):
        read(kinds.yes_or_no(), "maybe")


@pytest.mark.parametrize("cell", ["0", "-1", "1.0", "1e3", "2147483648", "9" * 400, "\u0661"])
def test_a_whole_number_fits_an_integer_column(cell):
    assert read(kinds.whole(), "2147483647") == 2147483647
    with pytest.raises(BadCell, match="is not a whole number from 1 to 2147483647"):
        read(kinds.whole(), cell)


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("a\0b", r"U\+0000"),
        ("a\x1bb", r"U\+001B"),
        ("caf\udce9", "is not valid UTF-8"),
        ("\ud83d", "is not valid UTF-8"),
    ],
)
def test_text_that_no_database_keeps_is_refused(cell, problem):
    for kind in (kinds.text(99), kinds.identifier(99)):
        with pytest.raises(BadCell, match=problem):
            read(kind, cell)


def test_line_breaks_of_any_system_are_one_character_in_text():
    assert read(kinds.text(9), "a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_an_id_has_no_line_break():
    with pytest.raises(BadCell, match="has a line break in it"):
        read(kinds.identifier(9), "a\nb")


def test_a_long_cell_is_cut_where_it_is_quoted():
    with pytest.raises(BadCell) as refused:
        read(kinds.email(320), "x" * 5000)
    assert len(str(refused.value)) < 120
