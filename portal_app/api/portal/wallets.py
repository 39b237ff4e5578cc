"""The customer's wallets and their ledgers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.api.answers import BODY, MISSING, TOKEN
from portal_app.api.bodies import DataRoute
from portal_app.api.session_token import Customer
from portal_app.api.wire.base import RequestWire
from portal_app.api.wire.lists import ListWire, page_wire
from portal_app.api.wire.transactions import TransactionQuery, TransactionWire, transaction_wire
from portal_app.api.wire.values import ObjectId
from portal_app.api.wire.wallets import WalletWire, balance_wire, wallet_wire
from portal_app.queries.wallet_balance import get_balance
from portal_app.queries.wallets import list_wallets, search_transactions

router = APIRouter(prefix="/v1/customer/portal/wallets", tags=["portal"], route_class=DataRoute, responses=TOKEN)


class NothingWire(RequestWire):
    """A body without fields; it may be left out."""


@router.post("", responses=BODY)
async def list_all(customer: Customer, _body: NothingWire | None = None) -> list[WalletWire]:
    """List all wallets, active ones first."""
    return [wallet_wire(wallet) for wallet in await customer.ask(list_wallets, customer.now)]


@router.get("/{wallet_id}", responses=MISSING)
async def get_one(wallet_id: ObjectId, customer: Customer) -> WalletWire:
    """Return a wallet with its balance in real time."""
    return balance_wire(await customer.ask(get_balance, wallet_id, customer.now))


@router.get("/{wallet_id}/transactions", responses=MISSING)
async def list_transactions(
    wallet_id: ObjectId, customer: Customer, query: Annotated[TransactionQuery, Query()]
) -> ListWire[TransactionWire]:
    """List the rows of a wallet's ledger, newest first."""
    listing = query.asked()
    found = await customer.ask(search_transactions, wallet_id, listing)
    return page_wire(found, listing, transaction_wire)
