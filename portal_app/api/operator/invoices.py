"""Invoices of all customers: `/v1/invoices`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from portal_app.access.principal import CustomerId
from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING, PDF_OR_URL
from portal_app.api.bodies import DataRoute
from portal_app.api.files import pdf_response, pdf_url_of_operator
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.invoice_requests import (
    InvoiceCreate,
    InvoiceQuery,
    InvoiceSearch,
    InvoiceUpdate,
    PaymentStatusUpdate,
)
from portal_app.api.wire.invoices import InvoiceWire, PdfUrlWire, invoice_wire, whole_invoice_wire
from portal_app.api.wire.lists import ListWire, this_page
from portal_app.api.wire.subscriptions import subscription_wire
from portal_app.api.wire.values import ObjectId
from portal_app.billing.statuses import InvoiceStatus
from portal_app.commands.invoices import create_invoice, finalize_invoice, update_invoice, void_invoice
from portal_app.commands.payments import set_payment_status
from portal_app.errors import InvoiceIs
from portal_app.queries.customers import customer_id_of_operator
from portal_app.queries.invoice_details import get_invoice_of_operator
from portal_app.queries.invoice_lists import list_invoices_of_operator
from portal_app.queries.listing import Listing
from portal_app.queries.owners import Owned, owner_of_operator
from portal_app.queries.subscriptions import get_subscription_of_operator

router = APIRouter(prefix="/v1/invoices", tags=["invoices"], route_class=DataRoute, responses=KEY)


@router.post("", status_code=201, responses=BODY | CONFLICT | MISSING)
async def create(body: InvoiceCreate, caller: Writer) -> InvoiceWire:
    """Write an invoice; its sums must follow from its lines. The same `idempotency_key` writes it once."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    return await _answer(caller, customer, await caller.do(create_invoice, customer, body.new()))


@router.get("")
async def list_all(query: Annotated[InvoiceQuery, Query()], caller: Reader) -> ListWire[InvoiceWire]:
    """List invoices, newest first, drafts too."""
    return await _list(caller, query.asked(), lines=not query.skip_line_items)


@router.post("/search", responses=BODY)
async def search(body: InvoiceSearch, caller: Reader) -> ListWire[InvoiceWire]:
    """Find invoices by customer, status, amount, period or any filter."""
    return await _list(caller, body.asked(), lines=not body.skip_line_items)


@router.get("/{invoice_id}", responses=MISSING)
async def get_one(invoice_id: ObjectId, caller: Reader) -> InvoiceWire:
    """Return an invoice with its lines, payments, taxes and subscription."""
    return await _answer(caller, await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id), invoice_id)


@router.put("/{invoice_id}", responses=BODY | CONFLICT | MISSING)
async def update(invoice_id: ObjectId, body: InvoiceUpdate, caller: Writer) -> InvoiceWire:
    """Change a draft; what is left out stays as it is."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id)
    await caller.do(update_invoice, customer, invoice_id, body.changes())
    return await _answer(caller, customer, invoice_id)


@router.post("/{invoice_id}/finalize", responses=CONFLICT | MISSING)
async def finalize(invoice_id: ObjectId, caller: Writer) -> InvoiceWire:
    """Issue a draft: it gets its number, and its customer sees it."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id)
    await caller.do(finalize_invoice, customer, invoice_id)
    return await _answer(caller, customer, invoice_id)


@router.post("/{invoice_id}/void", responses=CONFLICT | MISSING)
async def void(invoice_id: ObjectId, caller: Writer) -> InvoiceWire:
    """Make an invoice void; credits that paid it return to their wallets."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id)
    await caller.do(void_invoice, customer, invoice_id)
    return await _answer(caller, customer, invoice_id)


@router.put("/{invoice_id}/payment", responses=BODY | CONFLICT | MISSING)
async def set_payment(invoice_id: ObjectId, body: PaymentStatusUpdate, caller: Writer) -> InvoiceWire:
    """Say how an issued invoice's payment stands. What is newly paid becomes a payment of its history."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id)
    await caller.do(set_payment_status, customer, invoice_id, body.payment_status, body.amount)
    return await _answer(caller, customer, invoice_id)


@router.get("/{invoice_id}/pdf", responses=MISSING | PDF_OR_URL, response_model=PdfUrlWire)
async def get_pdf(
    invoice_id: ObjectId,
    caller: Reader,
    url: Annotated[bool, Query(description="A link for one minute, instead of the PDF.")] = False,  # noqa: FBT002 (a query parameter)
) -> PdfUrlWire | Response:
    """Return the PDF of an issued invoice, or a link to it."""
    customer = await caller.ask(owner_of_operator, Owned.INVOICE, invoice_id)
    invoice = await caller.ask(get_invoice_of_operator, customer, invoice_id, caller.now)
    if invoice.invoice_status not in {InvoiceStatus.FINALIZED, InvoiceStatus.VOIDED}:
        raise InvoiceIs(status=invoice.invoice_status, wanted="printed")
    return pdf_url_of_operator(caller, invoice) if url else await pdf_response(invoice)


async def _answer(caller: Caller, customer: CustomerId, invoice_id: str) -> InvoiceWire:
    invoice = await caller.ask(get_invoice_of_operator, customer, invoice_id, caller.now)
    if invoice.subscription_public_id is None:
        return whole_invoice_wire(invoice, None)
    subscription = invoice.subscription_public_id
    found = await caller.ask(get_subscription_of_operator, customer, subscription, caller.now)
    return whole_invoice_wire(invoice, subscription_wire(found))


async def _list(caller: Caller, listing: Listing, *, lines: bool) -> ListWire[InvoiceWire]:
    found = await caller.ask(list_invoices_of_operator, listing, caller.now)
    items = [invoice_wire(one, lines=lines) for one in found.items]
    return ListWire(items=items, pagination=this_page(found, listing))
