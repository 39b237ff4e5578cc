"""Wallets of all customers: `/v1/wallets`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from portal_app.access.principal import CustomerId
from portal_app.api.answers import BODY, CONFLICT, KEY, MISSING
from portal_app.api.bodies import DataRoute
from portal_app.api.keys import Caller, Reader, Writer
from portal_app.api.wire.lists import ListQuery, ListWire, page_wire
from portal_app.api.wire.movements import DebitCreate, MovementWire, TopUpCreate, movement_wire
from portal_app.api.wire.transactions import TransactionQuery, TransactionSearch, TransactionWire, transaction_wire
from portal_app.api.wire.values import ObjectId
from portal_app.api.wire.wallets import WalletCreate, WalletSearch, WalletUpdate, WalletWire, balance_wire, wallet_wire
from portal_app.commands.move_credits import debit, top_up
from portal_app.commands.wallets import create_wallet, terminate_wallet, update_wallet
from portal_app.queries.customers import customer_id_of_operator
from portal_app.queries.listing import Listing
from portal_app.queries.owners import Owned, owner_of_operator
from portal_app.queries.wallet_balance import get_balance
from portal_app.queries.wallets import (
    get_transaction,
    list_wallets_of_operator,
    search_transactions,
    search_transactions_of_operator,
)

router = APIRouter(prefix="/v1/wallets", tags=["wallets"], route_class=DataRoute, responses=KEY)


@router.post("", responses=BODY | CONFLICT | MISSING)
async def create(body: WalletCreate, caller: Writer) -> WalletWire:
    """Open a wallet, with free credits if asked. A customer has one active wallet of a currency and type."""
    customer = await caller.ask(customer_id_of_operator, body.customer_id, body.external_customer_id)
    return await _answer(caller, customer, await caller.do(create_wallet, customer, body.new()))


@router.get("")
async def list_all(query: Annotated[ListQuery, Query()], caller: Reader) -> ListWire[WalletWire]:
    """List wallets, newest first."""
    return await _list(caller, query.listing())


@router.post("/search", responses=BODY)
async def search(body: WalletSearch, caller: Reader) -> ListWire[WalletWire]:
    """Find wallets by ids, customer, status, currency or any filter."""
    return await _list(caller, body.asked())


@router.post("/transactions/search", responses=BODY)
async def search_rows(body: TransactionSearch, caller: Reader) -> ListWire[TransactionWire]:
    """Find ledger rows in all wallets."""
    listing = body.asked()
    found = await caller.ask(search_transactions_of_operator, listing)
    return page_wire(found, listing, transaction_wire)


@router.get("/{wallet_id}", responses=MISSING)
@router.get("/{wallet_id}/balance/real-time", responses=MISSING)
async def get_one(wallet_id: ObjectId, caller: Reader) -> WalletWire:
    """Return a wallet with its balance in real time."""
    return await _answer(caller, await caller.ask(owner_of_operator, Owned.WALLET, wallet_id), wallet_id)


@router.put("/{wallet_id}", responses=BODY | CONFLICT | MISSING)
async def update(wallet_id: ObjectId, body: WalletUpdate, caller: Writer) -> WalletWire:
    """Change a wallet's name, description or metadata."""
    customer = await caller.ask(owner_of_operator, Owned.WALLET, wallet_id)
    await caller.do(update_wallet, customer, wallet_id, body.changes())
    return await _answer(caller, customer, wallet_id)


@router.get("/{wallet_id}/transactions", responses=MISSING)
async def list_rows(
    wallet_id: ObjectId, query: Annotated[TransactionQuery, Query()], caller: Reader
) -> ListWire[TransactionWire]:
    """List the rows of a wallet's ledger, newest first."""
    customer = await caller.ask(owner_of_operator, Owned.WALLET, wallet_id)
    listing = query.asked()
    found = await caller.ask(search_transactions, customer, wallet_id, listing)
    return page_wire(found, listing, transaction_wire)


@router.post("/{wallet_id}/top-up", responses=BODY | CONFLICT | MISSING)
async def add_credits(wallet_id: ObjectId, body: TopUpCreate, caller: Writer) -> MovementWire:
    """Add credits. The same `idempotency_key` adds them once."""
    customer = await caller.ask(owner_of_operator, Owned.WALLET, wallet_id)
    row = await caller.do(top_up, customer, wallet_id, body.wanted())
    return await _moved(caller, customer, wallet_id, row)


@router.post("/{wallet_id}/debit", responses=BODY | CONFLICT | MISSING)
async def take_credits(wallet_id: ObjectId, body: DebitCreate, caller: Writer) -> MovementWire:
    """Take credits: by priority, free before bought, soonest to expire, oldest. Never more than there are."""
    customer = await caller.ask(owner_of_operator, Owned.WALLET, wallet_id)
    row = await caller.do(debit, customer, wallet_id, body.wanted())
    return await _moved(caller, customer, wallet_id, row)


@router.post("/{wallet_id}/terminate", responses=CONFLICT | MISSING)
async def terminate(wallet_id: ObjectId, caller: Writer) -> WalletWire:
    """Close a wallet for good; the credits left in it are gone."""
    customer = await caller.ask(owner_of_operator, Owned.WALLET, wallet_id)
    await caller.do(terminate_wallet, customer, wallet_id)
    return await _answer(caller, customer, wallet_id)


async def _moved(caller: Caller, customer: CustomerId, wallet_id: str, row_id: str) -> MovementWire:
    balance = await caller.ask(get_balance, customer, wallet_id, caller.now)
    return movement_wire(balance, await caller.ask(get_transaction, customer, row_id))


async def _answer(caller: Caller, customer: CustomerId, wallet_id: str) -> WalletWire:
    return balance_wire(await caller.ask(get_balance, customer, wallet_id, caller.now))


async def _list(caller: Caller, listing: Listing) -> ListWire[WalletWire]:
    found = await caller.ask(list_wallets_of_operator, listing, caller.now)
    return page_wire(found, listing, wallet_wire)
