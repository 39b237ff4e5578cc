"""Mint portal sessions: `/v1/customers/portal/{external_id}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from starlette.convertors import PathConvertor, register_url_convertor

from portal_app.api.answers import BODY, KEY
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Minter
from portal_app.api.limits import minted_again
from portal_app.api.wire.errors import ErrorWire
from portal_app.api.wire.sessions import MintRequest, SessionWire, session_wire
from portal_app.commands.mint_session import mint_session
from portal_app.database import current_database
from portal_app.settings import get_settings


class _Anything(PathConvertor):
    """What is left of an address, and line breaks in it, too."""

    regex = r"[\s\S]*"


register_url_convertor("anything", _Anything())

router = APIRouter(prefix="/v1", tags=["sessions"], route_class=DataRoute, responses=KEY)

ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorWire, "description": "No published customer has this external id."},
    429: {"model": ErrorWire, "description": "The key has asked for too many; `Retry-After` says when to go on."},
}
ExternalId = Annotated[str, Path(description="The operator's own id of the customer.", max_length=255)]


ExpiresIn = Annotated[int | None, Query(description="As in the body of POST.")]
ReturnUrl = Annotated[str | None, Query(description="As in the body of POST.", max_length=2048)]


@router.post("/customers/portal/{external_id:anything}", responses=BODY | ANSWERS)
async def mint(
    external_id: ExternalId, caller: Minter, response: Response, asked: MintRequest | None = None
) -> SessionWire:
    """Mint a link that shows this customer's portal to whoever opens it, for one hour or less."""
    await minted_again(caller.key_id)
    terms = (asked or MintRequest()).terms()
    minted = await current_database().write(mint_session, get_settings(), external_id, caller.actor, caller.now, terms)
    response.headers["Cache-Control"] = "no-store"
    return session_wire(minted)


@router.get("/customers/portal/{external_id:anything}", responses=ANSWERS)
async def mint_by_get(
    external_id: ExternalId,
    caller: Minter,
    response: Response,
    expires_in: ExpiresIn = None,
    return_url: ReturnUrl = None,
) -> SessionWire:
    """Mint as POST does: the documented API mints by GET. Prefer POST, which nothing caches or repeats."""
    return await mint(external_id, caller, response, MintRequest(expires_in=expires_in, return_url=return_url))
