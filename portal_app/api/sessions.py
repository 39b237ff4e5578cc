"""Mint portal sessions: `/v1/customers/portal/{external_id}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from portal_app import clock
from portal_app.access.api_keys import Scope
from portal_app.api.keys import api_key_with
from portal_app.api.wire import AuthErrorWire, ErrorWire, PermissionErrorWire, SessionWire, session_wire
from portal_app.commands.mint_session import mint_session
from portal_app.database import current_database
from portal_app.queries.access import ApiKeyRecord
from portal_app.settings import get_settings

router = APIRouter(prefix="/v1", tags=["sessions"])

ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"model": AuthErrorWire, "description": "No API key, or one that is unknown, expired or revoked."},
    403: {"model": PermissionErrorWire, "description": "The key lacks the scope `sessions:mint`."},
    404: {"model": ErrorWire, "description": "No published customer has this external id."},
}
ExternalId = Annotated[str, Path(description="The operator's own id of the customer.", max_length=255)]
MintingKey = Annotated[ApiKeyRecord, Depends(api_key_with(Scope.MINT))]


@router.post("/customers/portal/{external_id:path}", responses=ANSWERS)
async def mint(external_id: ExternalId, key: MintingKey, response: Response) -> SessionWire:
    """Mint a link that shows this customer's portal for one hour to whoever opens it."""
    minted = await current_database().write(
        mint_session, get_settings(), external_id, f"API key {key.key_id}", clock.utc_now()
    )
    response.headers["Cache-Control"] = "no-store"
    return session_wire(minted)


@router.get("/customers/portal/{external_id:path}", responses=ANSWERS)
async def mint_by_get(external_id: ExternalId, key: MintingKey, response: Response) -> SessionWire:
    """Mint as POST does: the documented API mints by GET. Prefer POST, which nothing caches or repeats."""
    return await mint(external_id, key, response)
