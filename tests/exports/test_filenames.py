"""Names of files: safe in a header, on every disk, and never empty."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_app.exports.filenames import content_disposition, invoice_filename


def invoice(number: str | None):
    return SimpleNamespace(summary=SimpleNamespace(number=number, public_id="inv_01K8DC3ZAH6R55GTPFTWSR2EHF"))


@pytest.mark.threat("T23")
@given(st.none() | st.text() | st.text('\r\n\0";\\/:.%=*', max_size=10))
def test_whatever_a_number_is_the_header_holds_one_plain_name(number):
    name = invoice_filename(invoice(number))
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*\.pdf", name)
    assert len(name) <= 84
    assert content_disposition(name) == f'attachment; filename="{name}"'


@pytest.mark.threat("T23")
@given(st.text())
def test_whatever_a_name_is_the_header_is_one_line_with_one_quoted_name(name):
    header = content_disposition(name)
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9._-]*"', header)
    header.encode("ascii")


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV-202601-00003", "INV-202601-00003.pdf"),
        ("2026/00017", "2026-00017.pdf"),
        ("Rechnung Nr. 5", "Rechnung-Nr.-5.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ('a"; filename="evil.exe', "a-filename-evil.exe.pdf"),
        ("請求書", "inv_01K8DC3ZAH6R55GTPFTWSR2EHF.pdf"),
        (None, "inv_01K8DC3ZAH6R55GTPFTWSR2EHF.pdf"),
        ("CON", "CON.pdf"),
        ("9" * 300, "9" * 80 + ".pdf"),
    ],
)
def test_an_invoice_is_called_as_its_number_as_far_as_a_name_can_hold_it(number, name):
    assert invoice_filename(invoice(number)) == name
