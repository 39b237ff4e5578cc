"""API keys: how one is made, told apart from noise, and compared. Only an HMAC of the secret is ever stored."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_FORM = re.compile(
    r"portal_(?P<environment>dev|live)_(?P<key_id>[0-9a-f]{16})_(?P<secret>[A-Za-z0-9_-]{43})(?P<sum>[0-9a-f]{8})"
)


class Scope(StrEnum):
    """What a key may do. `admin` may do everything."""

    MINT = "sessions:mint"
    EVENTS = "events:write"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKeyText:
    """A key as its holder writes it: `portal_<environment>_<key id>_<secret><checksum>`."""

    environment: str
    key_id: str
    secret: str

    def __str__(self) -> str:
        """Return the key, to be shown once."""
        body = f"portal_{self.environment}_{self.key_id}_{self.secret}"
        return body + _checksum(body)


def new_api_key(*, live: bool) -> ApiKeyText:
    """Make a key with a public id of 64 random bits and a secret of 256."""
    return ApiKeyText("live" if live else "dev", secrets.token_hex(8), secrets.token_urlsafe(32))


def parse_api_key(text: str) -> ApiKeyText | None:
    """Return the parts of a well-formed key, or None: a typing error never reaches the database."""
    match = _FORM.fullmatch(text)
    if match is None or _checksum(text[:-8]) != match["sum"]:
        return None
    return ApiKeyText(match["environment"], match["key_id"], match["secret"])


def secret_hash(key: ApiKeyText, pepper: bytes) -> str:
    """Return the HMAC-SHA256 of the secret under the deployment's own key: what the database keeps."""
    return hmac.new(pepper, f"{key.key_id}.{key.secret}".encode(), hashlib.sha256).hexdigest()


def matches(key: ApiKeyText, stored_hash: str, pepper: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(secret_hash(key, pepper), stored_hash)


def allows(scopes: Iterable[str], needed: Scope) -> bool:
    """Tell whether a key with `scopes` may do what `needed` names."""
    return bool({needed.value, Scope.ADMIN.value} & set(scopes))


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
