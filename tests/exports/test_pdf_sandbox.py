"""Drawing a PDF of hostile data reads nothing but its own fonts, and calls nobody."""

import sys
from pathlib import Path

import cast
import pytest

from portal_app.display import make_display
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.exports.paper import FONTS
from portal_app.queries.branding import Operator
from portal_app.queries.invoice_details import get_invoice

HOSTILE = [
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "<img src='http://evil.example/x.png'>",
    "<a href='file:///etc/passwd'>x</a>",
    "\\\\evil.example\\share\\x",
    "/etc/passwd",
    "{{ open('/etc/passwd').read() }}",
]


@pytest.mark.threat("T24")
def test_drawing_a_pdf_opens_nothing_but_its_fonts(sqlite_database):
    with sqlite_database.writing() as session:
        acme = cast.add_customer(
            session, name=HOSTILE[0], email=HOSTILE[1], address_line1=HOSTILE[4], tax_id=HOSTILE[5]
        )
        lines = [cast.Line(text, cast.Decimal(20)) for text in HOSTILE]
        bill = cast.add_bill(
            session, acme, HOSTILE[2], lines, description=HOSTILE[3], payments=[cast.Paid(reference=HOSTILE[6])]
        )
        invoice = get_invoice(session, acme, bill.public_id, cast.NOW)
    operator = Operator(name=HOSTILE[0], address=(HOSTILE[1],), support_email=HOSTILE[2])
    display = make_display("en_US", "UTC")
    invoice_pdf(invoice, operator, display)  # whatever is imported on first use has been
    opened, listening = [], True

    def listen(event: str, arguments: tuple) -> None:
        if listening and event.startswith(("open", "socket.", "subprocess.", "urllib.", "os.exec", "os.system")):
            opened.append((event, *arguments[:1]))

    sys.addaudithook(listen)
    drawn = invoice_pdf(invoice, operator, display)
    listening = False
    assert drawn.startswith(b"%PDF-")
    assert [found for found in opened if Path(str(found[1])).parent != FONTS] == []
