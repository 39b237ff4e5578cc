"""The portal's look: `/v1/settings/customer_portal_config`."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import BODY, CONFLICT, KEY
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Admin, Caller, Reader
from portal_app.api.wire.base import DeletedWire
from portal_app.api.wire.settings import ConfigUpdate, SettingWire, setting_wire
from portal_app.commands.branding import reset_portal_config, set_portal_config
from portal_app.queries.branding import portal_config_of_operator
from portal_app.settings import get_settings

router = APIRouter(
    prefix="/v1/settings/customer_portal_config", tags=["settings"], route_class=DataRoute, responses=KEY
)


@router.get("")
async def get_config(caller: Reader) -> SettingWire:
    """Return the portal's layout, theme and labels."""
    return await _answer(caller)


@router.put("", responses=BODY | CONFLICT)
async def put_config(body: ConfigUpdate, caller: Admin) -> SettingWire:
    """Replace the keys that are sent. Unknown keys are refused by name."""
    await caller.do(set_portal_config, body.changes())
    return await _answer(caller)


@router.delete("", responses=CONFLICT)
async def delete_config(caller: Admin) -> DeletedWire:
    """Go back to the defaults."""
    await caller.do(reset_portal_config)
    return DeletedWire(message="setting deleted successfully")


async def _answer(caller: Caller) -> SettingWire:
    return setting_wire(await caller.ask(portal_config_of_operator, get_settings()))
