"""An invoice on paper: drawn in code, fonts embedded, the same bytes every time.

Everything stands in the area that A4 and US Letter share, so that either prints well on the other.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from portal_app.billing.money import Money
from portal_app.billing.states import InvoiceState
from portal_app.billing.statuses import InvoiceType
from portal_app.display import MISSING, Display
from portal_app.exports.glyphs import UNPRINTABLE, printable
from portal_app.labels import INVOICE_STATES, PAYMENT_METHODS, PAYMENT_STATUSES
from portal_app.queries.branding import Operator
from portal_app.queries.invoice_details import InvoiceDetail, InvoiceLine
from portal_app.texts import gettext as _

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Open Sans"
LETTER_TERRITORIES = {"US", "CA", "MX", "PH", "CL", "CO", "CR", "GT", "PA", "PR", "SV", "VE"}
WIDTH, LEFT, TOP, BOTTOM = 174, 18, 18, 262
"""Millimetres: the width of the text and its place; the lowest line is above the foot on both papers."""
COLUMNS = (92, 24, 28, 30)
GREY, INK, RULE = (95, 99, 104), (24, 24, 27), (214, 214, 219)


def invoice_pdf(invoice: InvoiceDetail, operator: Operator, display: Display) -> bytes:
    """Return the invoice as PDF, on Letter where the customer's country, or else the locale's, uses it, else on A4."""
    sheet = _Sheet(invoice, operator, display)
    sheet.heading()
    sheet.parties()
    sheet.facts()
    sheet.lines()
    sheet.sums()
    sheet.payments()
    return sheet.finished()


class _Paper(FPDF):
    """A page with the foot of every page: who to ask, and which page this is."""

    foot = ""
    lost = False

    def footer(self) -> None:
        """Draw the foot; fpdf2 calls this at the end of each page."""
        self.set_font(FAMILY, size=8)
        self.set_text_color(*GREY)
        self.set_xy(LEFT, BOTTOM + 4)
        if self.lost:
            note = _(
                "{sign} stands for characters this file cannot print; they are shown in full on your billing page."
            )
            self.cell(WIDTH, 4, note.format(sign=UNPRINTABLE), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_x(LEFT)
        self.cell(WIDTH - 30, 4, self.foot)
        self.cell(30, 4, _("Page {number} of {pages}").format(number=self.page_no(), pages="{nb}"), align="R")


class _Sheet:
    """The parts of one invoice, drawn from top to bottom."""

    def __init__(self, invoice: InvoiceDetail, operator: Operator, display: Display) -> None:
        self._invoice, self._operator, self._display = invoice, operator, display
        country = invoice.customer.country or display.locale.territory
        self._pdf = pdf = _Paper(format="letter" if country in LETTER_TERRITORIES else "a4")
        pdf.set_margins(LEFT, TOP, pdf.w - LEFT - WIDTH)
        pdf.set_auto_page_break(auto=False)
        pdf.c_margin = 0
        pdf.add_font(FAMILY, "", FONTS / "OpenSans-Regular.ttf")
        pdf.add_font(FAMILY, "B", FONTS / "OpenSans-Semibold.ttf")
        pdf.set_title(self._text(_("Invoice {number}").format(number=invoice.summary.number or "")))
        pdf.set_author(self._text(operator.name))
        pdf.set_lang(str(display.locale).replace("_", "-"))
        pdf.set_creation_date(invoice.summary.issued_at)
        contact = _("Questions? {email}").format(email=operator.support_email) if operator.support_email else ""
        pdf.foot = self._text(" · ".join(part for part in (operator.name, contact) if part))
        pdf.add_page()

    def heading(self) -> None:
        """Draw the operator's logo or name, and what this is."""
        pdf, operator = self._pdf, self._operator
        if operator.logo:
            pdf.image(io.BytesIO(operator.logo), x=LEFT, y=TOP, h=11, keep_aspect_ratio=True, w=60)
        else:
            self._write(operator.name, size=14, bold=True)
        pdf.set_xy(LEFT, TOP)
        is_credit = self._invoice.invoice_type is InvoiceType.CREDIT
        self._write(_("Credit note") if is_credit else _("Invoice"), size=20, bold=True, align="R")
        pdf.set_x(LEFT)
        self._write(self._invoice.summary.number or "", size=10, grey=True, align="R")
        state = INVOICE_STATES[self._invoice.summary.state].label
        pdf.set_x(LEFT)
        is_void = self._invoice.summary.state is InvoiceState.VOID
        self._write(state.upper() if is_void else state, size=14 if is_void else 10, bold=True, align="R")
        pdf.set_y(TOP + 30)

    def parties(self) -> None:
        """Draw who bills on the left and who is billed on the right."""
        operator, customer = self._operator, self._invoice.customer
        top = self._pdf.get_y()
        self._party(_("From"), operator.legal_name or operator.name, operator.address, operator.tax_id, LEFT, top)
        left_end = self._pdf.get_y()
        address = self._display.address(customer.address, customer.country)
        email = (customer.email,) if customer.email else ()
        self._party(_("Billed to"), customer.name, (*address, *email), customer.tax_id, LEFT + 92, top)
        self._pdf.set_y(max(left_end, self._pdf.get_y()) + 7)

    def facts(self) -> None:
        """Draw the dates, and the amount that matters."""
        invoice, display = self._invoice, self._display
        shown = [
            (_("Issued"), display.date(invoice.summary.issued_at)),
            (_("Due"), display.date(invoice.summary.due_at)),
            (_("Period"), display.period(invoice.period_start_at, invoice.period_end_at)),
            (_("Still to pay"), display.money(invoice.summary.remaining)),
        ]
        top = self._pdf.get_y()
        for (label, value), x, width in zip(shown, (0, 32, 64, 128), (32, 32, 62, 46), strict=True):
            if value == MISSING:
                continue
            align = "R" if label == _("Still to pay") else "L"
            self._pdf.set_xy(LEFT + x, top)
            self._write(label, size=8, grey=True, width=width, align=align)
            self._pdf.set_x(LEFT + x)
            self._write(value, size=10, bold=True, width=width, align=align)
        self._pdf.set_y(top + 15)
        if invoice.description:
            self._paragraph(invoice.description, WIDTH, size=9)
            self._pdf.ln(3)

    def lines(self) -> None:
        """Draw the lines; a line that does not fit begins a page, under the same head."""
        self._lines_head()
        for line in self._invoice.lines:
            height = self._line_height(line)
            if self._pdf.get_y() + height > BOTTOM:
                self._pdf.add_page()
                self._lines_head()
            self._line(line, height)
        if not self._invoice.lines:
            self._write(_("No lines"), size=9, grey=True)

    def sums(self) -> None:
        """Draw the sums, kept together."""
        invoice = self._invoice
        tax = _("Tax ({name})").format(name=invoice.tax_name) if invoice.tax_name else _("Tax")
        rows: list[tuple[str, Money, bool, bool]] = [
            (_("Subtotal"), invoice.subtotal, False, True),
            (_("Discount"), -invoice.discount, False, invoice.discount.amount != 0),
            (tax, invoice.tax, False, invoice.tax.amount != 0),
            (_("Total"), invoice.summary.total, True, True),
            (_("Credits applied"), -invoice.credits_applied, False, invoice.credits_applied.amount != 0),
            (_("Amount due"), invoice.due, False, invoice.credits_applied.amount != 0),
            (_("Paid"), -invoice.paid, False, invoice.paid.amount != 0),
            (_("Refunded"), invoice.refunded, False, invoice.refunded.amount != 0),
            (_("Still to pay"), invoice.summary.remaining, True, True),
        ]
        said = [(label, money, is_bold) for label, money, is_bold, is_said in rows if is_said]
        self._room(6 * len(said) + 8)
        self._pdf.ln(4)
        for label, money, is_bold in said:
            self._sum(label, self._display.money(money), is_bold=is_bold)
        self._pdf.ln(5)

    def payments(self) -> None:
        """Draw what was paid, or tried."""
        if not self._invoice.payments:
            return
        self._room(20)
        self._write(_("Payments"), size=10, bold=True)
        self._pdf.ln(1)
        for payment in self._invoice.payments:
            self._room(6)
            words = [
                self._display.date(payment.at),
                PAYMENT_METHODS[payment.method],
                PAYMENT_STATUSES[payment.status].label,
            ]
            text = " · ".join([*words, payment.reference] if payment.reference else words)
            self._row([(text, WIDTH - 40, "L"), (self._display.money(payment.amount), 40, "R")], size=9)

    def finished(self) -> bytes:
        """Return the file."""
        return bytes(self._pdf.output())

    def _party(self, title: str, name: str, address: tuple[str, ...], tax_id: str, x: float, y: float) -> None:
        tax = (_("Tax id {number}").format(number=tax_id),) if tax_id else ()
        self._pdf.set_xy(x, y)
        self._write(title, size=8, grey=True, width=80)
        self._pdf.set_x(x)
        self._paragraph(name, 80, size=10, bold=True)
        for line in (*address, *tax):
            self._pdf.set_x(x)
            self._paragraph(line, 80, size=9)

    def _lines_head(self) -> None:
        self._rule()
        self._pdf.ln(1.5)
        heads = (_("Description"), _("Quantity"), _("Unit price"), _("Amount"))
        self._row(
            [(h, w, "L" if i == 0 else "R") for i, (h, w) in enumerate(zip(heads, COLUMNS, strict=True))],
            size=8,
            grey=True,
        )
        self._pdf.ln(0.5)
        self._rule()

    def _line_height(self, line: InvoiceLine) -> float:
        self._font(9.5)
        text = self._text(line.description)
        height = self._pdf.multi_cell(COLUMNS[0] - 3, 4.6, text, align="L", dry_run=True, output="HEIGHT")
        return cast("float", height) + (4.2 if line.period_start_at else 0) + 4

    def _line(self, line: InvoiceLine, height: float) -> None:
        pdf, display = self._pdf, self._display
        top = pdf.get_y()
        pdf.set_xy(LEFT, top + 2)
        self._paragraph(line.description, COLUMNS[0] - 3, size=9.5, height=4.6)
        if line.period_start_at:
            pdf.set_x(LEFT)
            self._write(display.period(line.period_start_at, line.period_end_at), size=8, grey=True, width=COLUMNS[0])
        price = display.rate(line.unit_price, line.amount.currency) if line.unit_price is not None else ""
        x = LEFT + COLUMNS[0]
        for text, width in zip(
            (display.number(line.quantity), price, display.money(line.amount)), COLUMNS[1:], strict=True
        ):
            pdf.set_xy(x, top + 2)
            self._write(text, size=9.5, width=width, align="R", height=4.6)
            x += width
        pdf.set_y(top + height)
        self._rule()

    def _sum(self, label: str, amount: str, *, is_bold: bool) -> None:
        if is_bold:
            self._pdf.set_draw_color(*RULE)
            self._pdf.line(LEFT + 94, self._pdf.get_y() + 0.5, LEFT + WIDTH, self._pdf.get_y() + 0.5)
            self._pdf.ln(1)
        self._pdf.set_x(LEFT + 94)
        self._row([(label, 45, "L"), (amount, 35, "R")], size=9.5, bold=is_bold)

    def _row(self, cells: list[tuple[str, float, str]], *, size: float, bold: bool = False, grey: bool = False) -> None:
        self._font(size, bold=bold, grey=grey)
        for text, width, align in cells:
            self._pdf.cell(width, 5.2, self._text(text), align=align)
        self._pdf.ln(5.2)
        self._pdf.set_x(LEFT)

    def _write(
        self,
        text: str,
        *,
        size: float,
        bold: bool = False,
        grey: bool = False,
        width: float = WIDTH,
        align: str = "L",
        height: float | None = None,
    ) -> None:
        self._font(size, bold=bold, grey=grey)
        line = height or size * 0.5
        self._pdf.cell(width, line, self._text(text), align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _paragraph(
        self, text: str, width: float, *, size: float, bold: bool = False, height: float | None = None
    ) -> None:
        self._font(size, bold=bold)
        line = height or size * 0.5
        self._pdf.multi_cell(width, line, self._text(text), align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _font(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self._pdf.set_font(FAMILY, "B" if bold else "", size)
        self._pdf.set_text_color(*(GREY if grey else INK))

    def _rule(self) -> None:
        self._pdf.set_draw_color(*RULE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(LEFT, self._pdf.get_y(), LEFT + WIDTH, self._pdf.get_y())

    def _room(self, height: float) -> None:
        if self._pdf.get_y() + height > BOTTOM:
            self._pdf.add_page()

    def _text(self, text: str) -> str:
        shown, lost = printable(text)
        self._pdf.lost = self._pdf.lost or lost
        return shown
