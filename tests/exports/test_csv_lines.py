"""CSV that spreadsheets open as it is meant: everything comes back, nothing runs."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.exports.csv_lines import BOM, csv_lines

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take a cell for a formula, the full-width signs of East Asian ones included."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
dangerous = st.builds(str.__add__, st.sampled_from([*RUN, "\0=", "\0\t", "'=", "''", '"=', ",=", ";", " ="]), texts)


def read(lines) -> list[list[str]]:
    """Parse a file again, as any reader of RFC 4180 does."""
    whole = "".join(lines)
    assert whole.startswith(BOM)
    return list(csv.reader(io.StringIO(whole.removeprefix(BOM), newline="")))


@pytest.mark.threat("T21")
@given(st.lists(st.lists(texts | dangerous, min_size=2, max_size=4), max_size=4))
def test_texts_come_back_and_none_begins_like_a_formula(rows):
    head, *found = read(csv_lines(["a", "b"], rows))
    assert head == ["a", "b"]
    assert len(found) == len(rows)
    for written, row in zip(found, rows, strict=True):
        assert not [cell for cell in written if cell.startswith((*RUN, "\0"))]
        for cell, text in zip(written, row, strict=True):
            kept = text.replace("\0", "")
            assert cell == (f"'{kept}" if kept.startswith(RUN) else kept)


@pytest.mark.threat("T21")
@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12) | st.integers()
)
def test_numbers_stay_numbers_negative_ones_too(number):
    _, [cell, nothing] = read(csv_lines(["n", "x"], [[number, None]]))
    assert Decimal(cell) == number
    assert "E" not in cell
    assert nothing == ""


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Decimal("-20.00"), "-20"),
        (Decimal("43.420000"), "43.42"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-6"), "0"),
        (Decimal("-0.000000"), "0"),
        (7, "7"),
    ],
)
def test_a_number_is_written_plainly(number, written):
    assert read(csv_lines(["n"], [[number]]))[1] == [written]


def test_lines_end_as_rfc_4180_says():
    assert list(csv_lines(["a"], [['x"y']])) == [f"{BOM}a\r\n", '"x""y"\r\n']
