"""An invoice on paper: what it says, on which paper, and that every page is whole."""

import io
from dataclasses import replace
from decimal import Decimal

import cast
import pytest
from PIL import Image
from pypdf import PdfReader
from sqlmodel import select

from portal_app.billing.statuses import InvoiceStatus, InvoiceType, PaymentMethod, PaymentStatus
from portal_app.display import make_display
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.models.invoice import LineItem
from portal_app.queries.branding import Operator
from portal_app.queries.invoice_details import get_invoice
from portal_app.ui.tabs.invoices.detail import open_invoice

NORTHWIND = Operator(
    name="Northwind Traders Ltd",
    address=("5 Dock Street", "London E1"),
    tax_id="GB123456789",
    support_email="billing@northwind.example",
)
US, GB, DE = (make_display(locale, "Europe/Berlin") for locale in ("en_US", "en_GB", "de_DE"))
A4, LETTER = (595, 842), (612, 792)


@pytest.fixture
def session(sqlite_database):
    with sqlite_database.writing() as session:
        yield session


def drawn(session, customer, bill, display=US, operator=NORTHWIND):
    invoice = get_invoice(session, customer, bill.public_id, cast.NOW)
    return PdfReader(io.BytesIO(invoice_pdf(invoice, operator, display)))


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages).replace("\xa0", " ")


@pytest.fixture
def rich_acme(session):
    profile = {"address_line1": "Torstraße 1", "address_postal_code": "10119", "address_city": "Berlin"}
    return cast.add_customer(session, address_country="DE", tax_id="DE811111111", email="ap@acme.example", **profile)


def test_who_bills_is_named_as_the_law_knows_it(session, rich_acme):
    operator = replace(NORTHWIND, legal_name="Northwind Holdings plc")
    text = text_of(drawn(session, rich_acme, cast.add_bill(session, rich_acme, "INV-1"), operator=operator))
    assert "From\nNorthwind Holdings plc\n5 Dock Street" in text


def test_it_names_both_parties_with_address_and_tax_id(session, rich_acme):
    text = text_of(drawn(session, rich_acme, cast.add_bill(session, rich_acme, "INV-1")))
    for words in ("Northwind Traders Ltd", "5 Dock Street", "GB123456789", "Acme Corp", "Torstraße 1", "10119 Berlin",
                  "Germany", "DE811111111", "ap@acme.example", "INV-1", "Questions? billing@"):  # fmt: skip
        assert words in text


def test_what_gives_money_back_is_called_a_credit_note(session, acme):
    bill = cast.add_bill(session, acme, "CN-2")
    bill.invoice_type = InvoiceType.CREDIT
    session.flush()
    text = text_of(drawn(session, acme, bill))
    assert "Credit note" in text
    assert "Invoice" not in text


def test_its_sums_say_everything_that_is_not_zero(session, acme):
    bill = cast.add_bill(
        session,
        acme,
        "INV-2",
        [cast.Line("Seats", Decimal("12.50"), Decimal(4)), cast.Line("Calls", Decimal("0.000025"), Decimal(40000))],
        discount_rate=Decimal("0.10"),
        tax_rate=Decimal("0.19"),
        tax_name="VAT 19%",
        credits_applied=Decimal("5.00"),
        payments=[cast.Paid(PaymentMethod.CARD, amount=Decimal("10.00"), reference="ch_1")],
    )
    text = text_of(drawn(session, acme, bill))
    for words in ("$50.00", "40,000", "$0.000025", "$1.00", "Subtotal $51.00", "Discount −$5.10", "Tax (VAT 19%) $8.72",
                  "Total $54.62", "Credits applied −$5.00", "Amount due $49.62", "Paid −$10.00", "Still to pay $39.62",
                  "Card · Received · ch_1"):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize(
    ("currency", "price", "shown"),
    [("jpy", "12400", "¥12,400"), ("kwd", "7.345", "KWD 7.345"), ("eur", ".5", "€0.50")],
)
def test_each_currency_has_its_own_decimals(session, acme, currency, price, shown):
    bill = cast.add_bill(session, acme, "INV-3", price, currency=currency)
    assert f"Total {shown}" in text_of(drawn(session, acme, bill))


@pytest.mark.parametrize(
    ("locale", "currency", "day", "shown"),
    [
        ("ja_JP", "jpy", "2026/01/10", "¥20"),
        ("ja_JP", "cny", "Jan 10, 2026", "CN¥20.00"),
        ("ko_KR", "krw", "2026. 1. 10.", "KRW 20"),
        ("ru_RU", "rub", "10 янв. 2026 \u0433.", "20,00 RUB"),
        ("tr_TR", "try", "10 Oca 2026", "TRY 20,00"),
        ("zh_CN", "usd", "Jan 10, 2026", "$20.00"),
        ("hi_IN", "inr", "10 Jan 2026", "Rs 20.00"),
        ("he_IL", "ils", "10 Jan 2026", "ILS 20.00"),
        ("ar", "usd", "10/01/2026", "20.00 US$"),
        ("ar_AE", "aed", "10 Jan 2026", "AED 20.00"),
    ],
)
def test_days_and_amounts_are_printed_whole_in_every_locale(session, acme, locale, currency, day, shown):
    bill = cast.add_bill(session, acme, "INV-3", "20", currency=currency)
    text = text_of(drawn(session, acme, bill, make_display(locale, "UTC")))
    assert f"Issued\n{day}" in text
    assert f"Total {shown}" in text
    assert "\ufffd" not in text
    assert "cannot print" not in text


@pytest.mark.parametrize(("display", "size"), [(US, LETTER), (GB, A4), (DE, A4)], ids=["US", "GB", "DE"])
def test_the_paper_is_the_countrys_and_the_content_fits_both(session, acme, display, size):
    reader = drawn(session, acme, cast.add_bill(session, acme, "INV-4"), display)
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


@pytest.mark.parametrize(("country", "size"), [("US", LETTER), ("CA", LETTER), ("DE", A4), ("JP", A4)])
def test_the_customers_country_comes_before_the_locales(session, country, size):
    customer = cast.add_customer(session, address_country=country)
    box = (
        drawn(session, customer, cast.add_bill(session, customer, "INV-4"), DE if size == LETTER else US)
        .pages[0]
        .mediabox
    )
    assert (round(box.width), round(box.height)) == size


def test_many_lines_run_over_numbered_pages_and_none_is_lost(session, acme):
    lines = [cast.Line(f"Line number {n:03d}: " + "a long description " * (n % 4), Decimal(1)) for n in range(120)]
    reader = drawn(session, acme, cast.add_bill(session, acme, "INV-5", lines))
    text = text_of(reader)
    pages = len(reader.pages)
    assert pages > 2
    for n in range(120):
        assert f"Line number {n:03d}" in text
    for number, page in enumerate(reader.pages, start=1):
        assert f"Page {number} of {pages}" in page.extract_text()
        assert "Description" in page.extract_text() or number == pages


def test_a_description_longer_than_a_page_is_printed_whole(session, acme):
    words = [f"word{n:04d}" for n in range(1200)]
    bill = cast.add_bill(session, acme, "INV-6", [cast.Line(" ".join(words)[:500], Decimal(1))])
    assert "word0040" in text_of(drawn(session, acme, bill))


def test_latin_greek_and_cyrillic_are_printed(session):
    customer = cast.add_customer(session, name="Žižkov Ωmega Привет ﬁn")
    reader = drawn(session, customer, cast.add_bill(session, customer, "INV-7"))
    assert "Žižkov Ωmega Привет" in text_of(reader)
    fonts = [str(font) for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts


def test_other_scripts_degrade_visibly_and_the_page_says_so(session):
    customer = cast.add_customer(session, name="三叉戟 KK")
    text = text_of(drawn(session, customer, cast.add_bill(session, customer, "INV-8")))
    assert "\ufffd\ufffd\ufffd KK" in text
    assert "stands for characters this file cannot print" in text


def test_nothing_is_said_about_characters_when_all_are_printed(session, acme):
    assert "cannot print" not in text_of(drawn(session, acme, cast.add_bill(session, acme, "INV-9")))


def test_a_voided_invoice_says_so_loudly(session, acme):
    voided = {"invoice_status": InvoiceStatus.VOIDED, "payment_status": PaymentStatus.VOIDED}
    assert "VOID" in text_of(drawn(session, acme, cast.add_bill(session, acme, "INV-10", **voided)))


@pytest.mark.parametrize("missing", ["period_start_at", "period_end_at"])
def test_a_period_that_lacks_one_of_its_ends_is_left_out_here_and_in_the_drawer(session, acme, missing):
    bill = cast.add_bill(session, acme, "INV-12")
    for row in (bill, session.exec(select(LineItem)).one()):
        row.period_start_at, row.period_end_at = cast.days_ago(30), cast.days_ago(1)
        setattr(row, missing, None)
        session.add(row)
    session.flush()
    opened = open_invoice(get_invoice(session, acme, bill.public_id, cast.NOW), US)
    assert (opened["period"], [line["period"] for line in opened["lines"]]) == ("", [""])
    assert "\u2014" not in text_of(drawn(session, acme, bill))


def test_the_logo_is_printed(session, acme):
    drawn_logo = io.BytesIO()
    Image.new("RGBA", (300, 80), (11, 92, 173, 255)).save(drawn_logo, "PNG")
    bill = cast.add_bill(session, acme, "INV-11")
    reader = drawn(session, acme, bill, operator=replace(NORTHWIND, logo=drawn_logo.getvalue()))
    assert next(image.image.size for image in reader.pages[0].images) == (300, 80)


def test_the_same_invoice_is_the_same_file(session, acme):
    bill = cast.add_bill(session, acme, "INV-12")
    invoice = get_invoice(session, acme, bill.public_id, cast.NOW)
    assert invoice_pdf(invoice, NORTHWIND, US) == invoice_pdf(invoice, NORTHWIND, US)
