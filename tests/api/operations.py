"""Every operation of the API, read from its own description, so that none can be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from portal_app.api.app import create_api
from portal_app.api.openapi import document

PORTAL = "/v1/customer/portal/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `parameters` are the names in its path."""

    method: str
    path: str
    parameters: tuple[str, ...]
    described: dict[str, Any] = field(compare=False)

    @property
    def is_portal(self) -> bool:
        """Whether a customer's session token opens it."""
        return self.path.startswith(PORTAL)

    def at(self, **ids: str) -> str:
        """Return the path with these ids in it, or with words that are no id."""
        return self.path.format(**{name: ids.get(name, "nothing") for name in self.parameters})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def described() -> dict[str, Any]:
    """Return the API's own description; it takes a second to make."""
    return document(create_api())


@cache
def all_operations() -> tuple[Operation, ...]:
    """Return every operation."""
    return tuple(
        Operation(method.upper(), path, _names(operation), operation)
        for path, methods in described()["paths"].items()
        for method, operation in methods.items()
    )


def _names(operation: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["name"] for one in operation.get("parameters", ()) if one["in"] == "path")
