"""Signed tokens: an hour for a portal session, a minute for one download. Strict in what they accept.

PyJWT checks the signature; this module checks everything it lets through (duplicate claims, other
encodings, extra headers, odd numbers), because a token is either exactly what we made or nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

ISSUER = "customer-portal"
LEEWAY_SECONDS = 5
_ID = re.compile(r"[A-Za-z0-9_\-.]{1,64}")
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


class TokenRejected(Exception):
    """The token is not one of ours, or no longer. `expired` says that it once was, and `jti` which one."""

    def __init__(self, *, expired: bool = False, jti: str = "") -> None:
        """Keep whether the token was good until its time ran out."""
        super().__init__("expired" if expired else "invalid")
        self.expired, self.jti = expired, jti


@dataclass(frozen=True, slots=True)
class TokenKind:
    """A purpose of tokens: its `typ`, its audience, how long it may live and be, and the claims of its own."""

    typ: str
    audience: str
    max_seconds: int
    max_characters: int
    own_claims: frozenset[str] = frozenset()

    @property
    def claims(self) -> frozenset[str]:
        """Exactly the claims such a token carries."""
        return frozenset({"iss", "aud", "sub", "jti", "iat", "nbf", "exp"}) | self.own_claims


SESSION = TokenKind(typ="portal+jwt", audience="portal", max_seconds=3600, max_characters=1024)
DOWNLOAD = TokenKind(
    typ="download+jwt",
    audience="download",
    max_seconds=60,
    max_characters=4096,  # it may hold a search of a hundred emoji
    own_claims=frozenset({"file", "query", "locale", "session"}),
)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says: the customer (`subject`, a public id), its own id, its end, and its own claims."""

    subject: str
    jti: str
    issued_at: datetime
    expires_at: datetime
    own: Mapping[str, str]


def sign(kind: TokenKind, keys: Mapping[str, bytes], claims: Claims) -> str:
    """Return a token signed by the first of `keys` (kid → 32 bytes or more)."""
    kid, key = next(iter(keys.items()))
    issued, expires = int(claims.issued_at.timestamp()), int(claims.expires_at.timestamp())
    payload = {
        "iss": ISSUER,
        "aud": kind.audience,
        "sub": claims.subject,
        "jti": claims.jti,
        "iat": issued,
        "nbf": issued,
        "exp": expires,
        **claims.own,
    }
    return jwt.encode(payload, key, algorithm="HS256", headers={"typ": kind.typ, "kid": kid})


def verify(kind: TokenKind, keys: Mapping[str, bytes], token: object, now: datetime) -> Claims:
    """Return what `token` says if it is exactly a token of this kind, signed by one of `keys`, and alive.

    Raises:
        TokenRejected: anything else, whatever was sent.
    """
    if not isinstance(token, str) or len(token) > kind.max_characters:
        raise TokenRejected
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 (RFC 7515: three parts)
        raise TokenRejected
    header, payload, _ = (_decode(part) for part in parts)
    key = _key_of(kind, keys, _json_object(header))
    _check_signature(token, key)
    return _claims_of(kind, _json_object(payload), now)


def _key_of(kind: TokenKind, keys: Mapping[str, bytes], header: dict[str, Any]) -> bytes:
    if header.keys() != {"alg", "typ", "kid"} or header["alg"] != "HS256" or header["typ"] != kind.typ:
        raise TokenRejected
    key = keys.get(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise TokenRejected
    return key


def _check_signature(token: str, key: bytes) -> None:
    unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        jwt.decode(token, key, algorithms=["HS256"], options={"verify_signature": True, **unchecked})  # pyright: ignore[reportArgumentType, reportUnknownMemberType]
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise TokenRejected from None


def _claims_of(kind: TokenKind, payload: dict[str, Any], now: datetime) -> Claims:
    if payload.keys() != kind.claims or payload["iss"] != ISSUER or payload["aud"] != kind.audience:
        raise TokenRejected
    own = {name: payload[name] for name in kind.own_claims}
    texts = [payload["sub"], payload["jti"], *own.values()]
    times = [payload["iat"], payload["nbf"], payload["exp"]]
    if not all(type(text) is str and not _UNWRITABLE.search(text) for text in texts):
        raise TokenRejected
    if not all(_ID.fullmatch(text) for text in texts[:2]):
        raise TokenRejected
    if not all(type(seconds) is int for seconds in times):
        raise TokenRejected
    issued, not_before, expires = times
    present = now.timestamp()
    if issued != not_before or issued > present + LEEWAY_SECONDS or not 0 < expires - issued <= kind.max_seconds:
        raise TokenRejected
    if expires <= present:
        raise TokenRejected(expired=True, jti=payload["jti"])
    start = datetime.fromtimestamp(issued, UTC)
    return Claims(payload["sub"], payload["jti"], start, start + timedelta(seconds=expires - issued), own)


def _decode(part: str) -> bytes:
    """Decode one base64url part written in its only canonical form, so that no two texts are the same token."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise TokenRejected from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise TokenRejected
    return raw


def _json_object(raw: bytes) -> dict[str, Any]:
    """Read a JSON object in UTF-8 with no key twice. A NaN in it is no claim: neither a text nor a whole number."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        raise TokenRejected from None
    if not isinstance(value, dict):
        raise TokenRejected
    return value  # pyright: ignore[reportUnknownVariableType]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name occurs twice")
    return dict(pairs)
