"""The closed vocabularies of billing.

The words are those of the documented API. What they amount to for a customer is in states.py; labels are in labels.py.
"""

from enum import StrEnum


class RecordStatus(StrEnum):
    """Whether an object exists for its readers."""

    PUBLISHED = "published"
    ARCHIVED = "archived"
    DELETED = "deleted"


class InvoiceStatus(StrEnum):
    """Where an invoice is in its own life. Customers see finalised and voided ones only."""

    DRAFT = "DRAFT"
    FINALIZED = "FINALIZED"
    VOIDED = "VOIDED"
    SKIPPED = "SKIPPED"


class PaymentStatus(StrEnum):
    """What happened to the money of an invoice or of one payment."""

    INITIATED = "INITIATED"
    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    OVERPAID = "OVERPAID"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    VOIDED = "VOIDED"


class InvoiceType(StrEnum):
    """What kind of document an invoice is."""

    SUBSCRIPTION = "SUBSCRIPTION"
    ONE_OFF = "ONE_OFF"
    CREDIT = "CREDIT"


class BillingReason(StrEnum):
    """Why an invoice was issued."""

    SUBSCRIPTION_CREATE = "SUBSCRIPTION_CREATE"
    SUBSCRIPTION_CYCLE = "SUBSCRIPTION_CYCLE"
    SUBSCRIPTION_UPDATE = "SUBSCRIPTION_UPDATE"
    SUBSCRIPTION_TRIAL_START = "SUBSCRIPTION_TRIAL_START"
    SUBSCRIPTION_TRIAL_END = "SUBSCRIPTION_TRIAL_END"
    PRORATION = "PRORATION"
    MANUAL = "MANUAL"
    AUTO_INVOICE_THRESHOLD = "AUTO_INVOICE_THRESHOLD"
    WALLET_AUTO_TOPUP = "WALLET_AUTO_TOPUP"
    SUBSCRIPTION_PAUSED = "SUBSCRIPTION_PAUSED"
    SUBSCRIPTION_RESUME = "SUBSCRIPTION_RESUME"


class WalletStatus(StrEnum):
    """Whether a wallet may be drawn on."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class WalletType(StrEnum):
    """Whether a wallet is filled before use or settled after it."""

    PRE_PAID = "PRE_PAID"
    POST_PAID = "POST_PAID"


class TransactionType(StrEnum):
    """The direction of a ledger row; its amounts are always positive."""

    CREDIT = "credit"
    DEBIT = "debit"


class TransactionStatus(StrEnum):
    """Whether a ledger row moved the balance: only completed ones did."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class TransactionReason(StrEnum):
    """Why a ledger row exists."""

    INVOICE_PAYMENT = "INVOICE_PAYMENT"
    FREE_CREDIT_GRANT = "FREE_CREDIT_GRANT"
    SUBSCRIPTION_CREDIT_GRANT = "SUBSCRIPTION_CREDIT_GRANT"
    PURCHASED_CREDIT_INVOICED = "PURCHASED_CREDIT_INVOICED"
    PURCHASED_CREDIT_DIRECT = "PURCHASED_CREDIT_DIRECT"
    PURCHASED_CREDIT_BONUS = "PURCHASED_CREDIT_BONUS"
    CREDIT_NOTE = "CREDIT_NOTE"
    CREDIT_EXPIRED = "CREDIT_EXPIRED"
    WALLET_TERMINATION = "WALLET_TERMINATION"
    MANUAL_BALANCE_DEBIT = "MANUAL_BALANCE_DEBIT"
    CREDIT_ADJUSTMENT = "CREDIT_ADJUSTMENT"
    INVOICE_VOID_REFUND = "INVOICE_VOID_REFUND"
    INVOICE_REFUND = "INVOICE_REFUND"


PURCHASED_REASONS = frozenset({TransactionReason.PURCHASED_CREDIT_INVOICED, TransactionReason.PURCHASED_CREDIT_DIRECT})
"""Reasons whose credits were paid for; all other credits are free, and burn first."""


class ReferenceType(StrEnum):
    """What a ledger row points at."""

    PAYMENT = "PAYMENT"
    EXTERNAL = "EXTERNAL"
    REQUEST = "REQUEST"
    INVOICE = "INVOICE"


class SubscriptionStatus(StrEnum):
    """Where a subscription is in its life. Customers see all but drafts."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    TRIALING = "trialing"
    DRAFT = "draft"


class BillingPeriod(StrEnum):
    """How often a price is charged."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    HALF_YEARLY = "HALF_YEARLY"
    ANNUAL = "ANNUAL"
    ONETIME = "ONETIME"


class BillingCycle(StrEnum):
    """Whether billing periods begin with the calendar's or with the subscription's own day."""

    ANNIVERSARY = "anniversary"
    CALENDAR = "calendar"


class PriceType(StrEnum):
    """Whether a price follows usage."""

    USAGE = "USAGE"
    FIXED = "FIXED"


class BillingModel(StrEnum):
    """How a price turns a quantity into an amount."""

    FLAT_FEE = "FLAT_FEE"
    PACKAGE = "PACKAGE"
    TIERED = "TIERED"


class TierMode(StrEnum):
    """Whether the tier that a quantity reaches prices all units, or each tier its own (graduated)."""

    VOLUME = "VOLUME"
    SLAB = "SLAB"


class Rounding(StrEnum):
    """Whether a package that was begun counts, or only a full one."""

    UP = "up"
    DOWN = "down"


class GrantCadence(StrEnum):
    """Whether credits are given once, or anew in each period."""

    ONETIME = "ONETIME"
    RECURRING = "RECURRING"


class GrantExpiration(StrEnum):
    """When given credits end: never, some time after they were given, or with the period they were given for."""

    NEVER = "NEVER"
    DURATION = "DURATION"
    BILLING_CYCLE = "BILLING_CYCLE"


class InvoiceCadence(StrEnum):
    """Whether a price is charged after or before its period."""

    ARREAR = "ARREAR"
    ADVANCE = "ADVANCE"


class PaymentMethod(StrEnum):
    """How a payment was made, elsewhere: nothing here takes money."""

    OFFLINE = "OFFLINE"
    CARD = "CARD"
    CREDITS = "CREDITS"
    PAYMENT_LINK = "PAYMENT_LINK"


CUSTOMER_INVOICE_STATUSES = (InvoiceStatus.FINALIZED, InvoiceStatus.VOIDED)
"""The invoices a customer may see: no drafts, none skipped; but nothing that was made void while it was a draft."""

RECEIVED_PAYMENT_STATUSES = (
    PaymentStatus.SUCCEEDED,
    PaymentStatus.OVERPAID,
    PaymentStatus.REFUNDED,
    PaymentStatus.PARTIALLY_REFUNDED,
)
"""Payments whose money arrived, even if some of it went back later."""

SETTLED_PAYMENT_STATUSES = (
    PaymentStatus.SUCCEEDED,
    PaymentStatus.OVERPAID,
    PaymentStatus.REFUNDED,
    PaymentStatus.PARTIALLY_REFUNDED,
    PaymentStatus.VOIDED,
)
"""Statuses of invoices that nobody waits for any more, whatever remains of them."""

RUNNING_SUBSCRIPTION_STATUSES = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)
"""Subscriptions that run: usage counts against them, they entitle to features, and credits are given."""

CURRENT_SUBSCRIPTION_STATUSES = (*RUNNING_SUBSCRIPTION_STATUSES, SubscriptionStatus.PAUSED)
"""Subscriptions that a customer still has, run they or rest they: time moves them on, and their plan is its plan."""
