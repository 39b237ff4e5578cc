"""Whether a key looks as if chance had made it."""

from __future__ import annotations

from itertools import pairwise

MIN_KEY_BYTES = 32
MIN_DISTINCT = 10
"""Of 32 random hexadecimal digits, fewer than 10 different ones come once in ten thousand keys."""

_KNOWN_DEFAULTS = ("changeme", "secret", "password", "default", "example")


def weakness(key: bytes) -> str:
    """Say what is wrong with a key: it must be long, and look as if chance had made it."""
    if not key:
        return "is missing"
    if len(key) < MIN_KEY_BYTES:
        return f"is shorter than {MIN_KEY_BYTES} bytes"
    if _is_regular(key) or any(word in key.lower().decode("latin-1") for word in _KNOWN_DEFAULTS):
        return "is a default or too regular to be random"
    return ""


def _is_regular(key: bytes) -> bool:
    """Tell few characters, steps of few sizes (`12345…`) and repetition from chance."""
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    repeats = any(key[period:] == key[:-period] for period in range(1, len(key) // 2 + 1))
    return repeats or min(len(set(key)), len(steps)) < MIN_DISTINCT
