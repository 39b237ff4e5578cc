"""Files of a customer, by a link signed for one minute: `/files/{token}`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from portal_app import clock
from portal_app.access.downloads import Download, FileKind, verify_download
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.principal import Principal
from portal_app.access.tokens import TokenRejected
from portal_app.billing.periods import Preset
from portal_app.database import current_database
from portal_app.display import Display, make_display
from portal_app.errors import LinkRejected
from portal_app.exports.filenames import content_disposition, invoice_filename
from portal_app.exports.invoice_pdf import invoice_pdf
from portal_app.exports.invoices_csv import invoices_csv
from portal_app.exports.transactions_csv import transactions_csv
from portal_app.exports.usage_csv import usage_breakdown_csv, usage_series_csv
from portal_app.queries.access import check_session_of_anyone
from portal_app.queries.branding import branding_of_operator
from portal_app.queries.customers import get_profile
from portal_app.queries.invoice_search import parse_search
from portal_app.queries.invoices import each_invoice, get_invoice
from portal_app.queries.usage import usage_of_preset
from portal_app.queries.wallets import each_transaction
from portal_app.settings import get_settings

router = APIRouter(tags=["files"], include_in_schema=False)


@router.get("/files/{token}")
async def download(token: str) -> Response:
    """Answer with the file a link is for, if its minute is not over and its session still lives."""
    now = clock.utc_now()
    key = derive_key(get_settings().secret_key.get_secret_value(), Purpose.DOWNLOADS)
    try:
        wanted = verify_download(key, token, now)
    except TokenRejected:
        raise LinkRejected from None
    check = await current_database().read(check_session_of_anyone, wanted.jti, wanted.customer_public_id, now)
    if check.principal is None:
        raise LinkRejected
    profile = await current_database().read(get_profile, check.principal.customer_id)
    display = make_display(wanted.locale, profile.timezone)
    if wanted.kind is FileKind.INVOICE_PDF:
        return await _invoice_pdf(check.principal, wanted, display)
    return _csv(check.principal, wanted, display)


async def _invoice_pdf(principal: Principal, wanted: Download, display: Display) -> Response:
    invoice = await current_database().read(get_invoice, principal.customer_id, wanted.subject, clock.utc_now())
    operator = await current_database().read(branding_of_operator, get_settings())
    headers = {"Content-Disposition": content_disposition(invoice_filename(invoice))}
    return Response(invoice_pdf(invoice, operator, display), media_type="application/pdf", headers=headers)


def _csv(principal: Principal, wanted: Download, display: Display) -> Response:
    headers = {"Content-Disposition": content_disposition(wanted.kind.value)}
    chunks = iterate_in_threadpool(_csv_chunks(principal, wanted, display))
    return StreamingResponse(chunks, media_type="text/csv; charset=utf-8", headers=headers)


def _csv_chunks(principal: Principal, wanted: Download, display: Display) -> Iterator[str]:
    """Yield a file as it is read, so that the longest takes no more memory than the shortest."""
    now = clock.utc_now()
    with current_database().reading() as session:
        if wanted.kind is FileKind.INVOICES_CSV:
            search = parse_search(wanted.subject, display.local(now).date(), display.decimal_mark)
            found = each_invoice(session, principal.customer_id, search, display.zone, now)
            yield from invoices_csv(found, display)
        elif wanted.kind in {FileKind.USAGE_BREAKDOWN_CSV, FileKind.USAGE_SERIES_CSV}:
            preset, asked_at = wanted.subject.split()
            report = usage_of_preset(session, principal.customer_id, Preset(preset), datetime.fromisoformat(asked_at))
            is_series = wanted.kind is FileKind.USAGE_SERIES_CSV
            yield from usage_series_csv(report, display) if is_series else usage_breakdown_csv(report, display)
        else:
            yield from transactions_csv(each_transaction(session, principal.customer_id, wanted.subject), display)
