"""Files of a customer, by a link signed for one minute: `/files/{token}`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from portal_app import clock
from portal_app.access.downloads import Download, FileKind, verify_download
from portal_app.access.keys import Purpose, derive_key
from portal_app.access.principal import CustomerId
from portal_app.access.tokens import TokenRejected
from portal_app.access.turns import TURNS, TURNS_OF_FILES, WAITING
from portal_app.api.files import pdf_response
from portal_app.billing.periods import Preset
from portal_app.commands.audit import note_download
from portal_app.database import Session, current_database
from portal_app.display import Display, make_display
from portal_app.errors import LinkRejected
from portal_app.exports.filenames import content_disposition
from portal_app.exports.invoices_csv import invoices_csv
from portal_app.exports.transactions_csv import transactions_csv
from portal_app.exports.usage_csv import usage_breakdown_csv, usage_series_csv
from portal_app.exports.whole_files import chunks, whole_file
from portal_app.queries.access import check_session_of_anyone, find_api_key_of_operator
from portal_app.queries.customers import customer_id_of_operator, get_profile
from portal_app.queries.invoice_details import get_invoice
from portal_app.queries.invoice_search import parse_search
from portal_app.queries.invoices import each_invoice
from portal_app.queries.usage import usage_of_preset
from portal_app.queries.wallets import each_transaction
from portal_app.settings import get_settings

router = APIRouter(tags=["files"], include_in_schema=False)


@router.get("/files/{token}")
async def download(token: str, request: Request) -> Response:
    """Answer with the file a link is for, if its minute is not over and whoever asked for it may still read.

    Whoever goes away gives back the turn, and ends what is read; the server would go on.
    """
    making, leaving = asyncio.ensure_future(_answer(token)), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((making, leaving), return_when=asyncio.FIRST_COMPLETED)
        return await making if making.done() else Response()  # which nobody hears
    finally:
        making.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _answer(token: str) -> Response:
    now = clock.utc_now()
    key = derive_key(get_settings().secret_key.get_secret_value(), Purpose.DOWNLOADS)
    try:
        wanted = verify_download(key, token, now)
    except TokenRejected:
        raise LinkRejected from None
    customer = await _customer(wanted, now)
    turns = TURNS if wanted.kind is FileKind.INVOICE_PDF else TURNS_OF_FILES
    async with turns.of(customer, waiting=WAITING):
        now = clock.utc_now()
        await _customer(wanted, now)  # asked again: the turn may have come long after
        if wanted.kind is FileKind.INVOICE_PDF:
            invoice = await current_database().read(get_invoice, customer, wanted.subject, now)
            answer = await pdf_response(invoice, wanted.locale)
        else:
            profile = await current_database().read(get_profile, customer)
            display = make_display(wanted.locale, profile.timezone)
            answer = _csv_response(wanted, await current_database().read_file(_csv_file, customer, wanted, display))
        await _note(wanted, customer, now)
    return answer


async def _note(wanted: Download, customer: CustomerId, now: datetime) -> None:
    actor = f"API key {wanted.api_key_id}" if wanted.api_key_id else "customer"
    await current_database().write(note_download, customer, actor, wanted.kind.value, now)


async def _customer(wanted: Download, now: datetime) -> CustomerId:
    """Return whose file it is.

    Raises:
        LinkRejected: the session or the API key that asked for the link has ended.
    """
    if wanted.api_key_id is not None:
        record = await current_database().read(find_api_key_of_operator, wanted.api_key_id)
        if record is None or not record.is_live(now):
            raise LinkRejected
        return await current_database().read(customer_id_of_operator, wanted.customer_public_id)
    check = await current_database().read(check_session_of_anyone, wanted.jti, wanted.customer_public_id, now)
    if check.principal is None:
        raise LinkRejected
    return check.principal.customer_id


def _csv_file(session: Session, customer: CustomerId, wanted: Download, display: Display) -> IO[bytes]:
    """Read a file whole: it is true or refused."""
    return whole_file(_csv_lines(session, customer, wanted, display))


def _csv_lines(session: Session, customer: CustomerId, wanted: Download, display: Display) -> Iterator[str]:
    now = clock.utc_now()
    if wanted.kind is FileKind.INVOICES_CSV:
        search = parse_search(
            display.readable(wanted.subject),
            display.local(now).date(),
            display.decimal_mark,
            is_month_first=display.is_month_first,
        )
        return invoices_csv(each_invoice(session, customer, search, display.zone, now), display)
    if wanted.kind is FileKind.TRANSACTIONS_CSV:
        return transactions_csv(each_transaction(session, customer, wanted.subject), display)
    preset, asked_at = wanted.subject.split()
    report = usage_of_preset(session, customer, Preset(preset), datetime.fromisoformat(asked_at))
    is_series = wanted.kind is FileKind.USAGE_SERIES_CSV
    return usage_series_csv(report, display) if is_series else usage_breakdown_csv(report, display)


def _csv_response(wanted: Download, file: IO[bytes]) -> Response:
    headers = {"Content-Disposition": content_disposition(wanted.kind.value)}
    closing = BackgroundTask(file.close)  # also where the taker went away, and nobody asks for the last chunk
    return StreamingResponse(chunks(file), media_type="text/csv; charset=utf-8", headers=headers, background=closing)
