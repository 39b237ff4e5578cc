"""Credits that pay an invoice, and credits that return when it is made void."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import plain
from portal_app.billing.statuses import (
    PaymentMethod,
    PaymentStatus,
    ReferenceType,
    TransactionReason,
    TransactionType,
    WalletStatus,
)
from portal_app.commands.move_credits import credits_worth, lock_wallet, opened, take
from portal_app.commands.post_ledger import LedgerEntry
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.invoice import Invoice, Payment
from portal_app.models.wallet import Wallet, WalletTransaction


def pay_with_credits(session: Session, invoice: Invoice, amount: Decimal, wallet_id: str, now: datetime) -> str:
    """Take what `amount` is worth from a wallet, or the oldest that fits if none is named, and return its id.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
        Invalid: more than remains to pay, or a wallet in another currency.
        WalletNotActive: it is frozen or closed.
        CreditsShort: it holds fewer credits.
    """
    if amount > invoice.amount_remaining:
        raise Invalid(field="amount", problem=f"is more than the {plain(invoice.amount_remaining)} that remain to pay")
    customer_id = CustomerId(invoice.customer_id)
    wallet = lock_wallet(session, customer_id, wallet_id or _wallet_for(session, invoice))
    if wallet.currency != invoice.currency:
        raise Invalid(field="payment_method_id", problem=f"must be a wallet in {invoice.currency}")
    entry = LedgerEntry(
        TransactionType.DEBIT,
        TransactionReason.INVOICE_PAYMENT,
        credits_worth(amount, wallet.conversion_rate),
        now,
        amount=amount,
        invoice_id=invoice.id,
        reference_type=ReferenceType.INVOICE,
        reference_id=invoice.public_id,
    )
    take(session, wallet, entry, now)
    return wallet.public_id


def give_back_credits(session: Session, invoice: Invoice, now: datetime) -> None:
    """Return the credits that paid an invoice to their wallets; what they paid of `amount_paid` is refunded then.

    Raises:
        WalletNotActive: a wallet that paid it is closed.
    """
    for row, wallet_id in _paid_from(session, invoice):
        wallet = lock_wallet(session, CustomerId(invoice.customer_id), wallet_id)
        poster = opened(session, wallet, now)
        poster.post(_returned(row, invoice, poster.earliest(now)))
        poster.finish()
    by_credits = select(Payment).where(
        Payment.customer_id == invoice.customer_id,
        Payment.invoice_id == invoice.id,
        Payment.method == PaymentMethod.CREDITS,
        Payment.payment_status == PaymentStatus.SUCCEEDED,
    )
    for payment in session.exec(by_credits):
        payment.payment_status, payment.updated_at = PaymentStatus.REFUNDED, now
        invoice.refunded_amount += payment.amount
        session.add(payment)


def _wallet_for(session: Session, invoice: Invoice) -> str:
    """The oldest active wallet in the invoice's currency; whether it holds enough is for the ledger to say."""
    usable = select(Wallet.public_id).where(
        Wallet.customer_id == invoice.customer_id,
        Wallet.currency == invoice.currency,
        Wallet.wallet_status == WalletStatus.ACTIVE,
    )
    found = session.exec(usable.order_by(col(Wallet.id))).first()
    if found is None:
        raise Invalid(field="payment_method_type", problem=f"there is no active wallet in {invoice.currency}")
    return found


def _paid_from(session: Session, invoice: Invoice) -> Sequence[tuple[WalletTransaction, str]]:
    """Return the debits that paid an invoice, each with its wallet's id, wallet by wallet."""
    return session.exec(
        select(WalletTransaction, Wallet.public_id)
        .join(Wallet, col(Wallet.id) == col(WalletTransaction.wallet_id))
        .where(
            WalletTransaction.customer_id == invoice.customer_id,
            WalletTransaction.invoice_id == invoice.id,
            WalletTransaction.transaction_reason == TransactionReason.INVOICE_PAYMENT,
        )
        .order_by(col(WalletTransaction.wallet_id), col(WalletTransaction.sequence))
    ).all()


def _returned(row: WalletTransaction, invoice: Invoice, at: datetime) -> LedgerEntry:
    return LedgerEntry(
        TransactionType.CREDIT,
        TransactionReason.INVOICE_VOID_REFUND,
        row.credit_amount,
        at,
        amount=row.amount,
        invoice_id=invoice.id,
        reference_type=ReferenceType.INVOICE,
        reference_id=invoice.public_id,
    )
