"""Every word of a closed vocabulary that customers meet has a truthful label, and none shares it with another."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import cast
import pytest

from portal_app.billing.states import InvoiceState, SubscriptionState, invoice_state, subscription_state
from portal_app.billing.statuses import (
    CUSTOMER_INVOICE_STATUSES,
    BillingPeriod,
    BillingReason,
    InvoiceType,
    PaymentMethod,
    PaymentStatus,
    SubscriptionStatus,
    TransactionReason,
    TransactionStatus,
    TransactionType,
    WalletStatus,
    WalletType,
)
from portal_app.labels import (
    BILLING_REASONS,
    ICONS,
    INVOICE_STATES,
    INVOICE_TYPES,
    PAYMENT_METHODS,
    PAYMENT_STATUSES,
    SUBSCRIPTION_STATES,
    TRANSACTION_REASONS,
    TRANSACTION_STATUSES,
    TRANSACTION_TYPES,
    WALLET_STATES,
    WALLET_TYPES,
    Badge,
    Tone,
    every,
)
from portal_app.queries.invoice_search import STATUS_WORDS

VOCABULARIES = [
    (InvoiceState, INVOICE_STATES),
    (SubscriptionState, SUBSCRIPTION_STATES),
    (WalletStatus, WALLET_STATES),
    (WalletType, WALLET_TYPES),
    (TransactionReason, TRANSACTION_REASONS),
    (TransactionType, TRANSACTION_TYPES),
    (TransactionStatus, TRANSACTION_STATUSES),
    (PaymentMethod, PAYMENT_METHODS),
    (PaymentStatus, PAYMENT_STATUSES),
    (InvoiceType, INVOICE_TYPES),
    (BillingReason, BILLING_REASONS),
    (BillingPeriod, {period: every(period, 1) for period in BillingPeriod}),
]
walk = pytest.mark.parametrize(("words", "labels"), VOCABULARIES, ids=[words.__name__ for words, _ in VOCABULARIES])


def label_of(entry):
    return entry.label if isinstance(entry, Badge) else entry


@walk
def test_every_word_has_a_label(words, labels):
    assert set(labels) == set(words)
    assert all(label_of(labels[word]).strip() for word in words)


@walk
def test_no_two_words_share_a_label(words, labels):
    shown = [label_of(labels[word]).casefold() for word in words]
    assert len(set(shown)) == len(shown)


@walk
def test_no_label_is_the_word_of_the_wire(words, labels):
    assert [word for word in words if "_" in label_of(labels[word]) or label_of(labels[word]).isupper()] == []


@pytest.mark.parametrize(("status", "payment_status"), list(product(CUSTOMER_INVOICE_STATUSES, PaymentStatus)))
def test_every_pair_of_statuses_an_invoice_can_show_leads_to_a_label(status, payment_status):
    amounts = {"amount_due": Decimal(20), "amount_paid": Decimal(0), "amount_remaining": Decimal(20)}
    for due_at in (None, cast.NOW - timedelta(days=1), cast.NOW + timedelta(days=1)):
        state = invoice_state(
            invoice_status=status, payment_status=payment_status, due_at=due_at, now=cast.NOW, **amounts
        )
        assert INVOICE_STATES[state].label


@pytest.mark.parametrize("status", [status for status in SubscriptionStatus if status is not SubscriptionStatus.DRAFT])
@pytest.mark.parametrize("cancels", [True, False])
def test_every_subscription_a_customer_sees_leads_to_a_label(status, cancels):
    assert SUBSCRIPTION_STATES[subscription_state(status, end_at=None, cancels=cancels, now=cast.NOW)].label


@pytest.mark.parametrize("state", InvoiceState)
def test_the_label_on_screen_can_be_searched_for(state):
    assert state in STATUS_WORDS[INVOICE_STATES[state].label.lower()]


@pytest.mark.parametrize(
    ("state", "tone"),
    [
        (InvoiceState.PAID, Tone.GOOD),
        (InvoiceState.PENDING, Tone.WAITING),
        (InvoiceState.OVERDUE, Tone.BAD),
        (InvoiceState.FAILED, Tone.BAD),
        (InvoiceState.VOID, Tone.OFF),
    ],
)
def test_the_tone_says_what_the_word_says(state, tone):
    assert INVOICE_STATES[state].tone is tone


def test_each_tone_has_a_sign_of_its_own_beside_the_word():
    assert set(ICONS) == set(Tone)
    assert len(set(ICONS.values())) == len(Tone)
    assert Badge("Paid", Tone.GOOD).icon == ICONS[Tone.GOOD]


@pytest.mark.parametrize(
    ("period", "count", "words"),
    [
        (BillingPeriod.DAILY, 1, "day"),
        (BillingPeriod.WEEKLY, 2, "2 weeks"),
        (BillingPeriod.MONTHLY, 1, "month"),
        (BillingPeriod.MONTHLY, 3, "3 months"),
        (BillingPeriod.QUARTERLY, 1, "quarter"),
        (BillingPeriod.HALF_YEARLY, 1, "half-year"),
        (BillingPeriod.ANNUAL, 2, "2 years"),
        (BillingPeriod.ONETIME, 1, "one-time"),
        (BillingPeriod.ONETIME, 2, "one-time"),
    ],
)
def test_a_recurring_price_says_how_often(period, count, words):
    assert every(period, count) == words
