"""Invoices as PDF: the bytes, or a link of our own that gives them for one minute."""

from __future__ import annotations

import asyncio

from fastapi.responses import Response

from portal_app.access.downloads import FileKind, sign_download, sign_download_of_operator
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.principal import Principal
from portal_app.api.keys import Caller
from portal_app.api.session_token import Visitor
from portal_app.api.wire.invoices import PdfUrlWire
from portal_app.database import current_database
from portal_app.display import make_display
from portal_app.exports.filenames import content_disposition, invoice_filename
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.queries.branding import branding_of_operator
from portal_app.queries.invoice_details import InvoiceDetail
from portal_app.settings import get_settings

PDF = "application/pdf"


async def pdf_response(invoice: InvoiceDetail, locale: str = "") -> Response:
    """Answer with an invoice's PDF, drawn beside the event loop; as its customer reads, unless `locale` says how."""
    operator = await current_database().read(branding_of_operator, get_settings())
    display = make_display(locale or invoice.customer.locale or operator.locale, invoice.customer.timezone)
    drawn = await asyncio.to_thread(invoice_pdf, invoice, operator, display)
    headers = {"Content-Disposition": content_disposition(invoice_filename(invoice))}
    return Response(drawn, media_type=PDF, headers=headers)


def pdf_url(visitor: Visitor, invoice: InvoiceDetail) -> PdfUrlWire:
    """Return a link for the customer whose session this is."""
    whose: Principal = visitor.principal
    return _url(sign_download(_key(), whose, FileKind.INVOICE_PDF, invoice.summary.public_id, "", visitor.now))


def pdf_url_of_operator(caller: Caller, invoice: InvoiceDetail) -> PdfUrlWire:
    """Return a link for the operator's program that calls."""
    whose, subject = invoice.customer.public_id, invoice.summary.public_id
    return _url(sign_download_of_operator(_key(), whose, caller.key_id, subject, "", caller.now))


def _url(token: str) -> PdfUrlWire:
    return PdfUrlWire(presigned_url=f"{get_settings().origin}/files/{token}")


def _key() -> bytes:
    return derive_key(get_settings().secret_key.get_secret_value(), Purpose.DOWNLOADS)
