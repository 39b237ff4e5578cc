"""The customer itself."""

from __future__ import annotations

from fastapi import APIRouter

from portal_app.api.answers import READ_ONLY, TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.customers import CustomerWire, customer_wire
from portal_app.errors import InsufficientScope
from portal_app.queries.customers import get_profile

router = APIRouter(prefix="/v1/customer/portal/info", tags=["portal"], route_class=DataRoute, responses=TOKEN)


@router.get("")
async def get_info(customer: Customer) -> CustomerWire:
    """Return the customer whose session this is."""
    return customer_wire(await customer.ask(get_profile))


@router.put("", status_code=403, responses=READ_ONLY)
async def update_info(_customer: Customer) -> None:
    """Refuse: the portal is read-only, as the documented API's is in effect."""
    raise InsufficientScope
