"""Names of files, safe in a header and on every disk."""

import re

from portal_app.queries.invoice_details import InvoiceDetail

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
MAX_CHARACTERS = 80


def invoice_filename(invoice: InvoiceDetail) -> str:
    """Return the invoice's number as a PDF's name; its id where the number has nothing a file name may hold."""
    stem = _UNSAFE.sub("-", invoice.summary.number or "").strip(".-_")[:MAX_CHARACTERS]
    return f"{stem or invoice.summary.public_id}.pdf"


def content_disposition(filename: str) -> str:
    """Return the header that saves a response under `filename` (RFC 6266); anything unsafe in it becomes `-`."""
    return f'attachment; filename="{_UNSAFE.sub("-", filename)}"'
