"""Credits that pay an invoice, and credits that return when it is made void."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select as select_columns
from sqlmodel import and_, col, func, or_, select

from portal_app.access.principal import CustomerId
from portal_app.billing.money import plain
from portal_app.billing.statuses import (
    RECEIVED_PAYMENT_STATUSES,
    PaymentMethod,
    PaymentStatus,
    ReferenceType,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
)
from portal_app.commands.move_credits import credits_worth, lock_wallet, opened, take
from portal_app.commands.post_ledger import LedgerEntry
from portal_app.database import Session
from portal_app.errors import Invalid
from portal_app.models.invoice import Invoice, Payment
from portal_app.models.wallet import CreditGrant, Wallet, WalletTransaction


def pay_with_credits(session: Session, invoice: Invoice, amount: Decimal, wallet_id: str, now: datetime) -> str:
    """Take what `amount` is worth from a wallet, or the oldest that holds it if none is named, and return its id.

    Raises:
        NotFound: the wallet does not exist or is another customer's.
        Invalid: more than remains to pay, less than any credits, or a wallet in another currency.
        WalletNotActive: it is frozen or closed.
        CreditsShort: it holds fewer credits.
    """
    if amount > invoice.amount_remaining:
        raise Invalid(field="amount", problem=f"is more than the {plain(invoice.amount_remaining)} that remain to pay")
    customer_id = CustomerId(invoice.customer_id)
    wallet = lock_wallet(session, customer_id, wallet_id or _wallet_for(session, invoice, amount, now))
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

    Where all that was paid is refunded, so are the credits of its payments, elsewhere; what was prepaid is not.

    Raises:
        WalletNotActive: a wallet that paid it is closed.
    """
    payments = _by_credits(session, invoice)
    succeeded = [payment for payment in payments if payment.payment_status is PaymentStatus.SUCCEEDED]
    refundable = succeeded if invoice.refunded_amount < invoice.amount_paid else []
    for row, wallet_id, payment in _told_apart(_paid_from(session, invoice), payments):
        if payment is not None and payment not in refundable:
            continue
        wallet = lock_wallet(session, CustomerId(invoice.customer_id), wallet_id)
        poster = opened(session, wallet, now)
        poster.post(_returned(row, invoice, poster.earliest(now)))
        poster.finish()
    for payment in refundable:
        payment.payment_status, payment.updated_at = PaymentStatus.REFUNDED, now
        invoice.refunded_amount += payment.amount
        session.add(payment)


def _wallet_for(session: Session, invoice: Invoice, amount: Decimal, now: datetime) -> str:
    """The oldest active wallet in the invoice's currency that holds enough; the oldest, where none does."""
    held = and_(
        col(CreditGrant.wallet_id) == col(Wallet.id),
        or_(col(CreditGrant.expires_at).is_(None), col(CreditGrant.expires_at) > now),
    )
    usable = (
        select_columns(col(Wallet.public_id), col(Wallet.conversion_rate), func.sum(CreditGrant.credits_available))
        .outerjoin(CreditGrant, held)
        .where(
            col(Wallet.customer_id) == invoice.customer_id,
            col(Wallet.currency) == invoice.currency,
            col(Wallet.wallet_status) == WalletStatus.ACTIVE,
        )
        .group_by(col(Wallet.id))
        .order_by(col(Wallet.id))
    )
    wallets = session.connection().execute(usable).all()
    if not wallets:
        raise Invalid(field="payment_method_type", problem=f"there is no active wallet in {invoice.currency}")
    enough = (id_ for id_, rate, credits_ in wallets if credits_ and credits_ >= credits_worth(amount, rate))
    return next(enough, wallets[0][0])


def _by_credits(session: Session, invoice: Invoice) -> list[Payment]:
    statement = select(Payment).where(
        Payment.customer_id == invoice.customer_id,
        Payment.invoice_id == invoice.id,
        Payment.method == PaymentMethod.CREDITS,
        col(Payment.payment_status).in_(RECEIVED_PAYMENT_STATUSES),
    )
    return list(session.exec(statement.order_by(col(Payment.id))))


def _told_apart(
    debits: Sequence[tuple[WalletTransaction, str]], payments: Sequence[Payment]
) -> Iterator[tuple[WalletTransaction, str, Payment | None]]:
    """Yield each debit with the payment that it was, None if it was prepaid: they are alike in amount and wallet.

    A payment that was imported may name no wallet of these.
    """
    wallets, left = {wallet_id for _, wallet_id in debits}, list(payments)
    for row, wallet_id in debits:
        alike = (
            payment
            for payment in left
            if payment.amount == row.amount and (payment.reference == wallet_id or payment.reference not in wallets)
        )
        if (payment := next(alike, None)) is not None:
            left.remove(payment)
        yield row, wallet_id, payment


def _paid_from(session: Session, invoice: Invoice) -> Sequence[tuple[WalletTransaction, str]]:
    """Return the debits that took credits for an invoice, each with its wallet's id, wallet by wallet."""
    return session.exec(
        select(WalletTransaction, Wallet.public_id)
        .join(Wallet, col(Wallet.id) == col(WalletTransaction.wallet_id))
        .where(
            WalletTransaction.customer_id == invoice.customer_id,
            WalletTransaction.invoice_id == invoice.id,
            WalletTransaction.transaction_reason == TransactionReason.INVOICE_PAYMENT,
            WalletTransaction.type == TransactionType.DEBIT,
            WalletTransaction.transaction_status == TransactionStatus.COMPLETED,
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
