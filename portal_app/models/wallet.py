"""Wallets, the credit grants inside them, and the ledger that says how they came to hold what they hold."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from portal_app.billing.statuses import (
    ReferenceType,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.models.columns import (
    IntegerKey,
    MoneyColumn,
    RateColumn,
    Row,
    UtcDateTime,
    metadata_column,
    new_public_id,
    word_column,
)

HOLDS_CREDITS, HAS_KEY = text("credits_available > 0"), text("idempotency_key IS NOT NULL")


class Wallet(Row, table=True):
    """A customer's store of credits in one currency. One credit is worth `conversion_rate` of it."""

    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        CheckConstraint("conversion_rate > 0", name="conversion_rate_positive"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("wallet"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    name: str = Field(default="", max_length=255)
    description: str = Field(default="", max_length=1000)
    currency: str = Field(max_length=3)
    wallet_type: WalletType = Field(default=WalletType.PRE_PAID, sa_column=word_column(WalletType, "wallet_type"))
    wallet_status: WalletStatus = Field(
        default=WalletStatus.ACTIVE, sa_column=word_column(WalletStatus, "wallet_status")
    )
    conversion_rate: Decimal = Field(default=Decimal(1), sa_type=RateColumn)
    topup_conversion_rate: Decimal = Field(default=Decimal(1), sa_type=RateColumn)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())


class CreditGrant(Row, table=True):
    """A lot of credits with its own priority and expiry; `credits_available` is what is left of it."""

    __tablename__ = "credit_grant"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        ForeignKeyConstraint(["customer_id", "wallet_id"], ["wallet.customer_id", "wallet.id"]),
        Index(None, "customer_id", "wallet_id", "expires_at"),
        Index(None, "expires_at", sqlite_where=HOLDS_CREDITS, postgresql_where=HOLDS_CREDITS),
        CheckConstraint("credits > 0", name="credits_positive"),
        CheckConstraint("credits_available >= 0", name="credits_available_not_negative"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("grant"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    wallet_id: int = Field(sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    name: str = Field(default="", max_length=255)
    credits: Decimal = Field(sa_type=MoneyColumn)
    credits_available: Decimal = Field(sa_type=MoneyColumn)
    is_purchased: bool = False
    priority: int | None = None
    granted_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WalletTransaction(Row, table=True):
    """One row of the ledger. Amounts are positive, the type gives the sign; `sequence` counts from 1 per wallet.

    `created_at` is when the movement took effect. A wallet's balance is its last row's `credit_balance_after`.
    """

    __tablename__ = "wallet_transaction"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)
    __table_args__ = (
        UniqueConstraint("wallet_id", "sequence"),
        UniqueConstraint("wallet_id", "idempotency_key"),
        ForeignKeyConstraint(["customer_id", "wallet_id"], ["wallet.customer_id", "wallet.id"]),
        ForeignKeyConstraint(["customer_id", "grant_id"], ["credit_grant.customer_id", "credit_grant.id"]),
        ForeignKeyConstraint(["customer_id", "invoice_id"], ["invoice.customer_id", "invoice.id"]),
        Index(None, "customer_id", "wallet_id", "sequence"),
        Index(None, "customer_id", "idempotency_key", sqlite_where=HAS_KEY, postgresql_where=HAS_KEY),
        Index(None, "created_at", "id"),
        CheckConstraint("credit_amount > 0", name="credit_amount_positive"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )

    public_id: str = Field(default_factory=lambda: new_public_id("wtxn"), unique=True, max_length=40)
    external_id: str | None = Field(default=None, unique=True, max_length=255)
    customer_id: int = Field(foreign_key="customer.id", sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    wallet_id: int = Field(sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    sequence: int
    type: TransactionType = Field(sa_column=word_column(TransactionType, "type"))
    transaction_status: TransactionStatus = Field(
        default=TransactionStatus.COMPLETED, sa_column=word_column(TransactionStatus, "transaction_status")
    )
    transaction_reason: TransactionReason = Field(sa_column=word_column(TransactionReason, "transaction_reason"))
    credit_amount: Decimal = Field(sa_type=MoneyColumn)
    amount: Decimal = Field(sa_type=MoneyColumn)
    credit_balance_before: Decimal = Field(sa_type=MoneyColumn)
    credit_balance_after: Decimal = Field(sa_type=MoneyColumn)
    conversion_rate: Decimal = Field(sa_type=RateColumn)
    grant_id: int | None = Field(default=None, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    invoice_id: int | None = Field(default=None, sa_type=IntegerKey)  # pyright: ignore[reportArgumentType]
    reference_type: ReferenceType = Field(
        default=ReferenceType.EXTERNAL, sa_column=word_column(ReferenceType, "reference_type")
    )
    reference_id: str = Field(default="", max_length=255)
    description: str = Field(default="", max_length=1000)
    idempotency_key: str | None = Field(default=None, max_length=255)
    meta: dict[str, str] = Field(default_factory=dict, sa_column=metadata_column())
