"""The secrets that development makes for itself: one file of the folder, shared by every process."""

from __future__ import annotations

import base64
import os
import secrets
import tempfile
from pathlib import Path

from portal_app.errors import ConfigurationRefused
from portal_app.strength import MIN_KEY_BYTES

SECRETS_FILE = Path(".portal-secrets")


def development_secret(name: str) -> str:
    """Return a generated secret of this development folder, made the first time and kept in `.portal-secrets`.

    Raises:
        ConfigurationRefused: the file is there, but not whole.
    """
    if not SECRETS_FILE.exists():
        _make_secrets()
    try:
        return kept_secrets()[name]
    except KeyError:
        raise ConfigurationRefused(findings=f"{name} is not in {SECRETS_FILE}: delete the file") from None


def kept_secrets() -> dict[str, str]:
    """Return what the file holds, by the names of variables."""
    return dict(line.split("=", 1) for line in SECRETS_FILE.read_text().splitlines() if "=" in line)


def _make_secrets() -> None:
    made = {
        "PORTAL_SECRET_KEY": secrets.token_urlsafe(MIN_KEY_BYTES),
        "PORTAL_SESSION_KEYS": f"dev1:{base64.b64encode(secrets.token_bytes(MIN_KEY_BYTES)).decode()}",
        "PORTAL_DEVELOPMENT_KEY_ID": secrets.token_hex(8),
        "PORTAL_DEVELOPMENT_KEY_SECRET": secrets.token_urlsafe(MIN_KEY_BYTES),
    }
    descriptor, draft = tempfile.mkstemp(prefix=f"{SECRETS_FILE.name}-", dir=SECRETS_FILE.parent)  # 0600
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in made.items())
    try:
        os.link(draft, SECRETS_FILE)  # the first process wins; the others read what it wrote
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
