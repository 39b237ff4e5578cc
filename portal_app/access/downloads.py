"""Links to files: good for one minute, one file, one customer, and only while its session was live at the click."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal_app.access.principal import Principal
from portal_app.access.tokens import DOWNLOAD, Claims, TokenRejected, sign, verify

KEY_ID = "d1"


class FileKind(StrEnum):
    """What a link may lead to."""

    INVOICE_PDF = "invoice.pdf"
    INVOICES_CSV = "invoices.csv"
    TRANSACTIONS_CSV = "transactions.csv"
    USAGE_BREAKDOWN_CSV = "usage-breakdown.csv"
    USAGE_SERIES_CSV = "usage-series.csv"


@dataclass(frozen=True, slots=True)
class Download:
    """A good link: the session it came from, the file, and the locale it is written in."""

    customer_public_id: str
    jti: str
    kind: FileKind
    subject: str
    locale: str


def sign_download(key: bytes, principal: Principal, kind: FileKind, subject: str, locale: str, now: datetime) -> str:
    """Return the token of a link for one minute. `subject` is an id or a search, as the kind reads it."""
    own = {"file": kind.value, "query": subject, "locale": locale, "session": principal.jti}
    issued = now.replace(microsecond=0)
    expires = issued + timedelta(seconds=DOWNLOAD.max_seconds)
    claims = Claims(principal.customer_public_id, uuid.uuid4().hex, issued, expires, own)
    return sign(DOWNLOAD, {KEY_ID: key}, claims)


def verify_download(key: bytes, token: str, now: datetime) -> Download:
    """Return what a link is for.

    Raises:
        TokenRejected: it is not one of ours, or its minute is over.
    """
    claims = verify(DOWNLOAD, {KEY_ID: key}, token, now)
    try:
        kind = FileKind(claims.own["file"])
    except ValueError:
        raise TokenRejected from None
    return Download(claims.subject, claims.own["session"], kind, claims.own["query"], claims.own["locale"])
