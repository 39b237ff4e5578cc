"""The PORTAL_* environment as one frozen value, and what production refuses to start with.

Every field is documented in docs/operations.md; a test compares the two.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portal_app.errors import ConfigurationRefused

SECRETS_FILE = Path(".portal-secrets")
MIN_KEY_BYTES = 32
_KID = re.compile(r"[A-Za-z0-9]{1,16}")
_KNOWN_DEFAULTS = ("changeme", "secret", "password", "default", "example")


class Environment(StrEnum):
    """How careful to be: development makes its own secrets, production refuses to start without its own."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Surface(StrEnum):
    """Which pages a process serves."""

    PORTAL = "portal"


Words = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything the environment decides. Read once at start; tests make their own."""

    model_config = SettingsConfigDict(env_prefix="PORTAL_", frozen=True, extra="ignore")

    env: Environment = Environment.DEVELOPMENT
    database_url: str = "sqlite:///portal.db"
    host: str = "127.0.0.1"
    port: int = Field(default=3000, ge=1, le=65535)
    public_url: str = ""
    secret_key: SecretStr = SecretStr("")
    session_keys: SecretStr = SecretStr("")
    session_ttl_seconds: int = Field(default=3600, ge=60, le=3600)
    embed_origins: Words = ()
    surfaces: Annotated[tuple[Surface, ...], NoDecode] = (Surface.PORTAL,)
    operator_name: str = "Northwind"
    operator_address: str = ""
    operator_tax_id: str = ""
    operator_support_email: str = ""
    operator_return_url: str = ""
    operator_locale: str = "en_US"
    operator_logo: Path | None = None
    redis_url: str = Field(default="", validation_alias="REFLEX_REDIS_URL")

    @field_validator("embed_origins", "surfaces", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return tuple(word for word in re.split(r"[,\s]+", value) if word) if isinstance(value, str) else value

    @field_validator("operator_locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        try:
            return str(Locale.parse(value.replace("-", "_")))
        except (UnknownLocaleError, ValueError):
            raise ValueError("is not a locale such as en_US or de_DE") from None

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str) -> str:
        if value and not is_origin(value.rstrip("/")):
            raise ValueError("must be scheme, host and port, without a path, such as https://billing.example.com")
        return value.rstrip("/")

    @field_validator("operator_return_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must start with https:// (or http:// in development)")
        return value

    @field_validator("embed_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not is_origin(origin):
                raise ValueError(f"{origin!r} is not an origin such as https://app.example.com")
        return value

    @property
    def origin(self) -> str:
        """Scheme, host and port under which customers reach the portal; links start with it."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def in_production(self) -> bool:
        """Whether unsafe values are refused."""
        return self.env is Environment.PRODUCTION

    def signing_keys(self) -> dict[str, bytes]:
        """Return the HS256 keys of session tokens by key id; the first one signs, all verify.

        Raises:
            ValueError: an entry is not `kid:base64`, with the reason and never the key.
        """
        keys: dict[str, bytes] = {}
        for entry in re.split(r"[,\s]+", self.session_keys.get_secret_value().strip()):
            kid, _, encoded = entry.partition(":")
            if not _KID.fullmatch(kid):
                raise ValueError("each entry is kid:base64 with a kid of 1 to 16 letters and digits")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise ValueError(f"the key {kid} is not base64") from None
            if kid in keys:
                raise ValueError(f"the kid {kid} is given twice")
            if problem := _weakness(key):
                raise ValueError(f"the key {kid} {problem}")
            keys[kid] = key
        return keys


def is_origin(text: str) -> bool:
    """Tell whether `text` is exactly scheme://host[:port], with no wildcard, path, user or trailing slash."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    rebuilt = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    return parts.scheme in {"http", "https"} and bool(re.fullmatch(r"[a-z0-9.\-:\[\]]+", host)) and rebuilt == text


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read from the environment the first time.

    In development the missing secrets come from `.portal-secrets`, made on first use and shared by
    every process of this folder.

    Raises:
        ConfigurationRefused: a variable is malformed, or unsafe in production. All are named at once.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        raise ConfigurationRefused(findings="\n".join(_readable(e) for e in error.errors())) from None
    if not settings.in_production:
        settings = settings.model_copy(update=_development_secrets(settings))
    if findings := unsafe(settings):
        raise ConfigurationRefused(findings="\n".join(findings))
    return settings


def unsafe(settings: Settings) -> list[str]:
    """Return one sentence for each thing that must not be, naming its variable and never its value."""
    findings = _key_findings(settings)
    if settings.in_production:
        findings += _production_findings(settings)
    return findings


def _key_findings(settings: Settings) -> list[str]:
    findings: list[str] = []
    if problem := _weakness(settings.secret_key.get_secret_value().encode()):
        findings.append(f"PORTAL_SECRET_KEY {problem}")
    if not settings.session_keys.get_secret_value():
        findings.append("PORTAL_SESSION_KEYS is missing")
    else:
        try:
            settings.signing_keys()
        except ValueError as error:
            findings.append(f"PORTAL_SESSION_KEYS: {error}")
    return findings


def _production_findings(settings: Settings) -> list[str]:
    checks = [
        (
            urlsplit(settings.public_url).scheme != "https",
            "PORTAL_PUBLIC_URL must be the https:// origin customers use",
        ),
        (
            any(urlsplit(o).scheme != "https" for o in settings.embed_origins),
            "PORTAL_EMBED_ORIGINS may name https origins only",
        ),
        (
            "operator_name" not in settings.model_fields_set,
            "PORTAL_OPERATOR_NAME is missing: customers must see who bills them",
        ),
        (
            urlsplit(settings.operator_return_url).scheme == "http",
            "PORTAL_OPERATOR_RETURN_URL must be an https address",
        ),
        (
            bool(settings.redis_url) and not urlsplit(settings.redis_url).password,
            "REFLEX_REDIS_URL has no password: whoever writes to Redis runs code here",
        ),
        (_is_world_readable(settings.database_url), "PORTAL_DATABASE_URL names a file that everyone may read"),
    ]
    return [finding for failed, finding in checks if failed]


def _weakness(key: bytes) -> str:
    if not key:
        return "is missing"
    if len(key) < MIN_KEY_BYTES:
        return f"is shorter than {MIN_KEY_BYTES} bytes"
    if len(set(key)) < MIN_KEY_BYTES // 3 or any(word in key.lower().decode("latin-1") for word in _KNOWN_DEFAULTS):
        return "is a default or too regular to be random"
    return ""


def _is_world_readable(database_url: str) -> bool:
    path = Path(database_url.removeprefix("sqlite:///"))
    return database_url.startswith("sqlite:///") and path.exists() and bool(path.stat().st_mode & stat.S_IROTH)


def _readable(error: Any) -> str:
    name = str(error["loc"][0])
    variable = name if name.startswith("REFLEX_") else f"PORTAL_{name.upper()}"
    return f"{variable} {error['msg'].removeprefix('Value error, ')}"


def development_secret(name: str) -> str:
    """Return a generated secret of this development folder, made the first time and kept in `.portal-secrets`."""
    return _read_or_make_secrets()[name]


def _development_secrets(settings: Settings) -> dict[str, SecretStr]:
    missing = [n for n in ("secret_key", "session_keys") if not getattr(settings, n).get_secret_value()]
    return {name: SecretStr(development_secret(f"PORTAL_{name.upper()}")) for name in missing}


def _read_or_make_secrets() -> dict[str, str]:
    if not SECRETS_FILE.exists():
        _make_secrets()
    return dict(line.split("=", 1) for line in SECRETS_FILE.read_text().splitlines() if "=" in line)


def _make_secrets() -> None:
    made = {
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(MIN_KEY_BYTES),
        "PORTAL_SESSION_KEYS": f"dev1:{base64.b64encode(secrets.token_bytes(MIN_KEY_BYTES)).decode()}",
        "PORTAL_DEVELOPMENT_KEY_ID": secrets.token_hex(8),
        "PORTAL_DEVELOPMENT_KEY_SECRET": secrets.token_urlsafe(MIN_KEY_BYTES),
    }
    draft = SECRETS_FILE.with_name(f"{SECRETS_FILE.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in made.items())
    try:
        os.link(draft, SECRETS_FILE)  # the first process wins; the others read what it wrote
    except FileExistsError:
        pass
    finally:
        draft.unlink()
