"""Links to files: good for one minute, one file, one customer, and only while its session was live at the click."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal_app.access.principal import Principal
from portal_app.access.tokens import DOWNLOAD, Claims, TokenRejected, sign, verify

KEY_ID = "d1"
API_KEY_PREFIX = "key:"
"""No session's id has a colon."""


class FileKind(StrEnum):
    """What a link may lead to."""

    INVOICE_PDF = "invoice.pdf"
    INVOICES_CSV = "invoices.csv"
    TRANSACTIONS_CSV = "transactions.csv"
    USAGE_BREAKDOWN_CSV = "usage-breakdown.csv"
    USAGE_SERIES_CSV = "usage-series.csv"


@dataclass(frozen=True, slots=True)
class Download:
    """A good link: the session or API key it came from, the file, and the locale it is written in.

    An empty locale is the customer's own.
    """

    customer_public_id: str
    jti: str
    kind: FileKind
    subject: str
    locale: str

    @property
    def api_key_id(self) -> str | None:
        """The operator's key that asked for the link, if it was not a customer's session."""
        return self.jti.removeprefix(API_KEY_PREFIX) if self.jti.startswith(API_KEY_PREFIX) else None


def sign_download(key: bytes, principal: Principal, kind: FileKind, subject: str, locale: str, now: datetime) -> str:
    """Return the token of a link for one minute. `subject` is an id or a search, as the kind reads it."""
    own = {"file": kind.value, "query": subject, "locale": locale, "session": principal.jti}
    return _sign(key, principal.customer_public_id, own, now)


def sign_download_of_operator(
    key: bytes, customer_public_id: str, api_key_id: str, invoice_public_id: str, locale: str, now: datetime
) -> str:
    """Return the token of a link for one minute to an invoice's PDF, which works while the API key lives."""
    whose = f"{API_KEY_PREFIX}{api_key_id}"
    own = {"file": FileKind.INVOICE_PDF.value, "query": invoice_public_id, "locale": locale, "session": whose}
    return _sign(key, customer_public_id, own, now)


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


def _sign(key: bytes, customer_public_id: str, own: dict[str, str], now: datetime) -> str:
    expires = now + timedelta(seconds=DOWNLOAD.max_seconds)
    return sign(DOWNLOAD, {KEY_ID: key}, Claims(customer_public_id, uuid.uuid4().hex, now, expires, own))
