"""Who is looking: the one value that a live session amounts to."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

CustomerId = NewType("CustomerId", int)
"""The inner key of a customer. Only a live session, an operator's key or the command line yields one."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A customer in a live session. `expires_at` is UTC."""

    customer_id: CustomerId
    customer_public_id: str
    jti: str
    expires_at: datetime
