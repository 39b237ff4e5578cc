"""The operator's logo, for pages and for anyone's front end: `/branding/logo`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from portal_app.database import current_database
from portal_app.errors import NotFound
from portal_app.queries.branding import branding_of_operator
from portal_app.settings import get_settings

router = APIRouter(tags=["files"], include_in_schema=False)


@router.get("/branding/logo")
async def logo() -> Response:
    """Return the logo as PNG. It is the same for everyone, so nobody has to say who they are."""
    operator = await current_database().read(branding_of_operator, get_settings())
    if operator.logo is None:
        raise NotFound(noun="Logo")
    return Response(operator.logo, media_type="image/png")
