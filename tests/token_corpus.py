"""Every forgery of a session token that we know of, by name. `verify` must reject each and raise nothing else.

Unless a case is about the signature, its token is signed with our own key: so it is the one oddity in
its name that must be seen, not a signature that was wrong anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

KEY, OLD_KEY = bytes(range(100, 132)), bytes(range(40, 72))
KEYS = {"k2": KEY, "k1": OLD_KEY}
ISSUED = 1_768_910_400
"""2026-01-20 12:00 UTC, the `now` of every case."""

HEADER = {"alg": "HS256", "kid": "k2", "typ": "portal+jwt"}
CLAIMS = {
    "iss": "customer-portal",
    "aud": "portal",
    "sub": "cust_01K8DC3ZAH6R55GTPFTWSR2EHF",
    "jti": "5f0c3a52d1f64b5a9d0c5c3a1f0e7b11",
    "iat": ISSUED,
    "nbf": ISSUED,
    "exp": ISSUED + 3600,
}
NAMED = tuple(CLAIMS)


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def mac(text: str, key: bytes = KEY, digest: str = "sha256") -> str:
    return encode(hmac.digest(key, text.encode("utf-8", "surrogatepass"), digest))


def forge(header: object = None, claims: object = None, key: bytes = KEY, digest: str = "sha256") -> str:
    """Sign a header and claims given as objects, or as the bytes to stand there; the good ones where not given."""
    parts = [HEADER if header is None else header, CLAIMS if claims is None else claims]
    text = ".".join(encode(p if isinstance(p, bytes) else json.dumps(p).encode()) for p in parts)
    return f"{text}.{mac(text, key, digest)}"


def good_token() -> str:
    return forge()


def with_header(**changed: object) -> str:
    return forge(header=HEADER | changed)


def with_claims(**changed: object) -> str:
    return forge(claims=CLAIMS | changed)


def without(name: str) -> str:
    return forge(claims={claim: value for claim, value in CLAIMS.items() if claim != name})


def with_written(name: str, text: str) -> str:
    """Replace the JSON of one claim, so that what json.dumps would never write stands there."""
    written = json.dumps(CLAIMS | {name: "@"}).replace('"@"', text)
    return forge(claims=written.encode("utf-8", "surrogatepass"))


def cases() -> Iterator[tuple[str, Any]]:
    """Yield each case as (name, what is sent in place of a token)."""
    for family in (
        _algorithms, _key_ids, _more_headers, _types, _audiences_and_issuers, _ids, _times, _more_claims, _twice,
        _encodings, _shapes, _parts, _signatures, _no_texts,
    ):  # fmt: skip
        for name, token in family():
            yield f"{family.__name__.strip('_')}: {name}", token


def _algorithms() -> Iterator[tuple[str, Any]]:
    for alg in ("none", "None", "NONE", "nOnE", "", "hs256", "Hs256", "HS256 ", " HS256", "HS256\0", "\uff28\uff33256",
                "HS384", "HS512", "HS1", "RS256", "RS384", "RS512", "PS256", "ES256", "ES256K", "ES384", "EdDSA",
                "dir", "A256GCM", None, 0, True, ["HS256"], {"HS256": 1}):  # fmt: skip
        yield f"{alg!r}, signed as HS256", with_header(alg=alg)
    yield "missing", forge(header={"kid": "k2", "typ": "portal+jwt"})
    for alg in ("none", "None", "NONE"):
        yield f"{alg} and no signature", with_header(alg=alg).rpartition(".")[0] + "."
    for bits in ("384", "512"):
        yield f"HS{bits}, signed as it says", forge(header=HEADER | {"alg": f"HS{bits}"}, digest=f"sha{bits}")
        yield f"HS256, signed as HS{bits}", forge(digest=f"sha{bits}")
    yield "HS256, signed with SHA-1", forge(digest="sha1")
    private = rsa.generate_private_key(65537, 2048)
    text = forge(header=HEADER | {"alg": "RS256"}).rpartition(".")[0]
    yield (
        "RS256, signed with somebody's RSA key",
        f"{text}.{encode(private.sign(text.encode(), padding.PKCS1v15(), SHA256()))}",
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    yield "HS256 keyed with a public RSA key", forge(key=public)


def _key_ids() -> Iterator[tuple[str, Any]]:
    for kid in (None, "", "k9", "K2", " k2", "k2 ", "k2\n", "k2\0", "k2,k1", "\u043a2", "0", "../../../../dev/null",
                "/etc/passwd", "/proc/self/environ", "k2/../k1", "file:///etc/passwd", "http://169.254.169.254/keys",
                "k2'--", "k2' OR '1'='1", "k2'; DROP TABLE portal_session; --", "k2' UNION SELECT 'a", "$(id)", "|id",
                "${jndi:ldap://x/a}", "{{7*7}}", "%00", "__class__", "k" * 500, 0, 2, True, 1.5, ["k2"],
                {"k2": 1}):  # fmt: skip
        yield repr(kid)[:40], with_header(kid=kid)
    yield "missing", forge(header={"alg": "HS256", "typ": "portal+jwt"})
    yield "another key of ours", with_header(kid="k1")
    yield "empty, keyed with nothing", forge(header=HEADER | {"kid": ""}, key=b"")
    yield "/dev/null, keyed with nothing", forge(header=HEADER | {"kid": "/dev/null"}, key=b"")


def _more_headers() -> Iterator[tuple[str, Any]]:
    octets = {"kty": "oct", "k": encode(KEY)}
    for name, value in {
        "jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/cert.pem", "jwk": octets,
        "x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA", "crit": ["exp"], "zip": "DEF", "cty": "JWT",
        "enc": "A256GCM", "epk": octets, "p2c": 1_000_000_000, "p2s": "AAAA", "apu": "AAAA", "iv": "AAAA",
        "tag": "AAAA", "nonce": "1", "iss": "customer-portal", "exp": ISSUED + 9999, "": "", "ALG": "none",
        "unknown": None,
    }.items():  # fmt: skip
        yield name, with_header(**{name: value})
    yield "crit of nothing", with_header(crit=[])
    yield "b64 false, critical", with_header(b64=False, crit=["b64"])
    yield "b64 true", with_header(b64=True)


def _types() -> Iterator[tuple[str, Any]]:
    for typ in ("JWT", "jwt", "at+jwt", "download+jwt", "portal", "Portal+JWT", "portal+jwt ", "application/portal+jwt",
                "", None, 1, ["portal+jwt"], {"portal+jwt": 1}):  # fmt: skip
        yield repr(typ), with_header(typ=typ)
    yield "missing", forge(header={"alg": "HS256", "kid": "k2"})


def _audiences_and_issuers() -> Iterator[tuple[str, Any]]:
    for audience in ("download", "admin", "PORTAL", "portal ", "", None, 1, True, ["portal"], ["portal", "x"], [],
                     {"portal": 1}):  # fmt: skip
        yield f"aud {audience!r}", with_claims(aud=audience)
    for issuer in ("", "portal", "Customer-Portal", "customer-portal/", "https://customer-portal", None, 0,
                   ["customer-portal"]):  # fmt: skip
        yield f"iss {issuer!r}", with_claims(iss=issuer)
    for name in NAMED:
        yield f"no {name}", without(name)


def _ids() -> Iterator[tuple[str, Any]]:
    for claim in ("sub", "jti"):
        for value in ("", " ", "a" * 65, "cust 1", "cust_é", "cust_1\0", "\0", "cust_1\n", "\ncust_1", "../cust_1",
                      "a/b", "cust_1' OR '1'='1", "%", "cust_%", "*", "\u202ecust", "\ud800", None, 0, 1, 1.5, True,
                      ["cust_1"], {"id": "cust_1"}):  # fmt: skip
            yield f"{claim} {ascii(value)[:30]}", with_claims(**{claim: value})


def _times() -> Iterator[tuple[str, Any]]:
    for claim in ("exp", "iat", "nbf"):
        for written in ("null", '"1768914000"', '""', "1768910400.0", "1.7689104e9", "1e300", "1e999", "-1e999", "NaN",
                        "Infinity", "-Infinity", "-1", "-1768910400", "true", "false", "[]", "[1768910400]", "{}",
                        str(2**53), str(2**63), str(2**64), "9" * 400, "0", "0x69", "01768910400",
                        "1_768_910_400"):  # fmt: skip
            yield f"{claim} {written[:24]}", with_written(claim, written)
    yield "ends as it begins", with_claims(exp=ISSUED)
    yield "ends before it begins", with_claims(exp=ISSUED - 1)
    yield "lives a second too long", with_claims(exp=ISSUED + 3601)
    yield "lives ten years", with_claims(exp=ISSUED + 10 * 31_536_000)
    yield "not valid yet", with_claims(iat=ISSUED + 6, nbf=ISSUED + 6)
    yield "issued tomorrow", with_claims(iat=ISSUED + 86_400, nbf=ISSUED + 86_400, exp=ISSUED + 90_000)
    yield "valid before it was issued", with_claims(nbf=ISSUED - 1)
    yield "issued before it is valid", with_claims(iat=ISSUED - 60)


def _more_claims() -> Iterator[tuple[str, Any]]:
    for name, value in {
        "customer_id": 1, "scope": "admin", "scopes": ["admin"], "admin": True, "role": "operator", "tenant_id": "t",
        "external_id": "globex", "email": "a@b.example", "": "", "__proto__": {}, "constructor": 1, "SUB": "cust_2",
        "sub ": "cust_2", "file": "invoice.pdf", "query": "", "locale": "en_US", "session": "x", "typ": "portal+jwt",
        "auth_time": ISSUED, "azp": "x",
    }.items():  # fmt: skip
        yield name, with_claims(**{name: value})
    yield "those of a download", with_claims(file="invoices.csv", query="", locale="en_US", session="x")


def _twice() -> Iterator[tuple[str, Any]]:
    claims, header = json.dumps(CLAIMS), json.dumps(HEADER)
    for name in NAMED:
        again = json.dumps(CLAIMS[name])
        yield f"{name}, the same", forge(claims=f'{claims[:-1]}, "{name}": {again}}}'.encode())
    yield "sub, another customer first", forge(claims=f'{{"sub": "cust_2", {claims[1:]}'.encode())
    yield "sub, another customer last", forge(claims=f'{claims[:-1]}, "sub": "cust_2"}}'.encode())
    yield "sub, once written with an escape", forge(claims=f'{claims[:-1]}, "s\\u0075b": "cust_2"}}'.encode())
    yield "exp, a later one last", forge(claims=f'{claims[:-1]}, "exp": {ISSUED + 3000}}}'.encode())
    for name, value in HEADER.items():
        yield f"{name} in the header", forge(header=f'{header[:-1]}, "{name}": "{value}"}}'.encode())
    yield "alg in the header, none first", forge(header=f'{{"alg": "none", {header[1:]}'.encode())


def _encodings() -> Iterator[tuple[str, Any]]:
    for name, good, place in (("claims", CLAIMS, "claims"), ("header", HEADER, "header")):
        text = json.dumps(good)
        for codec in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
            yield f"{name} in {codec}", forge(**{place: text.encode(codec)})
        yield f"{name} with a byte that is no UTF-8", forge(**{place: text.encode().replace(b"a", b"\xff", 1)})
        yield f"{name} with an overlong letter", forge(**{place: text.encode().replace(b"a", b"\xc1\xa1", 1)})
        yield f"{name} with half a surrogate pair", forge(**{place: text.encode().replace(b"a", b"\xed\xa0\x80", 1)})
        yield f"{name} after a NUL", forge(**{place: b"\0" + text.encode()})
        yield f"{name} before a NUL", forge(**{place: text.encode() + b"\0"})


def _shapes() -> Iterator[tuple[str, Any]]:
    for raw in (b"{}", b"[]", b"[{}]", b"null", b"true", b"0", b"1e999", b'""', b'"sub"', b" ", b"{", b"}", b"{,}",
                b"{'sub': 'x'}", b'{"sub"}', b"{sub: 1}", b"NaN", b"<xml/>", b"sub=cust_1", b"\x80\x04K\x01.",
                b"[" * 700, b'{"a":' * 200, b"1" * 600):  # fmt: skip
        yield f"claims {raw[:12]!r} of {len(raw)}", forge(claims=raw)
        yield f"header {raw[:12]!r} of {len(raw)}", forge(header=raw)
    text = json.dumps(CLAIMS)
    for name, written in {
        "with a trailing comma": text[:-1] + ",}", "with something after": text + "{}", "with a comment": text + "//",
        "in single quotes": text.replace('"', "'"), "as a list of pairs": json.dumps(list(CLAIMS.items())),
        "as text": json.dumps(text), "inside a list": f"[{text}]",
    }.items():  # fmt: skip
        yield f"claims {name}", forge(claims=written.encode())


def _parts() -> Iterator[tuple[str, Any]]:
    token = good_token()
    header, claims, signature = token.split(".")
    other_header, other_claims, other_signature = forge(
        header={"typ": "portal+jwt", "alg": "HS256", "kid": "k2"}, claims=CLAIMS | {"sub": "cust_2"}
    ).split(".")
    yield from {
        "empty": "", "a dot": ".", "two dots": "..", "three dots": "...", "one word": "token", "null": "null",
        "header alone": header, "no signature part": f"{header}.{claims}", "empty signature": f"{header}.{claims}.",
        "empty claims": f"{header}..{signature}", "empty header": f".{claims}.{signature}",
        "four parts": f"{token}.{signature}", "five parts": f"{header}.{claims}.{claims}.{claims}.{signature}",
        "a dot before": f".{token}", "a dot after": f"{token}.", "swapped": f"{claims}.{header}.{signature}",
        "backwards": f"{signature}.{claims}.{header}", "claims twice": f"{claims}.{claims}.{signature}",
        "another's claims": f"{header}.{other_claims}.{signature}",
        "another's signature": f"{header}.{claims}.{other_signature}",
        "another's header": f"{other_header}.{claims}.{signature}",
        "padded claims": f"{header}.{claims}=.{signature}", "padded signature": f"{token}=",
        "padded header": f"{header}==.{claims}.{signature}", "a space before": f" {token}",
        "a space after": f"{token} ",
        "a newline after": f"{token}\n", "a newline inside": f"{header}.\n{claims}.{signature}",
        "a NUL after": f"{token}\0",
        "a NUL inside": f"{header}\0.{claims}.{signature}", "in quotes": f'"{token}"', "with Bearer": f"Bearer {token}",
        "as a parameter": f"token={token}", "as an address": f"https://portal.example/?token={token}",
        "percent-encoded dots": token.replace(".", "%2E"), "wide dots": token.replace(".", "\uff0e"),
        "lower case": token.lower(),
        "upper case": token.upper(), "twice": f"{token}{token}", "twice with a comma": f"{token},{token}",
        "half a surrogate pair after": f"{token}\ud800",
        "a letter that only looks Latin": token.replace("a", "\u0430", 1),
        "as JSON": json.dumps({"protected": header, "payload": claims, "signature": signature}),
        "in standard base64": f"{header}.{claims}.{base64.b64encode(bytes([251, 239, 190] * 11)).decode()}",
        "wrapped in itself": forge(claims=token.encode()), "2,000 characters more": token + "A" * 2000,
        "a megabyte": "A" * 2**20, "a megabyte of dots": "." * 2**20,
    }.items()  # fmt: skip
    for place, part in (("header", header), ("claims", claims), ("signature", signature)):
        yield f"another writing of the same {place}", token.replace(part, _other_writing(part))


def _other_writing(part: str) -> str:
    """Return another text that decodes to the same bytes, where there is one: the last bits of base64 are unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1] if len(part) % 4 else part + "===="


def _signatures() -> Iterator[tuple[str, Any]]:
    token = good_token()
    text, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=")
    for name, forged in {
        "cut by a byte": raw[:-1], "longer by a byte": raw + b"\0", "cut to half": raw[:16], "all zero": bytes(32),
        "all ones": b"\xff" * 32, "first bit flipped": bytes([raw[0] ^ 128]) + raw[1:],
        "last bit flipped": raw[:-1] + bytes([raw[-1] ^ 1]), "backwards": raw[::-1], "as hex": raw.hex().encode(),
        "a plain hash": hashlib.sha256(text.encode()).digest(), "twice": raw + raw,
        "a hash of key and text": hashlib.sha256(KEY + text.encode()).digest(),
    }.items():  # fmt: skip
        yield name, f"{text}.{encode(forged)}"
    for name, key in {
        "nothing": b"", "zeros": bytes(32), "the word secret": b"secret", "our key in hex": KEY.hex().encode(),
        "our key in base64": base64.b64encode(KEY), "our key cut": KEY[:-1],
        "our other key": OLD_KEY, "the kid": b"k2",
    }.items():  # fmt: skip
        yield f"keyed with {name}", forge(key=key)


def _no_texts() -> Iterator[tuple[str, Any]]:
    token = good_token()
    for value in (
        None,
        token.encode(),
        bytearray(token.encode()),
        0,
        1.5,
        True,
        [token],
        (token,),
        {"token": token},
        object,
    ):
        yield type(value).__name__ + repr(value)[:12], value
