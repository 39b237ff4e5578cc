"""Every operation of the API, read from its own description, so that none can be forgotten."""

from __future__ import annotations

from dataclasses import dataclass
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
    described: dict[str, Any]

    @property
    def is_portal(self) -> bool:
        """Whether a customer's session token opens it."""
        return self.path.startswith(PORTAL)

    def at(self, **ids: str) -> str:
        """Return the path with these ids in it, or with words that are no id."""
        return self.path.format(**{name: ids.get(name, "nothing") for name in self.parameters})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_operations() -> list[Operation]:
    """Return every operation."""
    return [
        Operation(method.upper(), path, _names(described), described)
        for path, methods in document(create_api())["paths"].items()
        for method, described in methods.items()
    ]


def _names(described: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one["name"] for one in described.get("parameters", ()) if one["in"] == "path")
