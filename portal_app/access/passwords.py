"""Passwords of the operator's people: argon2id (RFC 9106), and nothing kept that says what one was."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LEAST_CHARACTERS, MOST_CHARACTERS = 12, 256
_HASHER = PasswordHasher()
NOBODYS = _HASHER.hash("nobody has this password")
"""What an unknown account is compared with, so that it takes as long as a known one."""


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return _HASHER.hash(password)


def password_matches(password: str, kept: str) -> bool:
    """Tell whether `kept` is of this password. Takes tens of milliseconds, on purpose."""
    try:
        return _HASHER.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False


def weakness_of(password: str) -> str:
    """Say why a password cannot be used, or nothing."""
    if len(password) < LEAST_CHARACTERS:
        return f"must have at least {LEAST_CHARACTERS} characters"
    if len(password) > MOST_CHARACTERS:
        return f"must have at most {MOST_CHARACTERS} characters"
    return "repeats too few characters" if len(set(password)) < LEAST_CHARACTERS // 2 else ""
