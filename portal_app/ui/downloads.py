"""Files a customer keeps: a link signed for one minute, for one file of one customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import reflex as rx

from portal_app import clock
from portal_app.access.downloads import FileKind, sign_download
from portal_app.access.keys import Purpose, derive_key
from portal_app.billing.periods import Preset
from portal_app.errors import NotFound, Unavailable
from portal_app.queries.invoice_details import get_invoice
from portal_app.settings import get_settings
from portal_app.ui.addresses import clean
from portal_app.ui.gate import Portal


async def invoice_download(portal: Portal, public_id: object) -> Any:
    """Return the download of one invoice's PDF; of one that is not this customer's, nothing."""
    wanted = clean(public_id)
    try:
        await portal._ask(get_invoice, wanted, clock.utc_now())
    except NotFound:
        return None
    except Unavailable:
        pass  # the file itself says why it does not come
    return file_download(portal, FileKind.INVOICE_PDF, wanted)


def usage_subject(preset: Preset, asked_at: datetime) -> str:
    """Return which usage a file holds: a range as it was on screen, even if an hour or a day has begun since."""
    return f"{preset.value} {asked_at.isoformat()}"


def file_download(portal: Portal, kind: FileKind, subject: str) -> Any:
    """Return the download of a file; `subject` says which, in the words of its kind."""
    principal = portal._principal
    if principal is None:
        return None
    key = derive_key(get_settings().secret_key.get_secret_value(), Purpose.DOWNLOADS)
    token = sign_download(key, principal, kind, subject, str(portal._display().locale), clock.utc_now())
    return rx.download(url=f"/files/{token}", filename="")
