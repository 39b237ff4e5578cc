"""One key per purpose, derived from PORTAL_SECRET_KEY (HKDF, RFC 5869), so that no token serves another's end."""

from enum import StrEnum
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class Purpose(StrEnum):
    """What a derived key is for. The word goes into the derivation: never change one."""

    API_KEYS = "customer-portal/api-keys/v1"
    DOWNLOADS = "customer-portal/downloads/v1"
    COOKIES = "customer-portal/cookies/v1"
    DEVELOPMENT_PASSWORD = "customer-portal/development-password/v1"  # noqa: S105 (a purpose)


@cache
def derive_key(secret_key: str, purpose: Purpose) -> bytes:
    """Return the 32-byte key of one purpose."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(secret_key.encode())
