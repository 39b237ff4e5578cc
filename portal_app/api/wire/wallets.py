"""Wallets, as the dialect writes and reads them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from portal_app.api.wire.base import ObjectWire, OfCustomerWire, RequestWire
from portal_app.api.wire.lists import SearchWire
from portal_app.api.wire.values import (
    Amount,
    Currency,
    Instant,
    LongText,
    Metadata,
    ObjectId,
    Omitted,
    PositiveRate,
    Text,
    WireDecimal,
    WireTime,
)
from portal_app.billing.statuses import (
    WalletStatus,
    WalletType,
)
from portal_app.commands.wallets import NewWallet
from portal_app.queries.listing import Listing, among, equal
from portal_app.queries.wallet_balance import WalletBalance
from portal_app.queries.wallets import WalletSummary

DEFAULT_NAMES = {WalletType.PRE_PAID: "Prepaid Wallet", WalletType.POST_PAID: "Postpaid Wallet"}


class WalletConfigWire(BaseModel):
    """What a wallet may pay for: everything."""

    allowed_price_types: list[str] = ["ALL"]


class BreakdownWire(BaseModel):
    """The credits that may still be spent, by how they came."""

    purchased: WireDecimal
    free: WireDecimal


class WalletWire(ObjectWire):
    """A wallet. `balance` = `credit_balance` × `conversion_rate`; expired credits are in neither.

    The fields from `real_time_balance` on are there when one wallet is asked for, or when a list is asked for them:
    `real_time_balance` = `balance` − `current_period_usage` − `unpaid_invoices_amount`.
    """

    id: str
    customer_id: str
    name: str
    description: str
    currency: str
    balance: WireDecimal
    credit_balance: WireDecimal
    wallet_status: WalletStatus
    wallet_type: WalletType
    config: WalletConfigWire = WalletConfigWire()
    conversion_rate: WireDecimal
    topup_conversion_rate: WireDecimal
    alert_state: str = "ok"
    metadata: dict[str, str]
    is_cached_fallback: bool = False
    real_time_balance: Omitted[WireDecimal] = None
    real_time_credit_balance: Omitted[WireDecimal] = None
    balance_updated_at: Omitted[WireTime] = None
    current_period_usage: Omitted[WireDecimal] = None
    unpaid_invoices_amount: Omitted[WireDecimal] = None
    credits_available_breakdown: Omitted[BreakdownWire] = None


class WalletUpdate(RequestWire):
    """What may be changed of a wallet; nothing that moves money."""

    name: Text | None = None
    description: LongText | None = None
    metadata: Metadata | None = None


class WalletCreate(OfCustomerWire):
    """A wallet to be."""

    currency: Currency
    conversion_rate: PositiveRate = Decimal(1)
    topup_conversion_rate: PositiveRate | None = None
    initial_credits_to_load: Amount = Decimal(0)
    initial_credits_expiry_date_utc: Instant | None = None
    wallet_type: WalletType = WalletType.PRE_PAID
    description: LongText = ""
    metadata: Metadata = Field(default_factory=dict[str, str])

    def new(self) -> NewWallet:
        """Return what the command takes."""
        return NewWallet(
            currency=self.currency,
            wallet_type=self.wallet_type,
            conversion_rate=self.conversion_rate,
            topup_conversion_rate=self.topup_conversion_rate,
            name=f"{DEFAULT_NAMES[self.wallet_type]} - {self.currency.upper()}",
            description=self.description,
            initial_credits=self.initial_credits_to_load,
            initial_expires_at=self.initial_credits_expiry_date_utc,
            meta=self.metadata,
        )


class WalletSearch(SearchWire):
    """A search among the wallets of all customers."""

    wallet_ids: list[ObjectId] = Field(default_factory=list[str], max_length=1000)
    customer_id: ObjectId | None = None
    wallet_status: WalletStatus | None = None
    currency: Currency | None = None

    def asked(self) -> Listing:
        """Return the search in the words of queries."""
        return self.listing(
            *among("id", self.wallet_ids),
            *equal("customer_id", self.customer_id),
            *equal("wallet_status", self.wallet_status),
            *equal("currency", self.currency),
        )


def wallet_wire(wallet: WalletSummary) -> WalletWire:
    """Return a wallet as lists write it."""
    return WalletWire(**_columns(wallet))


def balance_wire(balance: WalletBalance) -> WalletWire:
    """Return a wallet with its balance in real time."""
    return WalletWire(**_columns(balance.wallet), **_real_time(balance))


def _columns(wallet: WalletSummary) -> dict[str, Any]:
    return {
        "id": wallet.public_id,
        "customer_id": wallet.customer_public_id,
        "name": wallet.name or f"{DEFAULT_NAMES[wallet.wallet_type]} - {wallet.currency.upper()}",
        "description": wallet.description,
        "currency": wallet.currency,
        "balance": wallet.value.amount,
        "credit_balance": wallet.credits,
        "wallet_status": wallet.status,
        "wallet_type": wallet.wallet_type,
        "conversion_rate": wallet.conversion_rate,
        "topup_conversion_rate": wallet.topup_conversion_rate,
        "metadata": dict(wallet.meta),
        "created_at": wallet.created_at,
        "updated_at": wallet.updated_at,
    }


def _real_time(balance: WalletBalance) -> dict[str, Any]:
    return {
        "real_time_balance": balance.real_time,
        "real_time_credit_balance": balance.real_time_credits,
        "balance_updated_at": balance.at,
        "current_period_usage": balance.pending_usage,
        "unpaid_invoices_amount": balance.unpaid_invoices,
        "credits_available_breakdown": BreakdownWire(purchased=balance.purchased, free=balance.free),
    }
