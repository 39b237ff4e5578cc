"""How the portal looks, for front ends other than ours."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.settings import SettingWire, setting_wire
from portal_app.database import current_database
from portal_app.queries.branding import portal_config_of_operator
from portal_app.settings import get_settings

router = APIRouter(prefix="/v1/customer/portal/config", tags=["portal"], route_class=DataRoute, responses=TOKEN)


@router.get("")
async def get_config(_customer: Customer) -> SettingWire:
    """Return the portal's layout, theme and labels."""
    return setting_wire(await current_database().read(portal_config_of_operator, get_settings()))
