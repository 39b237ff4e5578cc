"""Open a customer's portal: mint a link and follow it, so that no pop-up blocker has a say."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import RedirectResponse, Response

from portal_app.commands.mint_session import MintTerms, mint_session
from portal_app.settings import get_settings
from portal_app.web.operator.guarded import Visit


async def open_portal(visit: Visit) -> Response:
    """Mint a link for the customer that the form names, and lead to it."""
    whom = visit.fields.get("customer", "")
    minted = await visit.do(
        mint_session, get_settings(), whom, visit.who.actor, visit.now, MintTerms(address=visit.address)
    )
    return RedirectResponse(minted.url, HTTPStatus.SEE_OTHER)
