"""The customer's invoices: no drafts, none that were skipped."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from portal_app.api.answers import BODY, MISSING, PDF_OR_URL, TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.files import PDF, pdf_response, pdf_url
from portal_app.api.session_token import Customer
from portal_app.api.wire.invoices import InvoiceWire, PdfUrlWire, invoice_wire, whole_invoice_wire
from portal_app.api.wire.lists import ListWire, PageBody, this_page
from portal_app.api.wire.subscriptions import subscription_wire
from portal_app.api.wire.values import ObjectId
from portal_app.errors import NotFound
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_lists import list_invoices
from portal_app.queries.listing import Order
from portal_app.queries.subscriptions import get_subscription

router = APIRouter(prefix="/v1/customer/portal/invoices", tags=["portal"], route_class=DataRoute, responses=TOKEN)

NEWEST_FIRST = (Order("issue_date", ascending=False),)


@router.post("", responses=BODY)
async def list_all(body: PageBody, customer: Customer) -> ListWire[InvoiceWire]:
    """List invoices with their lines, newest first. Pages count from 1."""
    listing = replace(body.listing(), order=NEWEST_FIRST)
    found = await customer.ask(list_invoices, listing, customer.now)
    return ListWire(items=[invoice_wire(one) for one in found.items], pagination=this_page(found, listing))


@router.get("/{invoice_id}", responses=MISSING)
async def get_one(invoice_id: ObjectId, customer: Customer) -> InvoiceWire:
    """Return an invoice with its lines, payments, taxes and subscription."""
    invoice = await customer.ask(get_invoice, invoice_id, customer.now)
    if invoice.subscription_public_id is None:
        return whole_invoice_wire(invoice, None)
    try:
        subscription = await customer.ask(get_subscription, invoice.subscription_public_id, customer.now)
    except NotFound:  # a draft of a subscription is the operator's alone
        return whole_invoice_wire(invoice, None)
    return whole_invoice_wire(invoice, subscription_wire(subscription))


@router.get("/{invoice_id}/pdf", responses=MISSING | PDF_OR_URL, response_model=PdfUrlWire)
async def get_pdf(invoice_id: ObjectId, customer: Customer, request: Request) -> PdfUrlWire | Response:
    """Return a link to the PDF for one minute; to a client that accepts `application/pdf`, the PDF itself."""
    invoice = await customer.ask(get_invoice, invoice_id, customer.now)
    if PDF in request.headers.get("accept", ""):
        return await pdf_response(invoice)
    return pdf_url(customer, invoice)
