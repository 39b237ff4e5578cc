"""wallets, grants and transactions: credits, the terms they come with, and the ledger that moves them."""

from decimal import Decimal

from portal_app.imports import kinds
from portal_app.imports.columns import Noun, Values, column, key, reference
from portal_app.models.columns import MoneyColumn, RateColumn
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction

_ZERO = Decimal(0)
_RATE = kinds.number(RateColumn.scale, above=_ZERO)
_CREDITS = kinds.number(MoneyColumn.scale, above=_ZERO)


def _topups_cost_what_credits_are_worth(values: Values) -> None:
    if values["topup_conversion_rate"] is None:
        values["topup_conversion_rate"] = values["conversion_rate"]


WALLETS = Noun(
    name="wallets",
    singular="wallet",
    table=Wallet,
    columns=(
        key(Wallet, "acme-usd"),
        reference("customers", "customer", "acme", "whose it is", required=True),
        column(Wallet, "name", "Compute credits", "as customers see it", empty="Prepaid Wallet, or Postpaid Wallet"),
        column(Wallet, "description", "For GPU hours only", "one line under the name"),
        column(Wallet, "currency", "USD", "what credits are worth money in", kind=kinds.currency(), required=True),
        column(Wallet, "wallet_type", "PRE_PAID", "filled before use, or settled after it"),
        column(Wallet, "wallet_status", "active", "whether it may be drawn on"),
        column(Wallet, "conversion_rate", "0.1", "what one credit is worth", kind=_RATE),
        column(
            Wallet, "topup_conversion_rate", "0.1", "what one credit costs", kind=_RATE, derived="as `conversion_rate`"
        ),
    ),
    fixed=frozenset({"customer", "currency"}),
    derive=_topups_cost_what_credits_are_worth,
)

GRANTS = Noun(
    name="grants",
    singular="grant",
    table=CreditGrant,
    columns=(
        key(CreditGrant, "welcome-acme"),
        reference("wallets", "wallet", "acme-usd", "the wallet it lies in", required=True),
        column(CreditGrant, "name", "Welcome bonus", "as customers see it"),
        column(
            CreditGrant,
            "credits",
            "1000",
            "must be what its credit in transactions says",
            kind=_CREDITS,
            derived="not checked",
        ),
        column(
            CreditGrant,
            "priority",
            "1",
            "spent earlier than grants with a higher number",
            kind=kinds.whole(0),
            empty="spent last",
        ),
        column(
            CreditGrant,
            "is_purchased",
            "false",
            "paid for: spent after free credits",
            derived="as the credit's reason says",
        ),
        column(
            CreditGrant,
            "expires_at",
            "2026-03-01T00:00:00+01:00",
            "unspent credits no longer count from then on",
            empty="never",
        ),
    ),
    fixed=frozenset({"wallet", "credits"}),
)

TRANSACTIONS = Noun(
    name="transactions",
    singular="transaction",
    table=WalletTransaction,
    columns=(
        key(WalletTransaction, "txn-1"),
        reference("wallets", "wallet", "acme-usd", "the ledger it stands in", required=True),
        column(
            WalletTransaction,
            "created_at",
            "2026-01-05T12:00:00+01:00",
            "when it took effect: the ledger is in this order, rows of one moment in the file's",
            required=True,
        ),
        column(WalletTransaction, "type", "credit", "the direction", required=True),
        column(WalletTransaction, "transaction_status", "completed", "only completed rows move the balance"),
        column(WalletTransaction, "transaction_reason", "FREE_CREDIT_GRANT", "why", required=True),
        column(
            WalletTransaction, "credit_amount", "1000", "credits, positive either way", kind=_CREDITS, required=True
        ),
        column(
            WalletTransaction,
            "amount",
            "100.00",
            "what they are worth",
            kind=kinds.number(MoneyColumn.scale, least=_ZERO),
            derived="`credit_amount` × the wallet's `conversion_rate`",
        ),
        column(
            WalletTransaction,
            "credit_balance_after",
            "1000",
            "checks the balance after this row",
            kind=kinds.number(MoneyColumn.scale),
            derived="not checked",
        ),
        reference(
            "grants",
            "grant",
            "welcome-acme",
            "on a completed credit: the terms it comes with; on a debit: the grant it takes from first",
        ),
        reference("invoices", "invoice", "inv-2", "the invoice it pays or returns"),
        column(
            WalletTransaction,
            "reference_type",
            "EXTERNAL",
            "what `reference_id` names",
            derived="`INVOICE` where an invoice is named, else `EXTERNAL`",
        ),
        column(WalletTransaction, "reference_id", "ch_3P1", "an id of another system"),
        column(WalletTransaction, "description", "Welcome to Northwind", "one line under the reason"),
    ),
    parent="wallet",
    at="created_at",
)
