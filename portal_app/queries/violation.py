"""What `verify` says of a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that is not as it must be: the rule it breaks, and what is wrong in one sentence."""

    rule: str
    table: str
    public_id: str
    sentence: str
