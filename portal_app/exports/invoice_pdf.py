"""An invoice on paper: drawn in code, fonts embedded, the same bytes every time.

Everything stands in the area that A4 and US Letter share, so that either prints well on the other.
"""

from __future__ import annotations

import io
from typing import cast

from fpdf.enums import XPos, YPos

from portal_app.billing.money import Money
from portal_app.billing.states import InvoiceState
from portal_app.billing.statuses import InvoiceType
from portal_app.display import MISSING, Display, make_display
from portal_app.exports.glyphs import printable
from portal_app.exports.paper import BOTTOM, FAMILY, FONTS, GREY, INK, LEFT, LETTER_TERRITORIES, RULE, TOP, WIDTH, Paper
from portal_app.labels import INVOICE_STATES, PAYMENT_METHODS, PAYMENT_STATUSES
from portal_app.queries.branding import Operator
from portal_app.queries.invoice_details import InvoiceDetail, InvoiceLine
from portal_app.texts import gettext as _

COLUMNS = (92, 24, 28, 30)
"""Millimetres for the description, the quantity, its price and the amount, where the numbers need no more."""
GAP, ROW = 2, 5.2


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


class _Sheet:
    """The parts of one invoice, drawn from top to bottom."""

    def __init__(self, invoice: InvoiceDetail, operator: Operator, display: Display) -> None:
        self._invoice, self._operator = invoice, operator
        self._display = display if _prints(display, invoice) else _in_english(display)
        country = invoice.customer.country or display.locale.territory
        self._pdf = pdf = Paper(format="letter" if country in LETTER_TERRITORIES else "a4")
        pdf.set_margins(LEFT, TOP, pdf.w - LEFT - WIDTH)
        pdf.set_auto_page_break(auto=False)
        pdf.c_margin = 0
        pdf.add_font(FAMILY, "", FONTS / "OpenSans-Regular.ttf")
        pdf.add_font(FAMILY, "B", FONTS / "OpenSans-Semibold.ttf")
        pdf.set_title(self._text(_("Invoice {number}").format(number=invoice.summary.number or "")))
        pdf.set_author(self._text(operator.name))
        pdf.set_lang(str(self._display.locale).replace("_", "-"))
        pdf.set_creation_date(invoice.summary.issued_at)
        contact = _("Questions? {email}").format(email=operator.support_email) if operator.support_email else ""
        pdf.name, pdf.contact = self._text(operator.name), self._text(contact)
        self._columns = self._columns_for(invoice.lines)
        pdf.add_page()

    def heading(self) -> None:
        """Draw the operator's logo or name, and what this is."""
        pdf, operator, summary = self._pdf, self._operator, self._invoice.summary
        is_credit = self._invoice.invoice_type is InvoiceType.CREDIT
        is_void = summary.state is InvoiceState.VOID
        title = _("Credit note") if is_credit else _("Invoice")
        state = INVOICE_STATES[summary.state].label
        marks = [
            (title, 20, True),
            (summary.number or "", 10, False),
            (state.upper() if is_void else state, 14 if is_void else 10, True),
        ]
        right = min(WIDTH / 2, max(self._width(text, size, bold=bold) for text, size, bold in marks) + GAP)
        if operator.logo:
            pdf.image(io.BytesIO(operator.logo), x=LEFT, y=TOP, h=11, keep_aspect_ratio=True, w=60)
        else:
            self._write(operator.name, size=14, bold=True, width=WIDTH - right - 3 * GAP)
        left_end = pdf.get_y()
        pdf.set_y(TOP)
        for text, size, bold in marks:
            pdf.set_x(LEFT + WIDTH - right)
            self._write(text, size=size, bold=bold, grey=not bold, width=right, align="R")
        pdf.set_y(max(TOP + 30, left_end + 2 * GAP, pdf.get_y() + 2 * GAP))

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
            (_("Still to pay"), display.money(invoice.summary.to_pay)),
        ]
        top = end = self._pdf.get_y()
        least = ((32, GAP), (32, GAP), (0, 0), (46, 0))
        needed = [
            max(width, self._width(value, 10, bold=True) + gap)
            for (_label, value), (width, gap) in zip(shown, least, strict=True)
        ]
        needed[2] = WIDTH - needed[0] - needed[1] - needed[3]
        x = LEFT
        for (label, value), width in zip(shown, needed, strict=True):
            if value != MISSING:
                is_money = label == _("Still to pay")
                align, room = ("R", width) if is_money else ("L", width - GAP)
                self._pdf.set_xy(x, top)
                self._write(label, size=8, grey=True, width=room, align=align)
                self._pdf.set_x(x)
                self._write(value, size=10, bold=True, width=room, align=align)
                end = max(end, self._pdf.get_y())
            x += width
        self._pdf.set_y(max(top + 15, end + GAP))
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
            (_("Still to pay"), invoice.summary.to_pay, True, True),
        ]
        said = [(label, self._display.money(money), is_bold) for label, money, is_bold, is_said in rows if is_said]
        width = max(35, *(self._width(amount, 9.5, bold=is_bold) + GAP for _label, amount, is_bold in said))
        sums = [([(label, 80 - width, "L"), (amount, width, "R")], is_bold) for label, amount, is_bold in said]
        wrapped = sum(self._row_height(cells, 9.5, bold=is_bold) - ROW for cells, is_bold in sums)
        self._room(6 * len(said) + 8 + wrapped)
        self._pdf.ln(4)
        for cells, is_bold in sums:
            self._sum(cells, is_bold=is_bold)
        self._pdf.ln(5)

    def payments(self) -> None:
        """Draw what was paid, or tried."""
        if not self._invoice.payments:
            return
        self._room(20)
        self._write(_("Payments"), size=10, bold=True)
        self._pdf.ln(1)
        for payment in self._invoice.payments:
            words = [
                self._display.date(payment.at),
                PAYMENT_METHODS[payment.method],
                PAYMENT_STATUSES[payment.status].label,
            ]
            text = " · ".join([*words, payment.reference] if payment.reference else words)
            amount = self._display.money(payment.amount)
            width = max(40, self._width(amount, 9) + GAP)
            cells = [(text, WIDTH - width, "L"), (amount, width, "R")]
            self._room(self._row_height(cells, 9) + 0.8)
            self._row(cells, size=9)

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
            [(h, w, "L" if i == 0 else "R") for i, (h, w) in enumerate(zip(heads, self._columns, strict=True))],
            size=8,
            grey=True,
        )
        self._pdf.ln(0.5)
        self._rule()

    def _columns_for(self, lines: tuple[InvoiceLine, ...]) -> tuple[float, ...]:
        """Return the columns' widths: a number is neither wrapped nor cut, so what it needs the description lacks."""
        texts = [self._numbers(line) for line in lines]
        numbers = [
            max([width, *(self._width(row[at], 9.5) + GAP for row in texts)]) for at, width in enumerate(COLUMNS[1:])
        ]
        return (WIDTH - sum(numbers), *numbers)

    def _numbers(self, line: InvoiceLine) -> tuple[str, str, str]:
        display = self._display
        price = display.rate(line.unit_price, line.amount.currency) if line.unit_price is not None else ""
        return display.number(line.quantity), price, display.money(line.amount)

    def _period(self, line: InvoiceLine) -> str:
        period = self._display.period(line.period_start_at, line.period_end_at)
        return "" if period == MISSING else period

    def _line_height(self, line: InvoiceLine) -> float:
        width, period = self._columns[0] - 3, self._period(line)
        self._font(9.5)
        text = self._text(line.description)
        height = self._pdf.multi_cell(width, 4.6, text, align="L", dry_run=True, output="HEIGHT")
        self._font(8)
        under = 4 * len(self._wrapped(period, width)) + 0.2 if period else 0
        return cast("float", height) + under + 4

    def _line(self, line: InvoiceLine, height: float) -> None:
        pdf = self._pdf
        top, width = pdf.get_y(), self._columns[0] - 3
        pdf.set_xy(LEFT, top + 2)
        self._paragraph(line.description, width, size=9.5, height=4.6)
        if period := self._period(line):
            pdf.set_x(LEFT)
            self._write(period, size=8, grey=True, width=width)
        x = LEFT + self._columns[0]
        for text, width in zip(self._numbers(line), self._columns[1:], strict=True):
            pdf.set_xy(x, top + 2)
            self._write(text, size=9.5, width=width, align="R", height=4.6)
            x += width
        pdf.set_y(top + height)
        self._rule()

    def _sum(self, cells: list[tuple[str, float, str]], *, is_bold: bool) -> None:
        if is_bold:
            self._pdf.set_draw_color(*RULE)
            self._pdf.line(LEFT + 94, self._pdf.get_y() + 0.5, LEFT + WIDTH, self._pdf.get_y() + 0.5)
            self._pdf.ln(1)
        self._pdf.set_x(LEFT + 94)
        self._row(cells, size=9.5, bold=is_bold)

    def _row(self, cells: list[tuple[str, float, str]], *, size: float, bold: bool = False, grey: bool = False) -> None:
        self._font(size, bold=bold, grey=grey)
        left = self._pdf.get_x()
        wrapped = [self._wrapped(text, width) for text, width, _align in cells]
        rows = max(map(len, wrapped))
        for row in range(rows):
            self._pdf.set_x(left)
            for lines, (_text, width, align) in zip(wrapped, cells, strict=True):
                self._pdf.cell(width, ROW, lines[row] if row < len(lines) else "", align=align)
            self._pdf.ln(ROW if row == rows - 1 else size * 0.5)
        self._pdf.set_x(LEFT)

    def _row_height(self, cells: list[tuple[str, float, str]], size: float, *, bold: bool = False) -> float:
        self._font(size, bold=bold)
        return ROW + size * 0.5 * (max(len(self._wrapped(text, width)) for text, width, _align in cells) - 1)

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
        for part in self._wrapped(text, width):
            self._pdf.cell(width, line, part, align=align, new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _paragraph(
        self, text: str, width: float, *, size: float, bold: bool = False, height: float | None = None
    ) -> None:
        self._font(size, bold=bold)
        line = height or size * 0.5
        self._pdf.multi_cell(width, line, self._text(text), align="L", new_x=XPos.LEFT, new_y=YPos.NEXT)

    def _wrapped(self, text: str, width: float) -> list[str]:
        """Return the lines of a text as wide as this, in the font of now; at least one."""
        shown = self._text(text)
        if self._pdf.get_string_width(shown) <= width:
            return [shown]
        return cast("list[str]", self._pdf.multi_cell(width, 1, shown, align="L", dry_run=True, output="LINES"))

    def _width(self, text: str, size: float, *, bold: bool = False) -> float:
        self._font(size, bold=bold)
        return self._pdf.get_string_width(self._text(text))

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


def _prints(display: Display, invoice: InvoiceDetail) -> bool:
    """Tell whether the font has what this locale writes days and the invoice's amounts with."""
    summary = invoice.summary
    return not any(printable(text)[1] for text in (display.date(summary.issued_at), display.money(summary.total)))


def _in_english(display: Display) -> Display:
    """Return the English of the same country, or of the United States if there is none."""
    return make_display(f"en_{display.locale.territory}", display.zone.key)
