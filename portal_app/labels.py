"""The words on screen for the closed vocabularies: one truthful label for each, and the tone of its badge."""

from dataclasses import dataclass
from enum import StrEnum

from portal_app.billing.metering import AggregationType
from portal_app.billing.states import InvoiceState, SubscriptionState
from portal_app.billing.statuses import (
    BillingPeriod,
    BillingReason,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    RecordStatus,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.texts import gettext as _
from portal_app.texts import ngettext


class Tone(StrEnum):
    """What a badge's colour says, next to its word and icon."""

    GOOD = "ok"
    WAITING = "wait"
    BAD = "bad"
    NOTE = "note"
    OFF = "off"


ICONS = {Tone.GOOD: "✓", Tone.WAITING: "◷", Tone.BAD: "!", Tone.NOTE: "◔", Tone.OFF: "–"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A status as people see it: word, tone and icon, never colour alone."""

    label: str
    tone: Tone

    @property
    def icon(self) -> str:
        """The sign beside the word, hidden from screen readers."""
        return ICONS[self.tone]


INVOICE_STATES = {
    InvoiceState.PAID: Badge(_("Paid"), Tone.GOOD),
    InvoiceState.PENDING: Badge(_("Pending"), Tone.WAITING),
    InvoiceState.STARTED: Badge(_("Payment started"), Tone.NOTE),
    InvoiceState.PARTIALLY_PAID: Badge(_("Partially paid"), Tone.WAITING),
    InvoiceState.PROCESSING: Badge(_("Processing"), Tone.NOTE),
    InvoiceState.OVERDUE: Badge(_("Overdue"), Tone.BAD),
    InvoiceState.FAILED: Badge(_("Payment failed"), Tone.BAD),
    InvoiceState.OVERPAID: Badge(_("Overpaid"), Tone.NOTE),
    InvoiceState.REFUNDED: Badge(_("Refunded"), Tone.NOTE),
    InvoiceState.PARTIALLY_REFUNDED: Badge(_("Partially refunded"), Tone.NOTE),
    InvoiceState.NOTHING_DUE: Badge(_("Nothing due"), Tone.OFF),
    InvoiceState.VOID: Badge(_("Void"), Tone.OFF),
}

SUBSCRIPTION_STATES = {
    SubscriptionState.ACTIVE: Badge(_("Active"), Tone.GOOD),
    SubscriptionState.TRIALING: Badge(_("Trial"), Tone.NOTE),
    SubscriptionState.CANCELLING: Badge(_("Ending"), Tone.WAITING),
    SubscriptionState.PAUSED: Badge(_("Paused"), Tone.WAITING),
    SubscriptionState.INCOMPLETE: Badge(_("Awaiting first payment"), Tone.BAD),
    SubscriptionState.CANCELLED: Badge(_("Cancelled"), Tone.OFF),
    SubscriptionState.ENDED: Badge(_("Ended"), Tone.OFF),
}

RECORD_STATUSES = {
    RecordStatus.PUBLISHED: Badge("", Tone.GOOD),
    RecordStatus.ARCHIVED: Badge(_("Archived"), Tone.OFF),
    RecordStatus.DELETED: Badge(_("Deleted"), Tone.BAD),
}
"""What is there to say of a record; that it is in use goes without saying."""

WALLET_STATES = {
    WalletStatus.ACTIVE: Badge(_("Active"), Tone.GOOD),
    WalletStatus.FROZEN: Badge(_("Frozen"), Tone.WAITING),
    WalletStatus.CLOSED: Badge(_("Closed"), Tone.OFF),
}

WALLET_TYPES = {WalletType.PRE_PAID: _("Prepaid Wallet"), WalletType.POST_PAID: _("Postpaid Wallet")}

TRANSACTION_REASONS = {
    TransactionReason.INVOICE_PAYMENT: _("Invoice Payment"),
    TransactionReason.FREE_CREDIT_GRANT: _("Free Credits Added"),
    TransactionReason.SUBSCRIPTION_CREDIT_GRANT: _("Plan Credits Added"),
    TransactionReason.PURCHASED_CREDIT_INVOICED: _("Credits Purchased (Invoiced)"),
    TransactionReason.PURCHASED_CREDIT_DIRECT: _("Credits Purchased"),
    TransactionReason.PURCHASED_CREDIT_BONUS: _("Bonus Credits Added"),
    TransactionReason.CREDIT_NOTE: _("Credit Note"),
    TransactionReason.CREDIT_EXPIRED: _("Credits Expired"),
    TransactionReason.WALLET_TERMINATION: _("Wallet Closed"),
    TransactionReason.MANUAL_BALANCE_DEBIT: _("Manual Deduction"),
    TransactionReason.CREDIT_ADJUSTMENT: _("Credit Adjustment"),
    TransactionReason.INVOICE_VOID_REFUND: _("Returned from Voided Invoice"),
    TransactionReason.INVOICE_REFUND: _("Invoice Refund"),
}

TRANSACTION_TYPES = {TransactionType.CREDIT: _("Credit"), TransactionType.DEBIT: _("Debit")}

TRANSACTION_STATUSES = {
    TransactionStatus.PENDING: Badge(_("Pending"), Tone.WAITING),
    TransactionStatus.COMPLETED: Badge(_("Completed"), Tone.GOOD),
    TransactionStatus.FAILED: Badge(_("Failed"), Tone.BAD),
}

PAYMENT_METHODS = {
    PaymentMethod.OFFLINE: _("Bank transfer or other"),
    PaymentMethod.CARD: _("Card"),
    PaymentMethod.CREDITS: _("Credits"),
    PaymentMethod.PAYMENT_LINK: _("Payment link"),
}

PAYMENT_STATUSES = {
    PaymentStatus.INITIATED: Badge(_("Started"), Tone.WAITING),
    PaymentStatus.PENDING: Badge(_("Pending"), Tone.WAITING),
    PaymentStatus.PROCESSING: Badge(_("Processing"), Tone.NOTE),
    PaymentStatus.SUCCEEDED: Badge(_("Received"), Tone.GOOD),
    PaymentStatus.OVERPAID: Badge(_("Overpaid"), Tone.NOTE),
    PaymentStatus.FAILED: Badge(_("Failed"), Tone.BAD),
    PaymentStatus.REFUNDED: Badge(_("Refunded"), Tone.NOTE),
    PaymentStatus.PARTIALLY_REFUNDED: Badge(_("Partially refunded"), Tone.NOTE),
    PaymentStatus.VOIDED: Badge(_("Void"), Tone.OFF),
}

INVOICE_TYPES = {
    InvoiceType.SUBSCRIPTION: _("Subscription invoice"),
    InvoiceType.ONE_OFF: _("One-off invoice"),
    InvoiceType.CREDIT: _("Credit note"),
}

BILLING_REASONS = {
    BillingReason.SUBSCRIPTION_CREATE: _("New subscription"),
    BillingReason.SUBSCRIPTION_CYCLE: _("Subscription renewal"),
    BillingReason.SUBSCRIPTION_UPDATE: _("Subscription change"),
    BillingReason.SUBSCRIPTION_TRIAL_START: _("Start of trial"),
    BillingReason.SUBSCRIPTION_TRIAL_END: _("End of trial"),
    BillingReason.PRORATION: _("Proration"),
    BillingReason.MANUAL: _("One-off charge"),
    BillingReason.AUTO_INVOICE_THRESHOLD: _("Usage reached the invoicing threshold"),
    BillingReason.WALLET_AUTO_TOPUP: _("Automatic top-up"),
    BillingReason.SUBSCRIPTION_PAUSED: _("Subscription paused"),
    BillingReason.SUBSCRIPTION_RESUME: _("Subscription resumed"),
}

AGGREGATIONS = {
    AggregationType.COUNT: _("each event counts one"),
    AggregationType.SUM: _("the sum of what the events report"),
    AggregationType.AVG: _("the average of what the events report"),
    AggregationType.COUNT_UNIQUE: _("the number of different values that the events report"),
    AggregationType.LATEST: _("what the latest event reports"),
    AggregationType.SUM_WITH_MULTIPLIER: _("the sum of what the events report, times a factor"),
    AggregationType.MAX: _("the greatest value that an event reports"),
    AggregationType.WEIGHTED_SUM: _("the sum of what the events report, each for the part of the period after it"),
}


def every(period: BillingPeriod, count: int) -> str:
    """Return the words after a recurring price: `month`, `3 months`, `one-time`."""
    words = {
        BillingPeriod.DAILY: ngettext("day", "{count} days", count),
        BillingPeriod.WEEKLY: ngettext("week", "{count} weeks", count),
        BillingPeriod.MONTHLY: ngettext("month", "{count} months", count),
        BillingPeriod.QUARTERLY: ngettext("quarter", "{count} quarters", count),
        BillingPeriod.HALF_YEARLY: ngettext("half-year", "{count} half-years", count),
        BillingPeriod.ANNUAL: ngettext("year", "{count} years", count),
        BillingPeriod.ONETIME: _("one-time"),
    }
    return words[period].format(count=count)
