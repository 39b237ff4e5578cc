"""What the documented API has and this one has not: 501, with what to do instead. docs/api.md lists the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter

from portal_app.api.answers import KEY, MISSING_FEATURE
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Writer
from portal_app.errors import NotImplementedHere

router = APIRouter(prefix="/v1", tags=["not implemented"], route_class=DataRoute, responses=KEY | MISSING_FEATURE)

INSTEAD = {
    ("POST", "wallets", "/modify"): "top-up, debit and terminate move credits.",
    ("DELETE", "wallets", ""): "terminate closes a wallet; its ledger stays.",
    ("DELETE", "meters", ""): "a meter is out of sight once no feature refers to it.",
    ("DELETE", "subscriptions", ""): "cancel ends a subscription; what it charged stays.",
    ("DELETE", "invoices", ""): "void makes an invoice worth nothing; its number stays.",
    ("PUT", "payments", ""): "`PUT /v1/invoices/{id}/payment` says how a payment went.",
    ("DELETE", "payments", ""): "what was paid stays in the books.",
}


def _refusal(operation: str, instead: str) -> Callable[..., Awaitable[None]]:
    async def refuse(_caller: Writer) -> None:
        raise NotImplementedHere(operation=operation)

    refuse.__doc__ = f"Not implemented: {instead}"
    return refuse


def _parameter(name: str) -> dict[str, Any]:
    """Describe the id in a path, which nothing here reads."""
    return {"parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]}


for (method, noun, step), instead in INSTEAD.items():
    name = f"{noun[:-1]}_id"
    router.add_api_route(
        f"/{noun}/{{{name}}}{step}",
        _refusal(f"{method} /v1/{noun}/{{id}}{step}", instead),
        methods=[method],
        status_code=501,
        name=f"no {noun} {step}",
        openapi_extra=_parameter(name),
    )
