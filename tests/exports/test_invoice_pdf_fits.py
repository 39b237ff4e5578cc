"""An invoice on paper whose texts are long: all of them stay on the paper, and none stands on another."""

import io
from dataclasses import replace
from decimal import Decimal

import cast
import pytest
from printed import overlapping, words_of
from pypdf import PdfReader

from portal_app.billing.statuses import InvoiceStatus, PaymentStatus
from portal_app.display import make_display
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.exports.paper import BOTTOM, LEFT, WIDTH
from portal_app.queries.branding import Operator
from portal_app.queries.invoice_details import get_invoice

NORTHWIND = Operator(name="Northwind Traders Ltd", support_email="billing@northwind.example")
LONG_NAME = "Northwind Traders and Sons International Trading and Shipping Company of London"
REFERENCE = "Wire transfer 2026-01-17 by Acme Corporation for invoices INV-1, INV-2, INV-3, INV-4"
TAX = "Value added tax of the Federal Republic of Germany, reduced 7%"
MANY = Decimal("12345678.123456")
VOIDED = {"invoice_status": InvoiceStatus.VOIDED, "payment_status": PaymentStatus.VOIDED}


@pytest.fixture
def session(sqlite_database):
    with sqlite_database.writing() as session:
        yield session


def drawn(session, number="INV-1", lines="20", operator=NORTHWIND, locale="en_US", **more):
    acme = cast.add_customer(session)
    bill = cast.add_bill(session, acme, number, lines, **more)
    invoice = get_invoice(session, acme, bill.public_id, cast.NOW)
    return PdfReader(io.BytesIO(invoice_pdf(invoice, operator, make_display(locale, "Europe/Berlin"))))


def words_that_fit(reader):
    """Return the words, after seeing that all are on the paper and none is on another."""
    words = words_of(reader)
    assert [one for one in words if one.left < LEFT - 0.1 or one.right > LEFT + WIDTH + 0.1] == []
    height = float(reader.pages[0].mediabox.height) * 25.4 / 72
    assert [one for one in words if one.base < height - BOTTOM - 17] == [], "below the foot"
    assert overlapping(words) == []
    return " ".join(one.text for one in words).replace("\xa0", " ")


LONG = {
    "the references of payments": {
        "payments": [cast.Paid(reference="W" * 255, amount=Decimal("0.01"))]
        + [cast.Paid(reference=REFERENCE * 2, amount=Decimal("0.01"))] * 30,
    },
    "the name of the tax": {"tax_name": TAX, "tax_rate": Decimal("0.07")},
    "numbers": {
        "lines": [
            cast.Line("Calls of the search interface by machines " * 3, Decimal(1), MANY),
            cast.Line("Everything " * 20, Decimal(5000000), Decimal(1000000)),
            cast.Line("Calls", Decimal("1234567.123456"), Decimal("1.5")),
        ],
        "currency": "kwd",
    },
    "the operator's name": {"operator": replace(NORTHWIND, name=LONG_NAME), "locale": "pt_BR"},
    "the operator's name and e-mail, and the number": {
        "operator": replace(NORTHWIND, name=LONG_NAME * 4 + "W" * 80, support_email=f"{'b' * 180}@example.com"),
        "number": "W" * 64,
        **VOIDED,
    },
}


@pytest.mark.parametrize("given", LONG.values(), ids=LONG)
def test_what_is_long_runs_over_nothing(session, given):
    words_that_fit(drawn(session, **given))


def test_what_is_wrapped_is_printed_whole(session):
    text = words_that_fit(
        drawn(
            session,
            lines=[cast.Line("Calls", Decimal("0.01"), MANY)],
            tax_name=TAX,
            tax_rate=Decimal("0.07"),
            payments=[cast.Paid(reference=REFERENCE)],
            operator=replace(NORTHWIND, name=LONG_NAME),
        )
    )
    assert "12,345,678.123456" in text
    assert set(f"Tax ({TAX}) Received · {REFERENCE} {LONG_NAME}".split()) <= set(text.split())
