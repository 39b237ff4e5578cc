"""The paper of an invoice: its measures, its font and colours, and the foot of every page."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from portal_app.exports.glyphs import UNPRINTABLE
from portal_app.texts import gettext as _

FONTS = Path(__file__).parent / "fonts"
FAMILY = "Open Sans"
LETTER_TERRITORIES = {"US", "CA", "MX", "PH", "CL", "CO", "CR", "GT", "PA", "PR", "SV", "VE"}
WIDTH, LEFT, TOP, BOTTOM = 174, 18, 18, 262
"""Millimetres: the width of the text and its place; the lowest line is above the foot on both papers."""
GREY, INK, RULE = (95, 99, 104), (24, 24, 27), (214, 214, 219)
LONGEST_NAME = 80


class Paper(FPDF):
    """A page with the foot of every page: who to ask, and which page this is."""

    name, contact = "", ""
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
        top, foot = self.get_y(), self._foot(self.name)
        if self.get_string_width(foot) <= WIDTH - 30:
            self.cell(WIDTH - 30, 4, foot)
        else:
            cut = self.name[: LONGEST_NAME - 1] + "…" if len(self.name) > LONGEST_NAME else self.name
            self.set_font(FAMILY, size=6)
            self.multi_cell(WIDTH - 32, 2.6, self._foot(cut), align="L")
            self.set_font(FAMILY, size=8)
            self.set_xy(LEFT + WIDTH - 30, top)
        self.cell(30, 4, _("Page {number} of {pages}").format(number=self.page_no(), pages="{nb}"), align="R")

    def _foot(self, name: str) -> str:
        return " · ".join(part for part in (name, self.contact) if part)
