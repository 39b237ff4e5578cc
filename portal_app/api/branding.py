"""The operator's look, for pages and for anyone's front end: `/branding/logo` and `/branding/theme.js`."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, Response

from portal_app.database import current_database
from portal_app.errors import NotFound, Unavailable
from portal_app.queries.branding import branding_of_operator
from portal_app.settings import get_settings

router = APIRouter(tags=["files"], include_in_schema=False)

PATIENCE_SECONDS = 1.0
"""How long a page is kept from being drawn to know its theme."""


@router.get("/branding/logo")
async def logo() -> Response:
    """Return the logo as PNG. It is the same for everyone, so nobody has to say who they are."""
    operator = await current_database().read(branding_of_operator, get_settings())
    if operator.logo is None:
        raise NotFound(noun="Logo")
    return Response(operator.logo, media_type="image/png")


@router.get("/branding/theme.js")
async def theme() -> Response:
    """Return the theme that pages begin with, as a script: it runs before anything is drawn, so that nothing flashes.

    A database that does not answer says nothing of it: pages stay as they were.
    """
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            operator = await current_database().read(branding_of_operator, get_settings())
    except (TimeoutError, Unavailable):
        return Response("", media_type="text/javascript")
    return Response(f"window.portalTheme = {json.dumps(operator.theme)};\n", media_type="text/javascript")
