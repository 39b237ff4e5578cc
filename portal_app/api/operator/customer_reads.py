"""What belongs to one customer: `/v1/customers/…/wallets`, `…/invoices/summary`, `…/subscriptions`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.access.principal import CustomerId
from portal_app.api.answers import KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader
from portal_app.api.wire.entitlements import (
    CustomerEntitlementsWire,
    EntitlementQuery,
    UsageSummaryWire,
    customer_entitlements_wire,
    usage_summary_wire,
)
from portal_app.api.wire.grants import UpcomingGrantsWire, upcoming_grants_wire
from portal_app.api.wire.invoices import InvoiceSummaryWire, invoice_summary_wire
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.subscriptions import SubscriptionWire, subscription_wire
from portal_app.api.wire.values import Key, ObjectId
from portal_app.api.wire.wallets import WalletWire, balance_wire, wallet_wire
from portal_app.errors import Invalid
from portal_app.queries.customers import customer_id_of_operator, get_profile
from portal_app.queries.entitlements import entitled_features
from portal_app.queries.grant_rules import upcoming_grants
from portal_app.queries.invoice_lists import summarise_invoices
from portal_app.queries.subscriptions import page_subscriptions
from portal_app.queries.wallet_balance import list_balances
from portal_app.queries.wallets import list_wallets

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=DataRoute, responses=KEY)


@router.get("/wallets", responses=MISSING)
async def wallets_by_query(
    caller: Reader,
    customer_id: Annotated[ObjectId | None, Query(alias="id")] = None,
    lookup_key: Key | None = None,
    include_real_time_balance: bool = False,  # noqa: FBT001, FBT002 (a query parameter)
) -> list[WalletWire]:
    """List the wallets of the customer that the query names by `id` or `lookup_key` (its external id)."""
    if customer_id is None and lookup_key is None:
        raise Invalid(field="id", problem="give id or lookup_key")
    customer = await caller.ask(customer_id_of_operator, customer_id, lookup_key)
    if include_real_time_balance:
        return [balance_wire(balance) for balance in await caller.ask(list_balances, customer, caller.now)]
    return await _wallets(caller, customer)


@router.get("/{customer_id}/wallets", responses=MISSING)
async def wallets(customer_id: ObjectId, caller: Reader) -> list[WalletWire]:
    """List a customer's wallets, active ones first."""
    return await _wallets(caller, await caller.ask(customer_id_of_operator, customer_id))


@router.get("/{customer_id}/invoices/summary", responses=MISSING)
async def invoice_summary(customer_id: ObjectId, caller: Reader) -> InvoiceSummaryWire:
    """Return what a customer's issued invoices come to, a currency each."""
    customer = await caller.ask(customer_id_of_operator, customer_id)
    return invoice_summary_wire(customer_id, await caller.ask(summarise_invoices, customer, caller.now))


@router.get("/external/{external_id}/subscriptions", responses=MISSING)
async def subscriptions(
    external_id: Key, query: Annotated[ListQuery, Query()], caller: Reader
) -> ListWire[SubscriptionWire]:
    """List the subscriptions of the customer that the operator calls so, newest first."""
    customer = await caller.ask(customer_id_of_operator, None, external_id)
    listing = query.listing()
    found = await caller.ask(page_subscriptions, customer, listing, caller.now)
    return page_wire(found, listing, subscription_wire)


@router.get("/usage", responses=MISSING)
async def usage_by_query(
    caller: Reader,
    query: Annotated[EntitlementQuery, Query()],
    customer_id: ObjectId | None = None,
    customer_lookup_key: Key | None = None,
) -> UsageSummaryWire:
    """Return what the customer that the query names may use, and has."""
    if customer_id is None and customer_lookup_key is None:
        raise Invalid(field="customer_id", problem="give customer_id or customer_lookup_key")
    return await _usage(caller, await caller.ask(customer_id_of_operator, customer_id, customer_lookup_key), query)


@router.get("/{customer_id}/usage", responses=MISSING, deprecated=True)
async def usage(customer_id: ObjectId, query: Annotated[EntitlementQuery, Query()], caller: Reader) -> UsageSummaryWire:
    """Return what a customer may use, and has."""
    return await _usage(caller, await caller.ask(customer_id_of_operator, customer_id), query)


@router.get("/{customer_id}/entitlements", responses=MISSING)
async def entitlements(
    customer_id: ObjectId, query: Annotated[EntitlementQuery, Query()], caller: Reader
) -> CustomerEntitlementsWire:
    """Return what a customer may use, and why."""
    return await _entitlements(caller, await caller.ask(customer_id_of_operator, customer_id), query)


@router.get("/external/{external_id}/entitlements", responses=MISSING)
async def entitlements_by_external_id(
    external_id: Key, query: Annotated[EntitlementQuery, Query()], caller: Reader
) -> CustomerEntitlementsWire:
    """Return what the customer that the operator calls so may use, and why."""
    return await _entitlements(caller, await caller.ask(customer_id_of_operator, None, external_id), query)


@router.get("/{customer_id}/grants/upcoming", responses=MISSING)
async def upcoming(customer_id: ObjectId, caller: Reader) -> UpcomingGrantsWire:
    """Return the credits that a customer's subscriptions will give it next, soonest first."""
    customer = await caller.ask(customer_id_of_operator, customer_id)
    return upcoming_grants_wire(await caller.ask(upcoming_grants, customer, caller.now))


async def _usage(caller: Caller, customer: CustomerId, query: EntitlementQuery) -> UsageSummaryWire:
    profile = await caller.ask(get_profile, customer)
    found = await caller.ask(entitled_features, customer, caller.now, *query.wanted())
    return usage_summary_wire(profile.public_id, found)


async def _entitlements(caller: Caller, customer: CustomerId, query: EntitlementQuery) -> CustomerEntitlementsWire:
    profile = await caller.ask(get_profile, customer)
    found = await caller.ask(entitled_features, customer, caller.now, *query.wanted())
    return customer_entitlements_wire(profile.public_id, found)


async def _wallets(caller: Caller, customer: CustomerId) -> list[WalletWire]:
    return [wallet_wire(wallet) for wallet in await caller.ask(list_wallets, customer, caller.now)]
