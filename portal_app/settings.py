"""The PORTAL_* environment as one frozen value, and what production refuses to start with.

Every field is documented in docs/operations.md; a test compares the two.
"""

from __future__ import annotations

import base64
import binascii
import re
import stat
from enum import StrEnum
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from babel import Locale, UnknownLocaleError
from limits import parse
from PIL import Image
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from portal_app.errors import ConfigurationRefused, plain_problem
from portal_app.origins import is_origin
from portal_app.secrets_file import SECRETS_FILE, development_secret, kept_secrets
from portal_app.strength import weakness

_KID = re.compile(r"[A-Za-z0-9]{1,16}")


class Environment(StrEnum):
    """How careful to be: development makes its own secrets, production refuses to start without its own."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Surface(StrEnum):
    """Which pages a process serves."""

    PORTAL = "portal"
    OPERATOR = "operator"


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
    trusted_proxies: Words = ()
    limit_mints: str = "600/minute"
    limit_failures: str = "60/minute"
    limit_events: str = "60 per 3 seconds"
    surfaces: Annotated[tuple[Surface, ...], NoDecode] = (Surface.PORTAL,)
    usage_retention_days: int = Field(default=0, ge=0)
    operator_origin: str = ""
    operator_name: str = "Northwind"
    operator_legal_name: str = ""
    operator_address: str = ""
    operator_tax_id: str = ""
    operator_support_email: str = ""
    operator_return_url: str = ""
    operator_locale: str = "en_US"
    operator_logo: Path | None = None
    api_docs: bool | None = None
    redis_url: str = Field(default="", validation_alias="REFLEX_REDIS_URL")

    @field_validator("embed_origins", "surfaces", "trusted_proxies", mode="before")
    @classmethod
    def _split_words(cls, value: object) -> object:
        return tuple(word for word in re.split(r"[,\s]+", value) if word) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if not re.match(r"(sqlite|postgres(ql)?)(\+\w+)?://", value):
            raise ValueError("must start with sqlite:/// or postgresql://")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            networks = [ip_network(text) for text in value]
        except ValueError:
            raise ValueError("must be addresses or networks such as 10.0.0.0/8") from None
        if not all(network.prefixlen for network in networks):
            raise ValueError("must not be everybody: each client would say whose its request is")
        return tuple(map(str, networks))

    @field_validator("surfaces")
    @classmethod
    def _any(cls, value: tuple[Surface, ...]) -> tuple[Surface, ...]:
        if not value:
            raise ValueError("must be portal, operator, or both")
        return value

    @field_validator("limit_mints", "limit_failures", "limit_events")
    @classmethod
    def _rate(cls, value: str) -> str:
        try:
            parse(value)
        except ValueError:
            raise ValueError("is not a rate such as 60/minute or 60 per 3 seconds") from None
        return value

    @field_validator("operator_locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        try:
            return str(Locale.parse(value.replace("-", "_")))
        except (UnknownLocaleError, ValueError):
            raise ValueError("is not a locale such as en_US or de_DE") from None

    @field_validator("public_url", "operator_origin")
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
        if not all(is_origin(origin) for origin in value):
            raise ValueError("must be origins such as https://app.example.com, without paths or wildcards")
        return value

    @property
    def origin(self) -> str:
        """Scheme, host and port under which customers reach the portal; links start with it."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def own_origin(self) -> str:
        """Scheme, host and port under which the operator's people reach their pages."""
        return self.operator_origin or self.origin

    @property
    def serves_portal(self) -> bool:
        """Whether this process has the customers' pages."""
        return Surface.PORTAL in self.surfaces

    @property
    def serves_operator(self) -> bool:
        """Whether this process has the operator's pages."""
        return Surface.OPERATOR in self.surfaces

    @property
    def own_origins(self) -> tuple[str, ...]:
        """The origins whose pages may open a socket or send a form here: our own alone."""
        local = () if self.in_production else tuple(f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1"))
        return tuple(dict.fromkeys((self.origin, self.own_origin, *local)))

    @property
    def in_production(self) -> bool:
        """Whether unsafe values are refused."""
        return self.env is Environment.PRODUCTION

    @property
    def shows_api_docs(self) -> bool:
        """Whether the API describes itself at /openapi.json and /docs: not in production, unless it is asked to."""
        return not self.in_production if self.api_docs is None else self.api_docs

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
            if problem := weakness(key):
                raise ValueError(f"the key {kid} {problem}")
            keys[kid] = key
        return keys

    def secrets(self) -> list[str]:
        """Return what must never be printed: each key as it is written in the environment."""
        entries = re.split(r"[,\s]+", self.session_keys.get_secret_value())
        return [self.secret_key.get_secret_value(), *(entry.partition(":")[2] for entry in entries)]


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read from the environment the first time.

    In development the missing secrets come from `.portal-secrets`, made on first use and shared by
    every process of this folder.

    Raises:
        ConfigurationRefused: a variable is malformed, or unsafe in production. All are named at once.
    """
    settings, findings = read_settings()
    if findings:
        raise ConfigurationRefused(findings="\n".join(findings))
    return settings


def read_settings() -> tuple[Settings, list[str]]:
    """Read the environment; return it with a sentence for each thing that must not be.

    A sentence names its variable and never a value. Malformed variables stand at their defaults in the
    settings returned, so that all the others can be judged in the same breath.
    """
    malformed: dict[str, str] = {}
    try:
        settings = Settings()
    except ValidationError as error:
        malformed = {str(e["loc"][0]): _readable(e) for e in error.errors()}
        repaired: dict[str, Any] = {name: Settings.model_fields[name].default for name in malformed}
        if "env" in malformed:
            repaired["env"] = Environment.PRODUCTION  # what is not said clearly is judged strictly
        settings = Settings(**repaired)
    if not settings.in_production:
        settings = settings.model_copy(update=_development_secrets(settings))
    others = [finding for finding in unsafe(settings) if not any(_variable(name) in finding for name in malformed)]
    return settings, [*malformed.values(), *others]


def unsafe(settings: Settings) -> list[str]:
    """Return one sentence for each thing that must not be, naming its variable and never its value."""
    findings = _key_findings(settings)
    if settings.operator_logo and not _is_image(settings.operator_logo):
        findings.append("PORTAL_OPERATOR_LOGO names no image that can be read")
    if settings.in_production:
        findings += _production_findings(settings)
    return findings


def _key_findings(settings: Settings) -> list[str]:
    findings: list[str] = []
    if problem := weakness(settings.secret_key.get_secret_value().encode()):
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
            urlsplit(settings.operator_origin).scheme == "http",
            "PORTAL_OPERATOR_ORIGIN must be an https:// origin",
        ),
        (
            any(urlsplit(o).scheme != "https" for o in settings.embed_origins),
            "PORTAL_EMBED_ORIGINS may name https origins only",
        ),
        (
            "operator_name" not in settings.model_fields_set or not settings.operator_name.strip(),
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
        (_is_of_development(settings.secret_key), f"PORTAL_SECRET_KEY is the one in {SECRETS_FILE}"),
        (_is_of_development(settings.session_keys), f"PORTAL_SESSION_KEYS is the one in {SECRETS_FILE}"),
    ]
    return [finding for failed, finding in checks if failed]


def _is_world_readable(database_url: str) -> bool:
    engine, _, rest = database_url.partition(":///")
    path = Path(rest.partition("?")[0])
    return engine.startswith("sqlite") and path.is_file() and bool(path.stat().st_mode & stat.S_IROTH)


def _is_image(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


def _is_of_development(secret: SecretStr) -> bool:
    value = secret.get_secret_value()
    return bool(value) and SECRETS_FILE.exists() and value in kept_secrets().values()


def _readable(error: Any) -> str:
    return f"{_variable(str(error['loc'][0]))} {plain_problem(error['type'], error['msg'])}"


def _variable(field: str) -> str:
    return f"PORTAL_{field.upper()}"


def _development_secrets(settings: Settings) -> dict[str, SecretStr]:
    missing = [n for n in ("secret_key", "session_keys") if not getattr(settings, n).get_secret_value()]
    return {name: SecretStr(development_secret(_variable(name))) for name in missing}
